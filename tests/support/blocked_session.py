"""A session of a study, with blocks whose row in a group table is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ecg_live.events import Gap
from ecg_live.results import Item, Prediction, Quality, Summary
from tests.support.recorded_sessions import FLAT, SECOND, chunk, marker, window
from tests.support.xdf_recordings import BEGAN, TEXTS, record

SECONDS = 120
MARKERS: Mapping[int, tuple[str, ...]] = {
    5: ("block/mistake/start",),
    6: ("undo/block/mistake/start",),
    10: ("block/rest/start",),
    40: ("block/rest/stop",),
    50: ("block/task/start",),
    60: ("interval/cold/start",),
    80: ("interval/cold/stop", "sound"),
    90: ("block/task/stop",),
    95: ("block/task/start",),
}


def blocked_story() -> Iterator[Item]:
    """Rest from 10 to 40 s, task from 50 to 90 s and again from 95 s to the end; lost from 30 to 32 s.

    Windows end at 10 to 30 s and at 42 to 120 s. Those that end at 71 to 75 s are unusable, those at 61 and 62 s poor;
    the personal set answers after 70 s. Load is .25 up to 50 s, then .75.
    """
    for second in range(SECONDS):
        for text in MARKERS.get(second, ()):
            yield marker(float(second), text)
        if second in {30, 31}:
            continue
        if second == 32:
            yield Gap(30 * SECOND, 2 * SECOND, "radio lost", time=BEGAN + 30)
        yield chunk(second)
        stop = second + 1
        if 10 <= stop <= 30 or stop >= 42:
            yield _window(stop)
    yield Summary((SECONDS - 2) * SECOND, 2 * SECOND, 100, 100, 5, 120.0, 1.0)


def _window(stop: int) -> Prediction:
    which = "personal" if stop > 70 else "population"
    if 71 <= stop <= 75:
        return window(stop, None, FLAT, which)
    poor = Quality("poor", ("baseline wander",)) if stop in {61, 62} else None
    return window(stop, 0.25 if stop <= 50 else 0.75, poor, which)


def record_blocks(path: Path, participant: str = "P01", session: str = "S1") -> Path:
    """Record the session of a participant."""
    record(path, blocked_story(), texts={**TEXTS, "participant": participant, "session": session})
    return path
