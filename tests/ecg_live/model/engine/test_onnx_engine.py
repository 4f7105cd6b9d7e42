"""The engine that runs live: PyTorch's figures within a bound, and the same bits whoever else is in a call."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from ecg_live.constants import BLOCK_SAMPLES, WINDOW_SAMPLES
from ecg_live.events import F32
from ecg_live.model.encoder_layout import Padding
from ecg_live.model.engine.graph import step_graph, window_graph
from ecg_live.model.engine.onnx_engine import MAX_ERROR, OnnxEngine
from ecg_live.model.engine.open_engine import open_engine
from tests.support.random_bundles import random_bundle

WEARERS = np.arange(3)


def drawn(rows: int, samples: int = WINDOW_SAMPLES) -> F32:
    return np.random.default_rng(2).standard_normal((rows, samples)).astype(np.float32)


@pytest.fixture(scope="module")
def engine() -> OnnxEngine:
    return OnnxEngine(random_bundle().encoder, "valid")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_embeddings_are_those_of_pytorch(padding: Padding) -> None:
    torch = pytest.importorskip("torch")
    from ecg_live.model.encoder_kinds import torch_encoder

    bundle, windows = random_bundle(padding), drawn(3)
    with torch.no_grad():
        expected = torch_encoder(bundle)(torch.from_numpy(windows)).numpy()
    found = open_engine(bundle).embed(windows)
    assert np.abs(found - expected).max() <= MAX_ERROR * np.abs(expected).max()
    assert open_engine(bundle).streams == (padding == "valid")


def test_a_window_is_the_same_to_the_bit_whatever_the_others_are(engine: OnnxEngine) -> None:
    windows = drawn(4)
    together = engine.embed(windows)
    assert np.array_equal(together[::-1], engine.embed(windows[::-1]))
    assert np.array_equal(together[2:3], engine.embed(windows[2:3]))
    assert engine.embed(windows[:0]).shape == (0, 128)


def test_a_stream_gives_the_embeddings_of_its_windows(engine: OnnxEngine) -> None:
    (signal,) = drawn(1, WINDOW_SAMPLES + 3 * BLOCK_SAMPLES)
    stream, found = engine.stream(), []
    for stop in range(BLOCK_SAMPLES, len(signal) + 1, BLOCK_SAMPLES):
        stream.push(WEARERS[:1], signal[None, stop - BLOCK_SAMPLES : stop])
        if stop >= WINDOW_SAMPLES:
            found.append(stream.embeddings(WEARERS[:1])[0])
    whole = engine.embed(np.lib.stride_tricks.sliding_window_view(signal, WINDOW_SAMPLES)[::BLOCK_SAMPLES])
    assert len(found) == len(whole) == 4
    assert np.abs(np.array(found) - whole).max() <= MAX_ERROR * np.abs(whole).max()


def test_wearers_in_one_stream_do_not_touch_each_other(engine: OnnxEngine) -> None:
    """Wearer 1 begins later, and anew; wearers 0 and 2 go on as if they were alone."""
    signals = drawn(3, 14 * BLOCK_SAMPLES).reshape(3, 14, BLOCK_SAMPLES)
    together = engine.stream(3)
    for second in range(14):
        who = WEARERS if second != 1 else WEARERS[::2]
        together.push(who, signals[who, second])
        if second == 2:
            together.reset(WEARERS[1:2])
    found = together.embeddings(WEARERS)
    for wearer, begin in enumerate((0, 3, 0)):
        alone = engine.stream()
        for block in signals[wearer, begin:]:
            alone.push(WEARERS[:1], block[None])
        assert np.array_equal(alone.embeddings(WEARERS[:1])[0], found[wearer])
    assert together.wearers == 3


def test_a_wearer_is_the_same_to_the_bit_in_batches_of_any_size(engine: OnnxEngine) -> None:
    """21 wearers are batches of 16, 4 and 1; others each second, in another order."""
    signals = drawn(21, 12 * BLOCK_SAMPLES).reshape(21, 12, BLOCK_SAMPLES)
    together, rng = engine.stream(21), np.random.default_rng(3)
    for second in range(12):
        who = rng.permutation(21)
        for part in np.split(who, [int(rng.integers(0, 21))]):
            together.push(part, signals[part, second])
    found = together.embeddings(np.arange(21))
    for wearer in (0, 7, 20):
        alone = engine.stream()
        for block in signals[wearer]:
            alone.push(WEARERS[:1], block[None])
        assert np.array_equal(alone.embeddings(WEARERS[:1])[0], found[wearer])


@pytest.mark.parametrize("cut", [[40], [1, 39], [16, 24], [17, 3, 20], [9, 31]], ids=str)
def test_many_seconds_at_once_are_the_same_to_the_bit(engine: OnnxEngine, cut: list[int]) -> None:
    blocks = drawn(40, BLOCK_SAMPLES)
    stream, expected = engine.stream(), np.full((40, 128), np.nan, np.float32)
    for k, block in enumerate(blocks):
        stream.push(WEARERS[:1], block[None])
        if k >= 9:
            expected[k] = stream.embeddings(WEARERS[:1])[0]
    other = engine.stream(2)
    found = np.concatenate([other.push_seconds(1, part) for part in np.split(blocks, np.cumsum(cut)[:-1])])
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.array_equal(other.embeddings(WEARERS[1:2])[0], expected[-1])


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_graphs_are_what_onnx_says_they_must_be(padding: Padding) -> None:
    weights = random_bundle().encoder
    for graph in (
        window_graph(weights, padding),
        window_graph(weights, padding, "windows"),
        step_graph(weights),
        step_graph(weights, 4, 16),
    ):
        onnx.checker.check_model(graph, full_check=True)
