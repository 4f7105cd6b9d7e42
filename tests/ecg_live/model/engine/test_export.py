"""An exported encoder: PyTorch's figures, shapes and opset as documented, and a card that says what it takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from ecg_live.errors import ConfigError, ModelError
from ecg_live.model.bundle import Bundle, load_bundle
from ecg_live.model.encoder_layout import Padding
from ecg_live.model.engine.export import export_encoder
from ecg_live.resources import DEFAULT_MODEL
from ecg_live.signal.pipeline import PREPROCESSING
from tests.support.random_bundles import random_bundle


@pytest.mark.parametrize("padding", ["valid", "same", None], ids=["valid", "same", "bundled"])
def test_the_file_gives_the_figures_of_pytorch(padding: Padding | None, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from ecg_live.model.encoder_kinds import torch_encoder

    bundle = random_bundle(padding) if padding else load_bundle(DEFAULT_MODEL)
    export_encoder(bundle, tmp_path / "encoder.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "encoder.onnx"))
    windows = np.random.default_rng(0).standard_normal((3, 2560)).astype(np.float32)
    (found,) = session.run(["embedding"], {"windows": windows})
    with torch.no_grad():
        expected = torch_encoder(bundle)(torch.from_numpy(windows)).numpy()
    assert found.shape == (3, 128)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def test_opset_shapes_and_card_are_those_of_the_manual(tmp_path: Path) -> None:
    bundle = load_bundle(DEFAULT_MODEL)
    card = export_encoder(bundle, tmp_path / "encoder.onnx")
    model = onnx.load(str(tmp_path / "encoder.onnx"))
    onnx.checker.check_model(model, full_check=True)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 17)]
    shapes = [
        [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    ]
    assert shapes == [["windows", 2560], ["windows", 128]]
    assert {each.key: each.value for each in model.metadata_props} == card
    assert (card["rate"], card["window"], card["leads"]) == ("256", "2560", "1")
    assert json.loads(card["scale"]) == json.loads(json.dumps(PREPROCESSING))
    assert card["licence"] == bundle.card.licence


def with_plug_in() -> Bundle:
    bundle = random_bundle()
    return replace(bundle, card=replace(bundle.card, encoder={"kind": "acme", "config": {}}))


def test_what_cannot_be_exported_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no name for an ONNX file; end it in \.onnx|no name for an ONNX file"):
        export_encoder(random_bundle(), tmp_path / "encoder.pt")
    with pytest.raises(ConfigError, match="kind 'acme' has no graph here"):
        export_encoder(with_plug_in(), tmp_path / "encoder.onnx")
    (tmp_path / "file").touch()
    with pytest.raises(ModelError) as found:
        export_encoder(random_bundle(), tmp_path / "file" / "encoder.onnx")
    assert "\n" not in str(found.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
