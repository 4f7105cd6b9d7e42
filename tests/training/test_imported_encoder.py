"""An encoder of another program from import to live: heads stand on it, and its embeddings are the same to the bit."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ecg_live as interface
from ecg_live.errors import ConfigError
from ecg_live.model.bundle import Bundle, load_bundle
from ecg_live.model.imported.encoder_file import read_imported
from ecg_live.model.imported.engine import ImportedEngine
from ecg_live.model.predictor import Predictor
from ecg_live.model.window_features import FeatureExtractor, window_columns
from tests.support.command_line import ecg_live, of, run_json
from tests.support.small_datasets import csv
from tests.support.small_onnx import OPTIONS, SIZE, write
from tests.support.small_training_run import manifest, quick
from training.pipeline import TrainJob, run_training
from training.progress import ProgressDisplay
from training.results import TrainingReport


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small encoder, imported by the command."""
    folder = tmp_path_factory.mktemp("imported")
    out = folder / "wild.safetensors"
    done = ecg_live("encoder", "import", write(folder / "wild.onnx"), "--out", out, *OPTIONS)
    assert (done.returncode, done.stdout) == (0, "")
    assert (
        done.stderr == f"ecg-live: wrote {out}: wild, 1000 samples at 100 Hz to an embedding of {SIZE}; licence: MIT\n"
    )
    return out


@pytest.fixture(scope="module")
def trained(encoder: Path) -> tuple[Bundle, TrainingReport, Path]:
    """Heads on it for a few people, with all sets."""
    out, data = encoder.parent / "model.safetensors", manifest(encoder.parent / "people", 4)
    job = TrainJob("manifest", data, out, encoder=encoder, processes=1, work=encoder.parent / "work")
    settings = quick(evaluate__rivals=1)
    with ProgressDisplay(io.StringIO()) as show:
        report = run_training(job, settings, show)
    assert report is not None
    return load_bundle(out), report, out


def test_the_bundle_holds_the_graph_and_its_card(trained: tuple[Bundle, TrainingReport, Path], encoder: Path) -> None:
    bundle, report, out = trained
    graph, card = read_imported(encoder)
    assert bundle.card.imported == card
    assert bundle.encoder["graph"].tobytes() == graph
    assert "MIT (wild)" in bundle.card.licence
    assert {"embedding", "hrv", "both", "random encoder"} <= {row.features for row in report.labels[0].rows}
    assert any("licence MIT, 10 s at 100 Hz, embedding of 6. The random encoder" in each for each in report.remarks)
    shown = ecg_live("models", out).stdout
    assert "imported wild (licence MIT): 10 s at 100 Hz" in " ".join(shown.split())


def test_live_embeddings_are_those_of_training_to_the_bit(
    trained: tuple[Bundle, TrainingReport, Path], encoder: Path
) -> None:
    bundle, _, _ = trained
    kept = [np.load(path) for path in (encoder.parent / "work").rglob("features/*.npy")]
    (learnt,) = [each for each in kept if each.shape[1] == SIZE]
    found = []
    for path in sorted((encoder.parent / "people").glob("p*_False.csv")):
        predictor = Predictor(bundle, 10.0)  # a subject's first recording: the running scale goes on into the next
        for window in interface.windows(interface.read(path)):
            predictor.predict(window)
            found.append(predictor.features.astype(np.float64))
    assert len(found) == 8
    assert {row.tobytes() for row in found} < {row.tobytes() for row in learnt}
    engine = ImportedEngine(*read_imported(encoder))
    window = interface.windows(interface.read(path))[0]
    assert np.isin(engine.embed(window.data[None])[0].astype(np.float64), np.stack(found)).all()


def test_the_command_runs_it_live_and_gives_its_features(
    trained: tuple[Bundle, TrainingReport, Path], tmp_path: Path
) -> None:
    path, recorded = csv(tmp_path / "wearer.csv", 25), tmp_path / "session.xdf"
    code, lines, _ = run_json(path, "--model", trained[2], "--speed", "max", "--record", recorded)
    assert (code, len(of(lines, "prediction"))) == (0, 16)
    data = trained[2].parent / "people" / "manifest.csv"
    assert ecg_live("evaluate", trained[2], "--dataset", "manifest", "--data", data, "--json").returncode == 0
    assert ecg_live("verify", recorded).returncode == 0
    x = interface.load_model(trained[2]).features(interface.read(path))
    assert x.shape == (2, SIZE + 3)
    rows = FeatureExtractor(trained[0], 10.0)
    assert list(rows.columns) == list(window_columns(SIZE))


def test_it_cannot_be_trained_on(encoder: Path, tmp_path: Path) -> None:
    job = TrainJob("manifest", manifest(tmp_path / "people"), tmp_path / "m.safetensors", start=encoder, processes=1)
    with ProgressDisplay(io.StringIO()) as show, pytest.raises(ConfigError, match="imported encoder, which cannot be"):
        run_training(replace(job, work=tmp_path / "work"), quick(), show)
