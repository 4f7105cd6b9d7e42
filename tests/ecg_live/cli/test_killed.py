"""kill -9 of the whole program: the file opens, and nothing is missing that its session took 0.5 s before.

``ECG_LIVE_KILLS=100 pytest -m soak tests/ecg_live/cli/test_killed.py -s``
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.events import F64, Chunk
from tests.support import journalled_recorder
from tests.support.long_recordings import long_recording
from tests.support.process_kills import AT_ONCE, KILLS, Death, kill, many, opens, report_deaths, trim
from tests.support.xdf_recordings import load

MINUTES = 90  # of the recording: no machine gets through them in time

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return long_recording(tmp_path_factory.mktemp("source") / "long.h5", MINUTES)


def played(source: Path) -> F64:
    pieces = [
        item.samples[:, 0] for item in open_recording(source, ReadOptions()).chunks(60_000) if isinstance(item, Chunk)
    ]
    return np.concatenate(pieces)


def deaths(folder: Path, source: Path, speed: str, count: int, longest: float) -> list[Death]:
    """Kill each within ``longest`` seconds from its first sample on."""
    whole = played(source)

    def one(k: int, after: float) -> Death:
        path, notes = folder / f"{k}.xdf", folder / f"{k}.journal"
        command = [
            sys.executable,
            "-m",
            "tests.support.journalled_program",
            str(notes),
            "run",
            str(source),
            "--headless",
        ]
        options = ["--json", "--speed", speed, "--record", str(path)]
        end = kill([*command, *options], notes, after, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        opened, torn = opens(path), trim(path)
        got = load(path)
        there = got["ecg"]["time_series"][:, 0]
        np.testing.assert_array_equal(there, whole[: len(there)])
        predicted = len(got["predictions"]["time_stamps"])
        given = journalled_recorder.read(notes, samples=True), journalled_recorder.read(notes, samples=False)
        missing = [at for at, count in given[0] if count > len(there)] + [at for at, n in given[1] if n > predicted]
        notes.unlink()
        path.unlink()
        return Death(torn, opened, len(there), end - min(missing, default=end))

    return many(one, count, AT_ONCE, longest, (speed, count))


@pytest.mark.parametrize(
    ("speed", "count", "longest"),
    [
        ("max", 3, 1.0),
        pytest.param("1", KILLS, 14.0, marks=pytest.mark.soak),  # predictions begin after ten
        pytest.param("max", KILLS, 4.0, marks=pytest.mark.soak),
    ],
)
def test_the_whole_program_killed(tmp_path: Path, source: Path, speed: str, count: int, longest: float) -> None:
    report_deaths(deaths(tmp_path, source, speed, count, longest), f"at {speed}: ")
