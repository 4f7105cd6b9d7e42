"""Encoders of other programs: what is imported, and what is refused in one line before or after it runs."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from ecg_live.errors import ConfigError, EcgLiveError, ModelError
from ecg_live.model.bundle import load_bundle
from ecg_live.model.engine.export import export_encoder
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.imported.card import ImportedCard
from ecg_live.model.imported.encoder_file import holds_imported, read_imported, save_imported
from ecg_live.model.imported.engine import ImportedEngine
from ecg_live.model.imported.graph_file import MAX_GRAPH_BYTES, read_graph
from ecg_live.model.imported.import_encoder import import_encoder
from ecg_live.model.imported.trial import run_trial, trial_windows, try_encoder
from ecg_live.model.imported.window_input import make_input
from ecg_live.resources import DEFAULT_MODEL
from tests.support.small_onnx import CARD, SIZE, node, small_model, write

SMALL = ImportedCard("small", **CARD)


def test_an_encoder_is_imported_and_its_file_gives_the_same_embedding(tmp_path: Path) -> None:
    graph, card = import_encoder(write(tmp_path / "small.onnx"), CARD)
    assert (card.name, card.size, card.bytes) == ("small", SIZE, len(graph))
    save_imported(graph, card, tmp_path / "small.safetensors")
    assert read_imported(tmp_path / "small.safetensors") == (graph, card)
    assert holds_imported(tmp_path / "small.safetensors")
    assert not holds_imported(DEFAULT_MODEL)
    windows = trial_windows()
    engine = ImportedEngine(graph, card)
    together, alone = engine.embed(windows), [engine.embed(window[None])[0] for window in windows]
    assert together.shape == (len(windows), SIZE)
    assert together.tobytes() == np.stack(alone).tobytes()


def test_our_own_export_comes_back_as_the_encoder_that_it_was(tmp_path: Path) -> None:
    bundle = load_bundle(DEFAULT_MODEL)
    export_encoder(bundle, tmp_path / "own.onnx")
    graph, card = import_encoder(tmp_path / "own.onnx", {})
    assert (card.rate, card.window, card.scale, card.size, card.licence) == (256, 10, "none", 128, bundle.card.licence)
    windows = trial_windows()
    ours, found = open_engine(bundle).embed(windows), ImportedEngine(graph, card).embed(windows)
    assert np.abs(ours - found).max() <= 1e-5 * np.abs(ours).max()


def test_the_input_is_the_window_at_its_rate_and_scale() -> None:
    seconds = np.arange(2560) / 256
    window = np.sin(2 * np.pi * 5 * seconds).astype(np.float32) * 3 + 1
    found = make_input(window, ImportedCard("a", 100, 8, "none", "MIT"))
    expected = np.sin(2 * np.pi * 5 * (2 + np.arange(800) / 100)) * 3 + 1  # the last 8 s
    assert found.shape == (800,)
    assert np.abs(found - expected)[:-20].max() < 5e-3  # the filter's ripple; but for the end, where nothing follows
    scaled = make_input(window, SMALL)
    assert abs(scaled.mean()) < 1e-5
    assert abs(scaled.std() - 1) < 1e-5
    robust = make_input(window, ImportedCard("a", 256, 10, "robust", "MIT"))
    assert abs(np.median(robust)) < 1e-5
    assert abs(np.median(np.abs(robust)) - 1 / 1.4826) < 1e-5
    assert not make_input(np.ones(2560, np.float32), SMALL).any()  # a flat line


@pytest.mark.parametrize(
    "shape", [("n", 1000), (1, 1000), ("n", "time"), (1, 1, 1000), ("n", 1000, 1), ("n", "lead", "time")], ids=str
)
def test_free_dimensions_are_fixed(tmp_path: Path, shape: tuple[int | str, ...]) -> None:
    graph = read_graph(write(tmp_path / "a.onnx", small_model(shape)), 1000)
    (found,) = onnx.load_from_string(graph).graph.input
    sizes = [dim.dim_value for dim in found.type.tensor_type.shape.dim]
    assert sorted(sizes) == [*[1] * (len(shape) - 1), 1000]
    assert run_trial(graph, SMALL) == SIZE


def external() -> ModelProto:
    model = small_model()
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    model.graph.initializer[0].external_data.add(key="location", value="weights.bin")
    return model


def two_outputs() -> ModelProto:
    model = small_model()
    model.graph.output.append(helper.make_tensor_value_info("pooled", TensorProto.FLOAT, [1, SIZE]))
    return model


def two_inputs() -> ModelProto:
    model = small_model()
    model.graph.input.append(helper.make_tensor_value_info("age", TensorProto.FLOAT, [1]))
    return model


def hidden_in_a_branch() -> ModelProto:
    inner = helper.make_graph(
        [helper.make_node("RandomNormal", [], ["drawn"], shape=[1, SIZE])],
        "branch",
        [],
        [helper.make_tensor_value_info("drawn", TensorProto.FLOAT, [1, SIZE])],
    )
    model = small_model(extra=(node("If", ("yes",), then_branch=inner, else_branch=inner),))
    model.graph.initializer.append(numpy_helper.from_array(np.array([True]), "yes"))
    return model


BAD_GRAPHS: dict[str, tuple[Callable[[], ModelProto], str]] = {
    "length": (lambda: small_model(("n", 2500)), r"takes \(free, 2500\); rate and window .* make 1000 samples"),
    "twelve leads": (lambda: small_model((1, 12, 1000)), r"takes \(1, 12, 1000\); .* one lead"),
    "a batch of eight": (lambda: small_model((8, 1000)), r"takes \(8, 1000\); .* one window"),
    "no batch": (lambda: small_model((1000,)), r"takes \(1000\)"),
    "doubles": (lambda: small_model(kind=TensorProto.DOUBLE), "takes double, expected float32"),
    "custom operator": (lambda: small_model(extra=(node("Wave", domain="acme"),)), "not ONNX's own: acme.Wave"),
    "runtime's operator": (lambda: small_model(extra=(node("Gelu", domain="com.microsoft"),)), "com.microsoft.Gelu"),
    "unknown operator": (lambda: small_model(extra=(node("Frobnicate"),)), "no valid ONNX graph: .*Frobnicate"),
    "random": (lambda: small_model(extra=(node("RandomNormalLike"),)), "draws random numbers .RandomNormalLike"),
    "random in a branch": (hidden_in_a_branch, "draws random numbers .RandomNormal"),
    "external data": (external, "keeps weights in other files .weight"),
    "two outputs": (two_outputs, "gives 2 outputs .embedding, pooled"),
    "two inputs": (two_inputs, "takes 2 inputs .x, age"),
}


@pytest.mark.parametrize("which", BAD_GRAPHS)
def test_a_graph_that_cannot_be_served_is_refused_unrun(which: str, tmp_path: Path) -> None:
    make, message = BAD_GRAPHS[which]
    path = write(tmp_path / "bad.onnx", make())
    with pytest.raises(ModelError, match=message) as found:
        read_graph(path, 1000)
    one_line(found.value)


def test_one_of_several_outputs_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "two.onnx", two_outputs())
    assert run_trial(read_graph(path, 1000, "pooled"), SMALL) == SIZE
    with pytest.raises(ModelError, match="none is 'other'"):
        read_graph(path, 1000, "other")


def test_files_that_are_no_graph_are_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "small.onnx").read_bytes()
    archive = tmp_path / "archive"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("data/weights", "x")
    cases = {
        "cut.onnx": (whole[: len(whole) // 2], "no complete ONNX file|no ONNX graph"),
        "empty.onnx": (b"", "no ONNX graph"),
        "renamed.onnx": (pickle.dumps({"a": 1}), "is a pickle; pickles can run code"),
        "checkpoint.onnx": (archive.read_bytes(), "is a pickle"),
        "program.pt2": (archive.read_bytes(), "torch.export program; PyTorch unpickles parts"),
    }
    for name, (content, message) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelError, match=message) as found:
            import_encoder(tmp_path / name, CARD)
        one_line(found.value)
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(2 * 2**30)  # a hole: it takes no space
    with pytest.raises(ModelError, match=f"has 2048 MiB; an encoder has at most {MAX_GRAPH_BYTES // 2**20}"):
        import_encoder(tmp_path / "large.onnx", CARD)
    with pytest.raises(ModelError, match="No such file"):
        import_encoder(tmp_path / "missing.onnx", CARD)
    with pytest.raises(ModelError, match="not a regular file"):
        import_encoder(tmp_path, CARD)


def test_what_is_wrong_only_when_it_runs_is_refused() -> None:
    cases = {
        "gives NaN or infinite numbers": small_model(extra=(node("Log"),)),
        r"gives \(1, 6, 1\) for one window": small_model(extra=(node("Unsqueeze", ("pooled", "last")),)),
    }
    for message, model in cases.items():
        model.graph.initializer.append(numpy_helper.from_array(np.array([2], np.int64), "last"))
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
        del model.graph.output[0].type.tensor_type.shape.dim[:]
        model.graph.output[0].type.tensor_type.ClearField("shape")
        with pytest.raises(ModelError, match=message) as found:
            run_trial(model.SerializeToString(), SMALL)
        one_line(found.value)


def test_a_graph_that_takes_all_memory_or_time_ends_alone() -> None:
    large = small_model(extra=(node("Expand", ("pooled", "sizes")),))
    large.graph.initializer.append(numpy_helper.from_array(np.array([1 << 36, SIZE], np.int64), "sizes"))
    large.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    large.graph.output[0].type.tensor_type.ClearField("shape")
    with pytest.raises(ModelError) as found:
        try_encoder(large.SerializeToString(), SMALL)
    one_line(found.value)
    with pytest.raises(ModelError, match=r"does not embed 4 windows in 0\.01 s") as found:
        try_encoder(small_model().SerializeToString(), SMALL, timeout=0.01)
    one_line(found.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": None}, "nothing says the rate of"),
        ({"licence": None}, "nothing says the licence of"),
        ({"rate": 0.0}, "rate 0 Hz: not between"),
        ({"rate": float("nan")}, "rate nan: not a number"),
        ({"window": 30.0}, "window 30 s: not above 0 and at most 10"),
        ({"rate": 33.3, "window": 9.99}, "not a whole number of samples"),
        ({"leads": 12}, "leads 12: a wearer has one ECG channel"),
        ({"scale": "minmax"}, "scale 'minmax': not one of zscore, robust, none"),
        ({"rate": 250.0}, r"takes \(free, 1000\); rate and window of the card make 2500 samples"),
    ],
    ids=str,
)
def test_a_card_that_cannot_be_is_refused(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(EcgLiveError, match=message) as found:
        import_encoder(write(tmp_path / "small.onnx"), CARD | change)
    one_line(found.value)


def test_a_card_file_that_the_options_or_the_graph_contradict_is_refused(tmp_path: Path) -> None:
    path, card = write(tmp_path / "small.onnx"), tmp_path / "card.toml"
    card.write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in CARD.items()))
    assert import_encoder(path, {"name": "wild"}, card)[1].name == "wild"
    for text, message in (
        ("rate = 250", "rate is 250 by the file or its card, and 100.0 as given"),
        ("rate = '100'", "rate is '100', expected float"),
        ("hertz = 100", "'hertz' is none of name, rate"),
        ("rate", "is not TOML"),
    ):
        card.write_text(text)
        with pytest.raises(ConfigError, match=message) as found:
            import_encoder(path, CARD, card)
        one_line(found.value)
    export_encoder(load_bundle(DEFAULT_MODEL), tmp_path / "own.onnx")
    with pytest.raises(ConfigError, match=r"rate is 256\.0 by the file or its card, and 100\.0 as given"):
        import_encoder(tmp_path / "own.onnx", {"rate": 100.0})


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    graph, path = small_model().SerializeToString(), tmp_path / "small.safetensors"
    save_imported(graph, ImportedCard("small", **CARD, size=SIZE, bytes=len(graph)), path)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="does not match its checksum"):
        read_imported(path)
    with pytest.raises(ConfigError, match=r"end it in \.safetensors|no name for an encoder"):
        save_imported(graph, SMALL, tmp_path / "small.bin")


def one_line(error: Exception) -> None:
    assert "\n" not in str(error)
