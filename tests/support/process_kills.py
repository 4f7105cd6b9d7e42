"""What the tests that kill share: how a file looks afterwards, and what is missing in it."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pyxdf

from ecg_live.recorded.verify import verify
from tests.support import journalled_recorder
from tests.support.xdf_recordings import until

KILLS = int(os.environ.get("ECG_LIVE_KILLS", "300"))  # of the soak
AT_ONCE = int(os.environ.get("ECG_LIVE_KILLS_AT_ONCE", "2"))
ALLOWED = 0.5  # s


class Death(NamedTuple):
    torn: int
    opened: bool  # by pyxdf before it was trimmed
    samples: int
    age: float  # s before the end at which the oldest sample or prediction was given that is missing


def kill(command: list[str], notes: Path, after: float, **options: int) -> float:
    """Run what notes in a journal, kill it so many seconds after the first entry; give the time of its end."""
    with notes.open("wb") as file:
        file.truncate(journalled_recorder.ENTRIES * journalled_recorder.SIZE)
    with subprocess.Popen(command, **options) as child:  # type: ignore[call-overload]
        try:
            until(lambda: begun(notes))
            with suppress(subprocess.TimeoutExpired):
                child.wait(after)
            assert child.poll() is None
        finally:
            end = time.monotonic()
            child.kill()
    return end


def begun(notes: Path) -> bool:
    """Whether a journal has an entry."""
    with notes.open("rb") as file:
        return file.read(8) != bytes(8)


def opens(path: Path) -> bool:
    """Whether pyxdf reads a file as it is."""
    try:
        pyxdf.load_xdf(str(path))
    except Exception:  # noqa: BLE001 - it raises whatever its parts raise
        return False
    return True


def trim(path: Path) -> int:
    """Take off what is torn, and give how much that was."""
    report = verify(path)
    assert report.sound, report.problems  # all digests hold
    assert report.warnings  # not closed, or torn
    os.truncate(path, report.intact_bytes)
    return report.torn_bytes


def many(one: Callable[[int, float], Death], count: int, at_once: int, longest: float, seed: object) -> list[Death]:
    """Kill ``count`` times, ``at_once`` at a time, each after up to ``longest`` seconds."""
    dice = random.Random(repr(seed))  # noqa: S311 - no secret
    delays = [(k + dice.random()) * longest / count for k in range(count)]  # spread, however few they are
    dice.shuffle(delays)
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, range(count), delays))


def report_deaths(deaths: list[Death], what: str = "") -> None:
    """Print the figures; nothing given more than half a second before the end may be missing."""
    torn, shut = sum(each.torn > 0 for each in deaths), sum(not each.opened for each in deaths)
    worst = max(each.age for each in deaths)
    print(
        f"\n{what}{len(deaths)} kills: {torn} files torn, {shut} did not open before they were trimmed, all after; "
        f"{sum(each.samples for each in deaths)} samples there; the oldest missing was given "
        f"{worst:.3f} s before the end, the median {sorted(each.age for each in deaths)[len(deaths) // 2]:.3f} s"
    )
    assert worst < ALLOWED
