"""The whole program as a lab runs it: speed and memory on long files, latency at real time, the first frame.

Figures are printed, not asserted, save memory. The short form runs always; the long one with
``pytest -m soak tests/benchmarks/test_live.py -s``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.long_recordings import RATE, long_recording

pytest.importorskip("torch", reason="the commands that are timed need PyTorch")

TIGHT = 20 * 2**20  # bytes that four hours may need above one


def run_flat_out(path: Path) -> tuple[dict[str, Any], int]:
    """Summary and peak memory (bytes) of ``ecg-live run PATH --speed max --json``."""
    command = [sys.executable, "-m", "ecg_live", "run", str(path), "--speed", "max", "--json", "--headless"]
    with (path.parent / "out.jsonl").open("w+") as out, subprocess.Popen(command, stdout=out) as running:
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        last = out.read().splitlines()[-1]
    assert running.returncode == 0
    return json.loads(last), usage.ru_maxrss * 1024


@pytest.mark.parametrize("minutes", [3, pytest.param(60, marks=pytest.mark.soak)])
def test_speed_on_a_long_file(minutes: int, tmp_path: Path) -> None:
    summary, _ = run_flat_out(long_recording(tmp_path / "long.h5", minutes))
    print(f"\n{minutes} min at 1000 Hz, hop 1 s: {summary['speed']:.0f} times real time in {summary['wall']:.1f} s")
    assert summary["samples"] == minutes * 60 * RATE
    assert summary["predictions"] == minutes * 60 - 9


@pytest.mark.parametrize(("short", "long"), [(2, 8), pytest.param(60, 240, marks=pytest.mark.soak)])
def test_memory_does_not_grow_with_length(short: int, long: int, tmp_path: Path) -> None:
    peaks = [run_flat_out(long_recording(tmp_path / f"{minutes}.h5", minutes))[1] for minutes in (short, long)]
    print(f"\npeak memory: {short} min {peaks[0] / 2**20:.1f} MiB, {long} min {peaks[1] / 2**20:.1f} MiB")
    assert peaks[1] - peaks[0] <= TIGHT


@pytest.mark.parametrize("seconds", [13, pytest.param(60, marks=pytest.mark.soak)])
def test_latency_at_real_time_with_the_dashboard(seconds: int) -> None:
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "ecg_live", "demo", "--json", "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, env=environ, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    latencies = [line["latency"] * 1000 for line in lines if line["type"] == "prediction"]
    median, p99 = np.percentile(latencies, [50, 99])
    print(f"\nlatency over {len(latencies)} predictions at 1x, dashboard on: p50 {median:.1f} ms, p99 {p99:.1f} ms")
    assert len(latencies) >= seconds - 11


def test_first_frame() -> None:
    """How long from the command to the first painted frame, and how much of it on a core."""
    code = (
        "import sys, time\n"
        "import ecg_live.dashboard.app as app\n"
        "from ecg_live.cli import main\n"
        "show = app.run_dashboard\n"
        "def first(): print(time.monotonic(), time.process_time(), flush=True); app.request_quit()\n"
        "def both(view, *, on_first_frame, **named):\n"
        "    return show(view, on_first_frame=lambda: (on_first_frame and on_first_frame(), first()), **named)\n"
        "app.run_dashboard = both\n"
        "sys.argv = ['ecg-live', 'demo']\n"
        "main()\n"
    )
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    began = subprocess.run(
        [sys.executable, "-c", "import time; print(time.monotonic())"], capture_output=True, check=True
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=True, timeout=60
    )
    shown, processor = map(float, done.stdout.split())
    wall = shown - float(began.stdout)
    print(f"\nfirst frame of `ecg-live demo`: {wall:.2f} s after the command, {processor:.2f} s of CPU")
