"""Whole runs with protocols that leave groups or stimuli out: what the encoder may see, and what the report names."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ecg_live.errors import ConfigError, DatasetError
from ecg_live.tables import read_table
from tests.support.small_training_run import manifest, quick
from training.pipeline import TrainJob, run_training
from training.progress import ProgressDisplay
from training.results import TrainingReport


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three subjects with calm and load, each in two films."""
    path = manifest(tmp_path / "data")
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    lines = [f"{head},stimulus"]
    for row in rows:
        file, subject, _, _, load = row.split(",")
        lines += [f"{file},{subject},0,10,{load},film 1", f"{file},{subject},10,25,{load},film 2"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def go(data: Path, **settings: object) -> TrainingReport | None:
    job = TrainJob("manifest", data, data.parent / "model.safetensors", processes=1)
    given = {"head__inputs": "hrv", "evaluate__rivals": 1, **settings}
    return run_training(job, quick(**given), ProgressDisplay(io.StringIO()))


def test_a_stimulus_is_left_out_and_named(data: Path) -> None:
    report = go(data, evaluate__protocol="leave-one-stimulus-out")
    assert report is not None
    assert "leave-one-stimulus-out" in {row.protocol for row in report.labels[0].rows}
    table = read_table(data.parent / "model.predictions.parquet", {"protocol": "text", "fold": "text"})
    own = {fold for protocol, fold in zip(table["protocol"], table["fold"], strict=True) if protocol != "kfold"}
    assert own == {"film 1", "film 2"}
    html = data.parent.joinpath("model.html").read_text(encoding="utf-8")
    assert "leave one stimulus out: a score for new stimuli, not for new subjects" in html


def test_groups_need_an_encoder_that_has_not_seen_them(data: Path) -> None:
    with pytest.raises(ConfigError, match="the encoder would learn from 3 of the subjects who are left out in groups"):
        go(data, evaluate__protocol="groupkfold")
    report = go(data, evaluate__protocol="groupkfold", evaluate__transductive=True, evaluate__repeats=2)
    assert report is not None
    rows = [row for row in report.labels[0].rows if row.protocol == "groupkfold"]
    assert all("auroc" in row.repeats for row in rows)
    written = json.loads(data.parent.joinpath("model.json").read_text(encoding="utf-8"))
    assert written["labels"][0]["rows"][0]["repeats"]["auroc"] == list(rows[0].repeats["auroc"])


def test_annotations_without_a_stimulus_are_refused(data: Path) -> None:
    data.write_text(data.read_text(encoding="utf-8").replace(",film 2", ","), encoding="utf-8")
    with pytest.raises(DatasetError, match="windows are of annotations without a stimulus"):
        go(data, evaluate__protocol="leave-one-stimulus-out")
