"""kill -9 at random instants: the file opens, and nothing is missing that was given more than 0.5 s before."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
import pyxdf

from ecg_live.bundled import demo_recording
from ecg_live.recorded.verify import verify
from tests.ecg_live.sinks import journal
from tests.ecg_live.sinks.recordings import ecg, load, until

KILLS = int(os.environ.get("ECG_LIVE_KILLS", "300"))  # of the soak
ALLOWED = 0.5  # s


class Death(NamedTuple):
    torn: int
    opened: bool  # by pyxdf before it was trimmed
    samples: int
    age: float  # s before the end at which the oldest sample was given that is missing


def killed(folder: Path, speed: float, after: float) -> Death:
    """Kill a recorder so many seconds after its first sample, and look at what is left."""
    path, notes = folder / "a.xdf", folder / "journal"
    with notes.open("wb") as file:
        file.truncate(journal.ENTRIES * journal.SIZE)
    command = [sys.executable, "-m", "tests.ecg_live.sinks.journal", str(path), str(notes), str(speed)]
    with subprocess.Popen(command) as child:
        try:
            until(lambda: notes.read_bytes()[:8] != bytes(8))
            with suppress(subprocess.TimeoutExpired):
                child.wait(after)
            assert child.poll() is None
        finally:
            end = time.monotonic()
            child.kill()
    opened = opens(path)
    report = trim(path)
    there = ecg(path)
    assert there.tolist() == list(range(len(there)))
    missing = [given for given, count in journal.read(notes) if count > len(there)]
    return Death(report, opened, len(there), end - missing[0] if missing else 0.0)


def opens(path: Path) -> bool:
    try:
        pyxdf.load_xdf(str(path))
    except Exception:  # noqa: BLE001 - it raises whatever its parts raise
        return False
    return True


def trim(path: Path) -> int:
    """Take off what is torn."""
    report = verify(path)
    assert len(report.problems) == 1  # not closed, or torn: all digests hold
    os.truncate(path, report.whole)
    return report.torn


def tell(deaths: list[Death]) -> None:
    torn, shut = sum(each.torn > 0 for each in deaths), sum(not each.opened for each in deaths)
    print(
        f"\n{len(deaths)} kills: {torn} files torn, {shut} did not open before they were trimmed, all after; "
        f"{sum(each.samples for each in deaths)} samples there; the oldest missing was given "
        f"{max(each.age for each in deaths):.3f} s before the end"
    )
    assert max(each.age for each in deaths) < ALLOWED


def many(folder: Path, count: int, at_once: int, longest: float) -> list[Death]:
    dice = random.Random(count)  # noqa: S311 - no secret

    def one(k: int) -> Death:
        own = folder / str(k)
        own.mkdir()
        return killed(own, (1.0, 1000.0)[k % 2], delays[k])

    delays = [dice.uniform(0.0, longest) for _ in range(count)]
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")
def test_five_kills(tmp_path: Path) -> None:
    tell(many(tmp_path, 5, 5, 1.2))


@pytest.mark.soak
def test_many_kills(tmp_path: Path) -> None:
    tell(many(tmp_path, KILLS, 2, 3.0))


@pytest.mark.soak
@pytest.mark.parametrize("speed", ["1", "20", "max"])
def test_the_whole_program_killed(tmp_path: Path, speed: str) -> None:
    """What was said on standard output more than 0.5 s before is in the file, and the samples that it is made of."""
    dice = random.Random(speed)  # noqa: S311 - no secret
    late = 0.0
    for k in range(max(1, KILLS // 30)):
        path, told = tmp_path / f"{k}.xdf", list[tuple[float, float]]()
        command = [
            sys.executable,
            "-m",
            "ecg_live",
            "run",
            str(demo_recording()),
            "--headless",
            "--json",
            "--speed",
            speed,
        ]
        with subprocess.Popen([*command, "--record", str(path)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None

            def listen(lines: object = child.stdout, told: list[tuple[float, float]] = told) -> None:
                for line in lines:  # type: ignore[attr-defined]
                    with suppress(ValueError):  # the last one may be cut
                        if (item := json.loads(line))["type"] == "prediction":
                            told.append((time.monotonic(), item["stop"]))

            listener = Thread(target=listen)
            listener.start()
            until(lambda told=told: bool(told))  # type: ignore[misc]
            with suppress(subprocess.TimeoutExpired):
                child.wait(dice.uniform(0.0, 1.5))
            end, whole = time.monotonic(), child.poll() is not None
            child.kill()
            listener.join()
        if not whole:
            trim(path)
        got = load(path)
        stops = got["predictions"]["time_series"][:, 1].round(6).tolist()
        rate = float(got["ecg"]["info"]["nominal_srate"][0])
        missing = [given for given, stop in told if stop not in stops]
        late = max(late, end - missing[0] if missing else 0.0)
        assert not stops or len(got["ecg"]["time_stamps"]) >= max(stops) * rate
    print(f"\nspeed {speed}: {max(1, KILLS // 30)} kills; the oldest prediction missing was told {late:.3f} s before")
    assert late < ALLOWED
