"""kill -9 at random instants: the file opens, and nothing is missing that was given more than 0.5 s before."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ecg_live.recorded.verify import verify
from tests.support import journalled_recorder
from tests.support.process_kills import AT_ONCE, KILLS, Death, kill, many, opens, report_deaths, trim
from tests.support.xdf_recordings import ecg, record


def deaths(folder: Path, count: int, at_once: int, longest: float) -> list[Death]:
    """Kill a recorder that is fed at real time, and at a thousand times that."""

    def one(k: int, after: float) -> Death:
        path, notes = folder / f"{k}.xdf", folder / f"{k}.journal"
        speed = (1.0, 1000.0)[k % 2]
        command = [sys.executable, "-m", "tests.support.journalled_recorder", str(path), str(notes), str(speed)]
        end = kill(command, notes, after)
        opened, torn = opens(path), trim(path)
        there = ecg(path)
        assert there.tolist() == list(range(len(there)))
        missing = [given for given, count in journalled_recorder.read(notes) if count > len(there)]
        notes.unlink()
        return Death(torn, opened, len(there), end - missing[0] if missing else 0.0)

    return many(one, count, at_once, longest, "recorder")


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")
def test_five_kills(tmp_path: Path) -> None:
    report_deaths(deaths(tmp_path, 5, 5, 1.2))


BORN = textwrap.dedent("""
    import os, signal, sys, time
    from pathlib import Path
    from tests.support.xdf_recordings import recorder
    for k in range(40):  # a process for each kill, so that they fall into the milliseconds that making a file takes
        child = os.fork()
        if not child:
            recorder(Path(sys.argv[1], f"{k}.xdf"))
            signal.pause()
            os._exit(1)
        time.sleep(k * 1e-4)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
""")


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")
def test_a_kill_while_the_file_is_made_leaves_none_or_one_with_all_headers(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", BORN, tmp_path], check=True, timeout=100)
    paths = [tmp_path / f"{k}.xdf" for k in range(40)]
    made = [path for path in paths if path.exists()]
    assert len(made) < len(paths)
    assert all(verify(path).sound for path in made)
    for path in paths:
        if path not in made:
            record(path, [])  # the name is free


@pytest.mark.soak
def test_many_kills(tmp_path: Path) -> None:
    report_deaths(deaths(tmp_path, KILLS, AT_ONCE, 3.0))
