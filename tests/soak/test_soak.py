"""Eight hours through the whole system at speed: it needs no more at the end than after the first, and loses nothing.

``pytest -m soak tests/soak -s``; ``ECG_LIVE_SOAK_HOURS`` sets another length.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.config import WINDOW_FILE_NAME
from ecg_live.events import Chunk, Gap
from ecg_live.recorded.verify import verify
from tests.emulators.simulated_day import RATE, Books, books, day
from tests.support.xdf_recordings import load

HOURS = float(os.environ.get("ECG_LIVE_SOAK_HOURS", "8"))
WARM = 3600.0  # s, after which all that is kept of the past is full: the screen keeps predictions of an hour
FLAT = 0.05
SLOWEST = 20.0  # x real time, on a busy machine

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")


class Run(NamedTuple):
    path: Path
    told: list[dict[str, Any]]
    looks: list[dict[str, Any]]


def run(folder: Path, seconds: float) -> Run:
    """The whole program in a process of its own."""
    path = folder / "day.xdf"
    # The first alert opens the sound device, with a thread and 17 MiB, whenever the window happens to see a state.
    (folder / WINDOW_FILE_NAME).write_text("[window]\nmuted=true\n", encoding="utf-8")
    (folder / "config.toml").touch()
    environ = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "ECG_LIVE_DATA": str(folder / "data"),
        "ECG_LIVE_CONFIG": str(folder / "config.toml"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.watched_program", str(seconds), str(path)],
        capture_output=True,
        text=True,
        timeout=60 + seconds / SLOWEST,
        env=environ,
        check=True,
    )
    looks = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return Run(path, [json.loads(line) for line in done.stdout.splitlines()], looks)


def steady(looks: list[dict[str, Any]], begin: float, end: float) -> None:
    """Threads and files stay the same while samples come, and the dashboard draws.

    A single look may catch a file that is open for an instant, or a neighbour's ``ecg-live mark`` asking who we are.
    """
    during = [each for each in looks if begin <= each["at"] < end]
    assert during[-1]["frames"] > during[0]["frames"]
    for what in ("threads", "files"):
        found = Counter(each[what] for each in during)
        ((usual, times),) = found.most_common(1)
        assert during[0][what] == during[-1][what] == usual, found
        assert times >= 0.99 * len(during) - 1, found


def same_samples(path: Path, seconds: float) -> None:
    """pyxdf finds every sample that came, no number or not, and nothing else."""
    pieces = [item.samples for item in day(seconds, lambda: 0.0) if isinstance(item, Chunk)]
    np.testing.assert_array_equal(load(path)["ecg"]["time_series"], np.concatenate(pieces))


def balanced(path: Path, held: Books) -> None:
    """The books of the file, by ``verify`` and by our reader, are those of the day."""
    report = verify(path)
    assert report.sound, report.problems
    assert report.closed
    (ecg,) = [each for each in report.counts.values() if each.stream.own["key"] == "ecg"]
    assert (ecg.samples, ecg.invalid, ecg.missing) == (held.numbers + held.empty, held.empty, held.lost)
    assert ecg.samples - ecg.invalid + report.reported_lost == held.total
    replayed = open_recording(path, ReadOptions())
    got, lost, stop = 0, 0, 0
    for item in replayed.chunks(1000):
        if isinstance(item, Chunk | Gap):
            assert item.start == stop
            stop = item.stop
            got, lost = got + (len(item.samples) if isinstance(item, Chunk) else 0), lost + getattr(item, "lost", 0)
    assert (got, lost) == (held.numbers + held.empty, held.lost)


def check(done: Run, seconds: float) -> None:
    held, summary = books(seconds), done.told[-1]
    assert held.total == seconds * RATE
    assert (summary["samples"], summary["lost"]) == (held.numbers, held.empty + held.lost)
    got = load(done.path)
    assert int(got["gaps"]["time_series"][:, 1].sum()) == summary["lost"]
    assert len(got["predictions"]["time_stamps"]) == summary["predictions"]
    assert sum(each["type"] == "prediction" for each in done.told) == summary["predictions"]
    same_samples(done.path, seconds)
    balanced(done.path, held)


def test_four_minutes(tmp_path: Path) -> None:
    done = run(tmp_path, 240)
    flat(done.looks, 60, 240)
    steady(done.looks, 60, 240)
    check(done, 240)


@pytest.mark.soak
def test_hours(tmp_path: Path) -> None:
    seconds = HOURS * 3600
    done = run(tmp_path, seconds)
    summary, begin = done.told[-1], min(WARM, seconds / 8)
    print(
        f"\n{HOURS:g} h in {summary['wall']:.0f} s ({summary['speed']:.0f} times real time): {summary['samples']} "
        f"samples, {summary['lost']} lost, {summary['predictions']} predictions, {done.looks[-1]['frames']} frames, "
        f"{done.path.stat().st_size / 1e6:.0f} MB, {done.looks[-1]['threads']} threads, {done.looks[-1]['files']} files"
    )
    flat(done.looks, begin, seconds)
    steady(done.looks, begin, seconds)
    check(done, seconds)


def flat(looks: list[dict[str, Any]], begin: float, end: float) -> None:
    """From ``begin`` (s) on, the most memory that is resident is at most 5 % more than the least."""
    at, rss = (np.array([each[what] for each in looks]) for what in ("at", "rss"))
    edges = np.append(np.arange(begin, end, begin), end)
    hours = [rss[(at >= low) & (at < high)] / 2**20 for low, high in pairwise(edges)]
    print("resident MiB, least and most by hour:", ", ".join(f"{hour.min():.1f} {hour.max():.1f}" for hour in hours))
    grown = max(hour.max() for hour in hours) / min(hour.min() for hour in hours) - 1
    print(f"from the least to the most: {100 * grown:.1f} %")
    assert grown < FLAT
