"""From windows and labels to examples, scores and heads."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import ConfigError, DatasetError
from ecg_live.events import F64
from tests.support.small_datasets import corpus
from training.parallel import local_engine
from training.pretext.embedding import embed, random_encoder
from training.pretext.encoder_file import EncoderCard
from training.pretext.stage import Encoders, RunContext
from training.pretext.train_step import launch_fabric
from training.progress import ProgressDisplay
from training.settings import HeadInputs, load_settings
from training.stage_two import SELECTION_CAVEAT, label_windows, make_feature_table, train_label

SETTINGS = load_settings()


INF = float("inf")


def test_each_window_has_the_label_of_its_own_stretch() -> None:
    made = corpus([[INF] * 4, [INF] * 3], [[0, 1, -1, 2], [1, 1, 0]])
    found = label_windows("task", made, SETTINGS)
    assert found.at.tolist() == [0, 1, 4, 5, 6]
    assert [found.classes[each] for each in found.label] == ["rest", "load", "load", "load", "rest"]
    rated = label_windows("valence", made, SETTINGS)
    assert [rated.classes[each] for each in rated.label] == ["high", "low", "low", "low", "high"]
    raw = label_windows("valence", made, replace(SETTINGS, head=replace(SETTINGS.head, split="raw")))
    assert [raw.classes[each] for each in raw.label] == ["7", "3", "3", "3", "7"]


def test_labels_that_are_not_there_are_named() -> None:
    made = corpus([[INF] * 2], [[2, -1]])
    with pytest.raises(ConfigError, match="made has no label arousal; its labels are task, valence"):
        label_windows("arousal", made, SETTINGS)
    with pytest.raises(DatasetError, match="no usable window of made has the label task"):
        label_windows("task", made, SETTINGS)


def test_windows_that_share_a_sample_with_the_baseline_are_not_scored_relative_to_it() -> None:
    """Every 5 s a window: 0-10 to 50-60 s are the baseline, 5-15 to 55-65 s overlap it."""
    rest = [10.0 + 5 * k for k in range(15)]
    made = corpus([rest] * 3)
    examples = make_feature_table(made, label_windows("task", made, SETTINGS), np.zeros((45, 128)), 60.0)
    assert examples.rest.sum() == 3 * 6
    keep = examples.scored(relative=True)
    assert np.array(made.rows["start"])[keep].tolist() == [60.0, 65.0, 70.0] * 3
    assert examples.scored(relative=False).all()


def test_the_bundle_gets_the_features_that_were_asked_for(tmp_path: Path) -> None:
    """And the report says so where the choice went by the same folds."""
    made = corpus([[10.0, 20.0, 30.0, 40.0, INF, INF, INF, INF]] * 3, [[0] * 4 + [1] * 4] * 3)
    rng = np.random.default_rng(0)
    made = replace(made, windows=rng.standard_normal((24, 2560)).astype(np.float32))
    made.rows["hrv"] = rng.standard_normal((24, 3))
    encoder = random_encoder(seed=77)
    features = embed(encoder, made.windows)

    def embedding(_person: str | None) -> F64:
        return features

    single = {"head.split": "median", "evaluate.draws": 20, "evaluate.baseline": 30.0, "evaluate.folds": 2}
    settings = load_settings(single=single)
    place = RunContext(tmp_path, launch_fabric(settings.pretext), ProgressDisplay(io.StringIO()))
    encoders = Encoders(encoder, EncoderCard("valid", {}, {}), None, embedding, "never")
    choices: tuple[HeadInputs, ...] = ("auto", "hrv")
    for inputs in choices:
        asked = replace(settings, head=replace(settings.head, inputs=inputs))
        learnt = train_label("task", made, encoders, asked, place, local_engine(1))
        assert (SELECTION_CAVEAT in learnt.result.remarks) == (inputs == "auto")
        assert inputs == "auto" or dict(learnt.card.inputs) == {"population": inputs, "personal": inputs}
        assert learnt.card.split == "median"
        assert sum("of 5 seeds" in remark for remark in learnt.result.remarks) == 2
