"""kill -9 at random instants: the file opens, and nothing is missing that was given more than 0.5 s before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.ecg_live.sinks import journal
from tests.ecg_live.sinks.kills import AT_ONCE, KILLS, Death, kill, many, opens, tell, trim
from tests.ecg_live.sinks.recordings import ecg


def deaths(folder: Path, count: int, at_once: int, longest: float) -> list[Death]:
    """Kill a recorder that is fed at real time, and at a thousand times that."""

    def one(k: int, after: float) -> Death:
        path, notes = folder / f"{k}.xdf", folder / f"{k}.journal"
        speed = (1.0, 1000.0)[k % 2]
        command = [sys.executable, "-m", "tests.ecg_live.sinks.journal", str(path), str(notes), str(speed)]
        end = kill(command, notes, after)
        opened, torn = opens(path), trim(path)
        there = ecg(path)
        assert there.tolist() == list(range(len(there)))
        missing = [given for given, count in journal.read(notes) if count > len(there)]
        notes.unlink()
        return Death(torn, opened, len(there), end - missing[0] if missing else 0.0)

    return many(one, count, at_once, longest, "recorder")


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")
def test_five_kills(tmp_path: Path) -> None:
    tell(deaths(tmp_path, 5, 5, 1.2))


@pytest.mark.soak
def test_many_kills(tmp_path: Path) -> None:
    tell(deaths(tmp_path, KILLS, AT_ONCE, 3.0))
