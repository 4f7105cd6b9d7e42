"""Many wearers in one process against each of them alone, and the memory that each needs.

CPU time of a second of signal of one wearer (1 s chunks at 250 Hz, hop 1 s), by parts, alternated within one run, the
least of some rounds. Path, encoder, heads and JSON lines are counted; threads, sources and recordings are not. No time
is asserted, only printed; run with ``pytest --benchmark-enable tests/benchmarks/test_wearers.py -s``. Without that it
is tried once, on little.
"""

from __future__ import annotations

import json
import math
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from ecg_live.constants import BLOCK_SAMPLES
from ecg_live.events import F64, Chunk
from ecg_live.model.bundle import load_bundle
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.predictor import Predictor
from ecg_live.resources import DEFAULT_MODEL
from ecg_live.results import Item, Window
from ecg_live.session_results import SessionResults
from ecg_live.signal.pipeline import SignalPath
from ecg_live.sinks.jsonl import line_fields, round_floats
from ecg_live.wearers.engine import Output, WearersEngine
from tests.support.synthetic_signals import ecg, info

RATE, WARM_S = 250, 14  # until windows have their whole warm-up
ENCODER_STEPS = 32
BUNDLE = load_bundle(DEFAULT_MODEL)
INFO = info(float(RATE))


def second(x: F64, number: int, wearer: int) -> Chunk:
    """A second of one wearer's signal; each begins elsewhere in it."""
    begin = (number * RATE + 37 * wearer) % (len(x) - RATE)
    return Chunk(x[begin : begin + RATE].copy(), number * RATE, float(number))


def lines_of(items: Iterator[Item]) -> int:
    return sum(len(json.dumps(round_floats(line))) for item in items if (line := line_fields(item, RATE)))


class Alone:
    """One wearer, as a session runs it."""

    def __init__(self, x: F64) -> None:
        self._x, self._path = x, SignalPath(INFO)
        self._results = SessionResults(INFO, self._path, Predictor(BUNDLE, show_unproven=True), time.monotonic)

    def run(self, number: int, spent: dict[str, float]) -> None:
        chunk, start = second(self._x, number, 0), time.process_time()
        self._results.arrive(chunk)
        outputs = list(self._path.push(chunk))
        between = time.process_time()
        for output in outputs:
            lines_of(self._results.of_window(output) if isinstance(output, Window) else iter((output,)))
        spent["path"] += between - start
        spent["encoder, heads, lines"] += time.process_time() - between


class Encoder:
    """The encoder alone, which is most of it and costs as much in a batch."""

    def __init__(self, x: F64) -> None:
        self._stream, self._lane = open_engine(BUNDLE).stream(), np.zeros(1, np.int64)
        self._block = x[None, :BLOCK_SAMPLES, 0].astype(np.float32)

    def run(self, _number: int, spent: dict[str, float]) -> None:
        start = time.process_time()
        for _ in range(ENCODER_STEPS):
            self._stream.push(self._lane, self._block)
        spent["encoder"] += time.process_time() - start


class Together:
    """Many wearers in the engine."""

    def __init__(self, x: F64, wearers: int) -> None:
        self._x, self._engine = x, WearersEngine(open_engine(BUNDLE))
        self._lanes, self._results = [], []
        for _ in range(wearers):
            path = SignalPath(INFO, batched=True)
            self._lanes.append(self._engine.join(path, INFO))
            predictor = Predictor(BUNDLE, show_unproven=True, embeds=False)
            self._results.append(SessionResults(INFO, path, predictor, time.monotonic))

    def run(self, number: int, spent: dict[str, float]) -> None:
        chunks = [second(self._x, number, wearer) for wearer in range(len(self._lanes))]
        start = time.process_time()
        for lane, results, chunk in zip(self._lanes, self._results, chunks, strict=True):
            results.arrive(chunk)
            lane.add(chunk)
        outputs = self._engine.step(self._lanes)
        between = time.process_time()
        for results, made in zip(self._results, outputs, strict=True):
            for output in made:
                lines_of(_items(results, output))
        spent["path, encoder"] += between - start
        spent["heads, lines"] += time.process_time() - between


def _items(results: SessionResults, output: Output) -> Iterator[Item]:
    if isinstance(output.item, Window):
        return results.of_window(output.item, output.embedding)
    return iter((output.item,))


def test_together_against_alone(benchmark: BenchmarkFixture) -> None:
    x, (wearers, rounds) = ecg(40, RATE), ((64, 6) if benchmark.enabled else (2, 1))
    tasks = (
        ("alone", Alone(x), 1),
        ("together", Together(x, wearers), wearers),
        ("encoder", Encoder(x), ENCODER_STEPS),
    )
    best: dict[str, dict[str, float]] = {name: {} for name, _, _ in tasks}
    for number in range(WARM_S + rounds):
        for name, task, each in tasks:
            spent: dict[str, float] = defaultdict(float)
            task.run(number, spent)
            if number >= WARM_S:
                best[name] = {part: min(best[name].get(part, math.inf), s / each) for part, s in spent.items()}
    for name, parts in best.items():
        listed = ", ".join(f"{part} {s * 1e3:.3f}" for part, s in parts.items())
        print(f"\n{name}: {sum(parts.values()) * 1e3:.3f} ms of CPU for a second of one wearer ({listed})")
    ratio = sum(best["alone"].values()) / sum(best["together"].values())
    print(
        f"\n{wearers} wearers together: {ratio:.2f} times faster; {1 / sum(best['together'].values()):.0f} on one core"
    )
    benchmark(lambda: None)


def test_memory_of_a_wearer(benchmark: BenchmarkFixture) -> None:
    x, sizes = ecg(40, RATE), (8, 72) if benchmark.enabled else (2, 4)

    def measure() -> float:
        """Bytes of a wearer more."""
        Together(x, sizes[0]).run(0, defaultdict(float))  # what all share
        used = []
        tracemalloc.start()
        for wearers in sizes:
            before, together = tracemalloc.get_traced_memory()[0], Together(x, wearers)
            for number in range(WARM_S + 1):
                together.run(number, defaultdict(float))
            used.append(tracemalloc.get_traced_memory()[0] - before)
            del together
        tracemalloc.stop()
        return (used[1] - used[0]) / (sizes[1] - sizes[0])

    each: float = benchmark.pedantic(measure)  # type: ignore[no-untyped-call]  # it has no types
    print(f"\n{each / 1e3:.0f} kB a wearer, without what ONNX Runtime allocates (28 kB of states)")
    if benchmark.enabled:  # of two wearers more it is what else was allocated meanwhile
        assert each < 400_000  # bytes: a session of its own needs four times as much
