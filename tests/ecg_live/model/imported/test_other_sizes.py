"""A bundle on an imported encoder with embeddings of another size: sets, profile, many wearers, a crafted file."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import BundleError, ModelError
from ecg_live.events import StreamInfo
from ecg_live.model.bundle import Bundle, load_bundle, save_bundle
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.features import HRV_SIZE
from ecg_live.model.imported.card import ImportedCard
from ecg_live.model.imported.graph_file import read_graph
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadInfo
from ecg_live.signal.pipeline import SignalPath
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.wearers.embedding import BatchEmbedder
from tests.support.command_line import ecg_live, of, run_json, write_csv
from tests.support.random_bundles import random_bundle
from tests.support.small_onnx import CARD, SIZE, node, small_model, write
from tests.support.synthetic_signals import Tape, ecg, info, play


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Heads with all sets on embeddings of six, saved and loaded."""
    folder = tmp_path_factory.mktemp("imported")
    graph = read_graph(write(folder / "small.onnx"), 1000)
    card = ImportedCard("small", **CARD, size=SIZE, bytes=len(graph))
    both = {"mental_load": "both"}
    made = random_bundle(adaptive=both, personal=both, imported=(graph, card))  # type: ignore[arg-type]  # a literal
    save_bundle(made, folder / "model.safetensors")
    return load_bundle(folder / "model.safetensors")


def test_all_sets_answer(bundle: Bundle) -> None:
    predictor = Predictor(bundle, baseline=30.0)
    windows = play(SignalPath(info(256.0)), Tape(ecg(60, 256), 256).items()).windows
    found = [predictor.predict(window)["mental_load"] for window in windows]
    assert predictor.features.shape == (SIZE,)
    assert predictor.running_mean.total.shape == (SIZE + HRV_SIZE,)
    assert {each.set for each in found} == {"adaptive", "personal"}
    assert found[-1].probs is not None
    embedder = BatchEmbedder(open_engine(bundle), 1.0)
    together = embedder.embed([(embedder.join(), window) for window in windows[-3:]])
    assert together[-1].tobytes() == predictor.features.tobytes()


def test_a_profile_keeps_and_reuses_it(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_LIVE_DATA", str(tmp_path / "data"))
    model, path = tmp_path / "model.safetensors", write_csv(tmp_path / "a.csv", ecg(75, 250)[:, 0])
    save_bundle(bundle, model)
    options = ("--model", model, "--participant", "P01", "--show-unproven")
    code, _, said = run_json(path, *options, "--baseline", 30)
    assert (code, "baseline of 3 windows" in said) == (0, True)
    code, lines, _ = run_json(path, *options, "--reuse-profile")
    assert code == 0
    assert {line["heads"]["mental_load"]["set"] for line in of(lines, "prediction")} == {"personal"}
    code, lines, _ = run_json(path, "--participant", "P01", "--reuse-profile")  # the bundled encoder has another size
    assert code == 0
    assert ecg_live("run", path, "--headless", "--model", model, "--speed", "max").returncode == 0


def test_it_runs_without_pytorch(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails
    monkeypatch.delitem(sys.modules, "ecg_live.model.encoder_kinds", raising=False)
    found = open_engine(replace(bundle)).embed(np.ones((1, 2560), np.float32))
    assert found.shape == (1, SIZE)


def test_streams_have_a_channel_for_each_number() -> None:
    streams = stream_specs(StreamInfo(250.0, ("ECG",)), [HeadInfo("mental_load", ("rest", "load"))], SIZE)
    assert [len(each.channels) for each in streams if each.key == "features"] == [SIZE]


def test_a_crafted_bundle_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    random = small_model(extra=(node("RandomNormalLike"),)).SerializeToString()
    config = bundle.card.encoder["config"]
    card = replace(bundle.card, encoder={"kind": "onnx", "config": {**config, "bytes": len(random)}})
    crafted = replace(bundle, card=card, encoder={"graph": np.frombuffer(random, np.uint8)})
    with pytest.raises(ModelError, match="draws random numbers"):
        open_engine(crafted)
    junk = replace(crafted, encoder={"graph": np.zeros(len(random), np.uint8)})
    with pytest.raises(ModelError, match=r"no ONNX graph|no complete ONNX"):
        open_engine(junk)
    save_bundle(replace(bundle, encoder={"graph": np.zeros(7, np.uint8)}), tmp_path / "short.safetensors")
    with pytest.raises(BundleError, match=r"encoder\.graph should be uint8"):
        load_bundle(tmp_path / "short.safetensors")
