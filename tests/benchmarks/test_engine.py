"""The inference engine against PyTorch, a session without pace against its chunks of a second, and what start-up takes.

CPU time, alternated within one run, the least of some rounds. No time is asserted, only printed; run with
``pytest --benchmark-enable tests/benchmarks/test_engine.py -s``. Without that it is tried once, on little.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import StringIO

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ecg_live.constants import BLOCK_SAMPLES
from ecg_live.events import F32
from ecg_live.model.bundle import load_bundle
from ecg_live.model.encoder_layout import CONV_LAYERS
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.engine.protocol import EncoderEngine
from ecg_live.model.predictor import Predictor
from ecg_live.resources import DEFAULT_MODEL
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from ecg_live.sinks.jsonl import JsonLines
from tests.support.scripted_source import Script
from tests.support.synthetic_signals import Tape, ecg, info

BUNDLE = load_bundle(DEFAULT_MODEL)
RATE, ROUNDS = 1000.0, 5
OUTPUTS_PER_SECOND = (256, 256, 128, 128, 64, 64)  # of each convolution
FLOP = 2 * sum(c_in * c_out * k * n for (c_in, c_out, k), n in zip(CONV_LAYERS, OUTPUTS_PER_SECOND, strict=True))
START = """
import sys, {modules}
import time
cpu = time.process_time()
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(cpu, peak, "torch" in sys.modules)
"""


def least(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Least CPU time in s of each task, taken in turn."""
    best = dict.fromkeys(tasks, math.inf)
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            best[name] = min(best[name], time.process_time() - start)
    return best


def second_by_second(engine: EncoderEngine, blocks: F32) -> None:
    stream, alone = engine.stream(), np.zeros(1, np.int64)
    for block in blocks:
        stream.push(alone, block[None])


def session(chunk: float, tape: Tape) -> int:
    stream, out = replace(info(RATE), speed=math.inf, replay=True), StringIO()
    source = Script(stream, tape.items([round(chunk * RATE)] * 10_000))
    sinks = [JsonLines(out, RATE)]
    path, predictor = SignalPath(stream), Predictor(BUNDLE)
    Session(source, path, predictor, BUNDLE.head_infos, sinks, time.monotonic, watched=False).run()
    return len([line for line in out.getvalue().splitlines() if json.loads(line)["type"] == "prediction"])


def test_engine_against_pytorch(benchmark: BenchmarkFixture) -> None:
    torch = pytest.importorskip("torch")
    from ecg_live.model.encoder_kinds import torch_encoder
    from ecg_live.model.engine.torch_engine import TorchEngine

    torch.set_num_threads(1)
    seconds, rounds = (64, ROUNDS) if benchmark.enabled else (2, 1)
    blocks = np.random.default_rng(0).standard_normal((seconds, BLOCK_SAMPLES)).astype(np.float32)
    square = torch.randn(1536, 1536) if benchmark.enabled else torch.randn(32, 32)
    ours, reference = open_engine(BUNDLE), TorchEngine(torch_encoder(BUNDLE))
    tasks: dict[str, Callable[[], object]] = {
        "ONNX Runtime": partial(second_by_second, ours, blocks),
        "ONNX Runtime, 16 s a call": partial(ours.stream().push_seconds, 0, blocks),
        "PyTorch": partial(second_by_second, reference, blocks),
        "product of matrices": lambda: square @ square,
    }
    least(tasks, 1)
    took: dict[str, float] = benchmark.pedantic(least, (tasks, rounds))  # type: ignore[no-untyped-call]  # it has no types
    peak = 2 * len(square) ** 3 / took.pop("product of matrices")
    for name, each in took.items():
        share = FLOP * seconds / each / peak
        print(
            f"\n{name}: {1e3 * each / seconds:.2f} ms a second, {share:.2f} of the rate of a product of matrices",
            end="",
        )
    print(f"\nPyTorch takes {took['PyTorch'] / took['ONNX Runtime']:.2f} times as long")


def test_a_session_without_pace(benchmark: BenchmarkFixture) -> None:
    seconds, rounds = (300, ROUNDS) if benchmark.enabled else (20, 1)
    tape = Tape(ecg(seconds, RATE), RATE)
    tasks: dict[str, Callable[[], object]] = {"1 s": partial(session, 1.0, tape), "32 s": partial(session, 32.0, tape)}
    assert tasks["1 s"]() == tasks["32 s"]() == seconds - 9
    took: dict[str, float] = benchmark.pedantic(least, (tasks, rounds))  # type: ignore[no-untyped-call]  # it has no types
    for name, each in took.items():
        print(f"\n{RATE:g} Hz, hop 1 s, JSON, chunks of {name}: {seconds / each:.0f} x real time (CPU)", end="")
    print(f"\n{took['1 s'] / took['32 s']:.2f} times as fast")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_start_up(benchmark: BenchmarkFixture) -> None:
    live = "ecg_live.cli.session_setup, ecg_live.session, ecg_live.model.predictor, ecg_live.sinks.jsonl, devices.uri"
    tasks = {"a session": live, "PyTorch": "torch", "NumPy": "numpy"} if benchmark.enabled else {"a session": live}

    def run() -> dict[str, list[str]]:
        return {
            name: subprocess.run(
                [sys.executable, "-c", START.format(modules=modules)], capture_output=True, text=True, check=True
            ).stdout.split()
            for name, modules in tasks.items()
        }

    found: dict[str, list[str]] = benchmark.pedantic(run)  # type: ignore[no-untyped-call]  # likewise
    for name, (cpu, kilobytes, _) in found.items():
        print(f"\nimports of {name}: {float(cpu):.2f} s of CPU, {int(kilobytes) >> 10} MiB", end="")
    assert found["a session"][2] == "False"
