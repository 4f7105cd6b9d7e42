"""A table of predictions has one row a window, and gives back what scores were made from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.tables import read_table
from tests.support.fold_jobs import made
from training.evaluation.metrics import Predictions, scores
from training.evaluation.prediction_table import (
    NamedPredictions,
    prediction_columns,
    read_predictions,
    write_predictions,
)
from training.evaluation.window_predictions import ScoredTable, WindowPredictions


def windows(subjects: int = 3, count: int = 8) -> WindowPredictions:
    examples = made(subjects, count)
    keep = np.ones(len(examples), np.bool_)
    probability = np.random.default_rng(0).dirichlet((1, 1), len(examples))
    return ScoredTable(examples, examples.subject, keep, "loso", 0.0).row("embedding", probability, "population")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_scores_can_be_made_again_from_the_table(tmp_path: Path, suffix: str) -> None:
    own = windows()
    path = tmp_path / f"p{suffix}"
    write_predictions(path, [NamedPredictions("m.safetensors", "made", "load", own)])
    found = read_table(path, prediction_columns(own.classes))
    assert len(found["truth"]) == len(own)
    probability = np.array([found["p_a"], found["p_b"]]).T
    label = np.array([own.classes.index(name) for name in found["truth"]])
    again = Predictions(probability, probability, label, np.array(found["subject"]))
    assert scores(again) == scores(own.predictions)
    assert found["recording"] == own.recording.tolist()
    assert found["onset"] == own.onset.tolist()
    assert found["fold"] == own.subject.tolist()
    assert {*found["features"], *found["set"], *found["order"]} == {"embedding", "population", "natural"}
    (part,) = read_predictions(path)
    assert scores(part.windows.predictions) == scores(own.predictions)
    assert (part.model, part.windows.classes, part.windows.fold.tolist()) == (
        "m.safetensors",
        own.classes,
        found["fold"],
    )
    right = [a == b for a, b in zip(found["truth"], found["predicted"], strict=True)]
    assert sum(right) == (own.probability.argmax(axis=1) == own.label).sum()


def test_a_window_without_an_answer_has_its_reason_and_no_numbers(tmp_path: Path) -> None:
    own = windows(1, 3)
    own.probability[1] = np.nan
    part = NamedPredictions("m", "made", "load", replace(own, fold=np.full(3, "", "U1")), ("", "unusable signal", ""))
    other = NamedPredictions("m", "made", "mood", replace(own, classes=("blue", "glad")))
    write_predictions(tmp_path / "p.csv", [part, other])
    columns = prediction_columns((*own.classes, "blue", "glad"))
    assert list(columns)[-4:] == ["p_a", "p_b", "p_blue", "p_glad"]
    back = read_predictions(tmp_path / "p.csv")
    assert [(each.label, each.windows.classes, each.abstain) for each in back] == [
        ("load", ("a", "b"), part.abstain),
        ("mood", ("blue", "glad"), None),
    ]
    found = read_table(tmp_path / "p.csv", columns)
    assert found["abstain"] == [None, "unusable signal", None, None, None, None]
    assert found["predicted"][1] is None
    assert found["p_a"][1] is None
    assert found["p_blue"][:3] == [None] * 3
    assert found["p_blue"][3] == own.probability[0, 0]
    assert set(found["fold"][:3]) == {None}
    assert len(part.answered.label) == 2
