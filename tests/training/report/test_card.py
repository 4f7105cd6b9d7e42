"""A model's card carries the report's scores, in rows that ``ecg-live models`` prints."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace

from rich.console import Console

from ecg_live.cli.commands.models import _score_table
from ecg_live.model.bundle import load_bundle
from ecg_live.resources import DEFAULT_MODEL
from tests.support.invented_report import label, row, scores
from training.report import card_scores


def printed(rows: list[dict[str, object]]) -> str:
    out = io.StringIO()
    Console(file=out, width=140).print(_score_table(rows))
    return out.getvalue()


def test_rows_are_of_subjects_left_out_only() -> None:
    found = card_scores(label())
    assert found["protocol"].startswith("leave one subject out: a score for new subjects; baseline = ")
    assert len(found["rows"]) == 9
    assert found["rows"][7] == {
        "features": "this encoder",
        "baseline": "60 s",
        "set": "personal",
        "auroc": 0.867,
        "interval": [0.797, 0.927],
        "balanced_accuracy": 0.827,
        "macro_f1": 0.807,
        "ece": 0.09,
        "brier": 0.1266,
        "brier_constant": 0.1875,
        "auroc_within": 0.887,
        "false_positive_rate": 0.133,
        "unchanging_label": 0.25,
        "windows": 445,
        "people": 24,
        "risk_coverage": [[0.2, 0.0266], [0.4, 0.0532], [0.6, 0.0798], [0.8, 0.1064], [1.0, 0.133]],
        "orders": {},
        "versus": {
            "HR + HRV": {"difference": -0.037, "interval": [-0.067, -0.007], "p": 0.04},
            "random encoder": {"difference": 0.032, "interval": [0.002, 0.062], "p": 0.04},
        },
    }
    assert set(found["auroc_per_subject"]) == {"population", "personal"}
    assert found["auroc_per_subject"]["population"]["Subject00"] is None
    assert found["chosen"] == {"population": "embedding", "personal": "both"}


def test_shuffled_segments_say_so_where_there_is_nothing_else() -> None:
    found = card_scores(replace(label(), rows=(row("embedding", 0.0, 0.93, "kfold"),)))
    assert found["protocol"] == "k-fold, segments mixed: not a score for new subjects"
    assert len(found["rows"]) == 1


def test_scores_are_json_without_nan() -> None:
    odd = replace(row("hrv", 0.0, 0.7), scores=replace(scores(None), ece=math.nan), interval={})
    found = card_scores(replace(label(), rows=(odd,)))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["rows"][0]["auroc"] is None
    assert found["rows"][0]["ece"] is None


def test_new_and_old_scores_are_printed() -> None:
    new = printed(card_scores(label())["rows"])
    assert "0.867 (0.80-0.93)" in new
    assert new.count("60 s") == 4
    old = next(iter(load_bundle(DEFAULT_MODEL).card.heads.values())).scores["rows"]
    assert printed(old).count("\n") == len(old) + 4
    odd = replace(row("hrv", 0.0, 0.7), scores=scores(None), interval={})
    assert "HR + HRV" in printed(card_scores(replace(label(), rows=(odd,)))["rows"])
