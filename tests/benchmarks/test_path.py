"""What a second of signal costs: path and streaming predictor, against whole-window inference on the same windows.

No time is asserted, only printed; run with ``pytest --benchmark-enable tests/benchmarks/test_path.py -s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from ecg_live.model.engine.embedders import StreamingEmbedder, WindowEmbedder
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.predictor import Predictor
from ecg_live.results import Window
from ecg_live.signal.pipeline import SignalPath
from tests.support.random_bundles import random_bundle
from tests.support.synthetic_signals import Tape, ecg, info, play

SECONDS, RATE = 60, 1000.0
BUNDLE = random_bundle()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the command line sets it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def path() -> list[Window]:
    return play(SignalPath(info(RATE)), Tape(ecg(SECONDS, RATE), RATE).items([round(RATE)] * SECONDS)).windows


def path_and_predictor() -> int:
    predictor = Predictor(BUNDLE)
    return len([predictor.predict(window) for window in path()])


def inference(engine: type[StreamingEmbedder | WindowEmbedder], windows: list[Window]) -> int:
    made = engine(open_engine(BUNDLE))
    return len([made.features(window) for window in windows])


def seconds(task: Callable[[], object]) -> float:
    """Seconds of computing per second of signal, the best of three."""
    took = []
    for _ in range(3):
        start = time.perf_counter()
        task()
        took.append(time.perf_counter() - start)
    return min(took) / SECONDS


def test_path_and_predictor(benchmark: BenchmarkFixture) -> None:
    windows = path()
    predictions = benchmark(path_and_predictor)
    assert predictions == len(windows) == SECONDS - 9
    if not benchmark.enabled:
        return
    live, alone = seconds(path_and_predictor), seconds(path)
    streamed, whole = (seconds(partial(inference, engine, windows)) for engine in (StreamingEmbedder, WindowEmbedder))
    print(
        f"\na second at {RATE:g} Hz, hop 1 s: path {1e3 * alone:.2f} ms, path and predictor {1e3 * live:.2f} ms, "
        f"{1 / live:.0f} x real time; inference streamed {1e3 * streamed:.2f} ms, whole windows {1e3 * whole:.2f} ms, "
        f"{whole / streamed:.1f} times as much ({(alone + whole) / live:.1f} times with the path)"
    )
