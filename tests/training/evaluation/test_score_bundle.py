"""A bundle is scored as the dashboard would have shown it, with the labels and the rest that training would take."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_live.constants import Split
from ecg_live.errors import ConfigError
from ecg_live.model.baseline import baseline_normalise
from ecg_live.model.bundle import Bundle, HeadCard, save_bundle
from ecg_live.model.calibrated_head import PersonalHead
from ecg_live.model.encoder_kinds import torch_encoder
from ecg_live.tables import read_table
from tests.support.random_bundles import add_rating_head, random_bundle, random_head
from tests.support.small_datasets import csv
from training.data.fingerprints import fingerprints
from training.data.windowing import session_windows
from training.datasets import open_dataset
from training.evaluation.prediction_table import prediction_columns, read_predictions, write_predictions
from training.evaluation.regression_metrics import regression_scores
from training.evaluation.score_bundle import BundleScores, score_bundle
from training.pretext.embedding import embed
from training.progress import ProgressDisplay

PERSONAL = random_bundle(personal={"mental_load": "embedding"})


def people(folder: Path, names: str, *, rest: int = 1, calm: float = 70) -> Path:
    """100 s each: 20 s of nothing, rest until ``calm``, then load until the end."""
    rows = ["file,subject,start_s,stop_s,rest,mental_load,valence[1-9]"]
    for name in names:
        csv(folder / f"{name}.csv", 100, level=1 + 0.1 * ord(name) % 1)
        rows += [f"{name}.csv,{name},20,{calm:g},{rest},rest,6", f"{name}.csv,{name},{calm:g},100,0,load,8"]
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def judged(bundle: Bundle, folder: Path, baseline: float = 0.0) -> dict[str, Any]:
    return scored(bundle, folder, baseline).summary


def scored(bundle: Bundle, folder: Path, baseline: float = 0.0) -> BundleScores:
    save_bundle(bundle, folder / "model.safetensors")
    return score_bundle(folder / "model.safetensors", "manifest", folder, baseline, ProgressDisplay(io.StringIO()))


def test_without_a_baseline_the_population_is_scored_on_all_windows(tmp_path: Path) -> None:
    found = judged(PERSONAL, people(tmp_path, "ab"))
    (row,) = found["rows"]
    assert (row["head"], row["set"], row["windows"], row["people"]) == ("mental_load", "population", 16, 2)
    assert row["interval"][0] <= row["auroc"] <= row["interval"][1]
    assert found["remarks"] == []


def test_a_baseline_is_the_rest_that_the_data_set_marks_and_is_not_scored(tmp_path: Path) -> None:
    """Three of five windows of rest, and none of the 20 s before."""
    (row,) = judged(PERSONAL, people(tmp_path, "ab"), 30.0)["rows"]
    assert (row["set"], row["windows"], row["people"]) == ("personal", 2 * (2 + 3), 2)
    head = PERSONAL.heads["mental_load"]["personal"]
    assert isinstance(head, PersonalHead)
    squares = []
    for sitting in open_dataset("manifest", tmp_path).sessions:
        windows = np.stack([placed.window.data for placed in session_windows(sitting, 10.0, [])])
        x = embed(torch_encoder(PERSONAL), windows)
        own = baseline_normalise(x[5:], x[2:5], head.spread)
        load = head(own)[:, 1]
        squares += ((load - [0, 0, 1, 1, 1]) ** 2).tolist()
    assert row["brier"] == pytest.approx(np.mean(squares), abs=1e-5)


def test_rest_of_one_sitting_serves_the_next(tmp_path: Path) -> None:
    """Files of different rates are sittings apart, whose clocks begin anew."""
    csv(tmp_path / "a1.csv", 25)
    csv(tmp_path / "a2.csv", 25, rate=128)
    csv(tmp_path / "a3.csv", 30)
    rows = ["a1.csv,a,0,25,1,rest", "a2.csv,a,0,25,1,rest", "a3.csv,a,0,30,0,load"]
    (tmp_path / "manifest.csv").write_text("\n".join(["file,subject,start_s,stop_s,rest,mental_load", *rows]) + "\n")
    (row,) = judged(PERSONAL, tmp_path, 30.0)["rows"]
    assert (row["set"], row["windows"]) == ("personal", 1 + 3)


def test_without_any_rest_marked_a_sitting_begins_with_its_baseline(tmp_path: Path) -> None:
    found = judged(PERSONAL, people(tmp_path, "ab", rest=0), 30.0)
    assert found["rows"][0]["windows"] == 2 * (4 + 3)  # 0 to 30 s are the baseline, of which 20 to 30 s had a label
    assert found["remarks"] == ["manifest marks no rest: the baseline is the start of each session, rest or not"]


def test_who_rested_too_little_is_left_out_and_named(tmp_path: Path) -> None:
    people(tmp_path, "ab")
    path = tmp_path / "manifest.csv"
    path.write_text(path.read_text().replace("b.csv,b,20,70", "b.csv,b,45,70"))
    found = judged(PERSONAL, tmp_path, 30.0)
    assert (found["rows"][0]["windows"], found["rows"][0]["people"]) == (5, 1)
    assert found["remarks"] == ["b: too little rest for a baseline, left out"]


@pytest.mark.parametrize(("split", "told"), [("middle", False), ("median", True)])
def test_ratings_are_split_as_the_head_learnt_them(tmp_path: Path, split: Split, told: bool) -> None:
    """Everybody says 6 and 8 of 9: above the middle all, but one above the own median."""
    card = replace(PERSONAL.card, heads={"valence": HeadCard(("low", "high"), split=split)})
    found = judged(Bundle(card, PERSONAL.encoder, {"valence": {"population": random_head(2)}}), people(tmp_path, "a"))
    assert (found["rows"][0]["auroc"] is not None) == told


def test_every_window_of_a_head_that_gives_a_number_is_a_row(tmp_path: Path) -> None:
    bundle = add_rating_head(random_bundle())
    path = people(tmp_path, "ab") / "manifest.csv"
    path.write_text(path.read_text().replace("valence[1-9]", "stress[0-10]"))
    found = scored(bundle, tmp_path)
    (part,) = found.ratings
    assert set(part.windows.truth.tolist()) == {6.0, 8.0}
    (row,) = (row for row in found.summary["rows"] if row["head"] == "stress")
    assert len(part.windows) == row["windows"] + row["abstained"] == 16
    assert regression_scores(part.windows.predictions).rmse == row["rmse"]
    write_predictions(tmp_path / "p.csv", [*found.predictions, *found.ratings])
    assert [each.label for each in read_predictions(tmp_path / "p.csv")] == ["mental_load"]
    table = read_table(tmp_path / "p.csv", prediction_columns(("rest", "load"), ratings=True))
    rated = [i for i, label in enumerate(table["label"]) if label == "stress"]
    assert [table["truth_value"][i] for i in rated] == part.windows.truth.tolist()
    estimate = np.array([[table[name][i] for name in ("value", "low", "high")] for i in rated])
    assert np.array_equal(estimate, part.windows.estimate)
    assert {table["truth"][i] for i in rated} == {None}
    assert {*(value for i, value in enumerate(table["value"]) if i not in rated)} == {None}


def test_classes_that_the_head_does_not_know_are_refused(tmp_path: Path) -> None:
    card = replace(PERSONAL.card, heads={"valence": HeadCard(("low", "high"), split="raw")})
    bundle = Bundle(card, PERSONAL.encoder, {"valence": {"population": random_head(2)}})
    with pytest.raises(ConfigError, match="head valence has the classes low, high; manifest has 6, 8"):
        judged(bundle, people(tmp_path, "a"))


def test_subjects_whom_the_model_knows_are_remarked(tmp_path: Path) -> None:
    heads = PERSONAL.card.heads
    known = replace(heads["mental_load"], scores={"trained_on": {"manifest": ["a"], "other": ["b"]}})
    seen = {"seen": {"manifest": ["a", "b", "z"]}}
    card = replace(PERSONAL.card, heads=heads | {"mental_load": known}, pretext=seen)  # type: ignore[operator]  # a dict
    assert judged(replace(PERSONAL, card=card), people(tmp_path, "ab"))["remarks"] == [
        "the encoder has seen 2 of these 2 subjects, without their labels",
        "head mental_load was trained on 1 of these 2 subjects: its score on them is no score for new subjects",
    ]
    tuned = replace(card, pretext=seen | {"fine_tuned": {"data": "manifest", "subjects": ["b"]}})
    assert judged(replace(PERSONAL, card=tuned), tmp_path)["remarks"][0] == (
        "the encoder has seen 2 of these 2 subjects, 1 of them with their labels"
    )


def test_subjects_whose_files_the_encoder_knows_are_remarked_whatever_they_are_called(tmp_path: Path) -> None:
    data = open_dataset("manifest", people(tmp_path, "ab"))
    card = replace(PERSONAL.card, pretext={"seen": {"other": ["x"]}, "files": sorted(fingerprints(data)["b"])})
    assert judged(replace(PERSONAL, card=card), tmp_path)["remarks"] == [
        "the encoder has seen 1 of these 2 subjects, without their labels"
    ]


def test_a_model_of_other_labels_and_an_impossible_baseline_are_refused(tmp_path: Path) -> None:
    bundle = replace(PERSONAL, card=replace(PERSONAL.card, heads={"emotion": PERSONAL.card.heads["emotion"]}))
    bundle = replace(bundle, heads={"emotion": PERSONAL.heads["emotion"]})
    with pytest.raises(ConfigError, match=r"model.safetensors answers emotion; manifest has labels mental_load"):
        judged(bundle, people(tmp_path, "a"))
    with pytest.raises(ConfigError, match=r"evaluate.baseline is -5; it must be from 30 to 3600 s, or 0 for none"):
        judged(PERSONAL, tmp_path, -5.0)
