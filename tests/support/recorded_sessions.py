"""A session that has everything a report tells of, with numbers that are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from ecg_live.events import Beats, Chunk, Gap, Marker, State, StreamInfo
from ecg_live.recorded.report import write_report
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import RecordedSession, load_session
from ecg_live.results import HeadResult, Item, Prediction, Quality, Summary
from ecg_live.sinks.xdf_parts import RollLimits
from tests.support.html_pages import body
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import BEGAN, RATE, record, recorder, until

SECOND = int(RATE)
STRAP = StreamInfo(0.0, (), None, "Strap", "strap")
FLAT = Quality("unusable", ("flat line",))


def chunk(second: int) -> Chunk:
    """A second of samples that are their own index, in microvolts."""
    start = second * SECOND
    samples = np.arange(start, start + SECOND, dtype=np.float64)[:, None] / 1000
    return Chunk(samples, start, BEGAN + second)


def window(
    stop: int, load: float | None = 0.75, quality: Quality | None = None, which: str = "population"
) -> Prediction:
    """A window that ends at ``stop`` s; ``load`` None abstains."""
    quality = quality or Quality("good")
    answer = HeadResult(None, None, "unusable signal: flat line", which)
    if load is not None:
        answer = HeadResult({"rest": 1 - load, "load": load}, "load" if load > 0.5 else "rest", None, which)
    usable = quality.grade != "unusable"
    return Prediction(
        stop - 10, stop, BEGAN + stop - 10, {"load": answer}, 60.0 + stop if usable else None, 40.0 if usable else None,
        quality, 0.01, (), np.zeros(128, dtype=np.float32),
    )  # fmt: skip


def marker(time: float, text: str) -> Marker:
    return Marker(BEGAN + time, text, time)


def story() -> Iterator[Item]:
    """A minute: lost from 20 to 22 s, flat from 40 to 45 s, a personal set from 50 s on, three markers.

    Windows end at 10 to 20 s and at 32 to 60 s: 40, of which 5 unusable and 3 poor.
    """
    yield State("connecting", "connecting to it", BEGAN - 2)
    for second in range(60):
        if second in {20, 21}:
            continue
        if second == 22:
            yield Gap(20 * SECOND, 2 * SECOND, "radio lost", time=BEGAN + 20)
        yield chunk(second)
        stop = second + 1
        if stop < 10:
            yield State("warming_up", f"first window in {10 - stop} s", BEGAN + stop)
        elif stop <= 20 or stop >= 32:
            yield _window(stop)
        if second in {15, 35, 50}:
            yield marker(second + 0.5, {15: "rest", 35: "load <b>", 50: "end"}[second])
    yield State("baseline", "resting baseline: 20 s to go", BEGAN + 30)
    yield State("baseline", "resting baseline: 19 s to go", BEGAN + 31)
    yield State("ended", "end of the recording", BEGAN + 60)
    yield Summary(58 * SECOND, 2 * SECOND, 40, 40, 5, 60.0, 1.0)


def _window(stop: int) -> Prediction:
    if 40 < stop <= 45:
        return window(stop, None, FLAT)
    poor = Quality("poor", ("baseline wander", "3% of samples bridged")) if stop in {12, 13, 14} else None
    return window(stop, 0.25 if stop <= 20 else 0.75, poor, "personal" if stop > 50 else "population")


def strap_story(seconds: int = 30) -> Iterator[Item]:
    """A strap that reports 99 all the time, of which the path makes 60 plus the seconds."""
    for second in range(seconds):
        yield Beats(BEGAN + second, 99.0, (1.0,))
        if second >= 10:
            answer = HeadResult(None, None, "no ECG on this device")
            rate = 60.0 + second
            yield Prediction(
                max(0, second - 30), second, BEGAN + max(0, second - 30), {"load": answer}, rate, None, Quality("good")
            )
        if second == 12:
            yield Marker(BEGAN + 12.25, "film")
    yield State("gap", "strap is back, next heart rate in 10 s", BEGAN + 31)


def recorded(path: Path, items: Sequence[Item] | Iterator[Item], info: StreamInfo | None = None) -> RecordedSession:
    """Items as a report sees them, once they were recorded."""
    record(path, items, **({} if info is None else {"info": info}))
    return load_session(read_recording_files([path]))


def reported(path: Path, *more: Path) -> ET.Element:
    """The page about a recording."""
    made = write_report([path, *more], path.with_name("page.html"), force=True)
    return body(made.path.read_text(encoding="utf-8"))


def long_story(seconds: int) -> Iterator[Item]:
    """A window every second but the first ten; one in seven quarters of an hour is flat, and a marker in each."""
    for second in range(seconds):
        yield chunk(second)
        quarter, rest = divmod(second, 900)
        if second >= 9:
            flat = quarter % 7 == 6
            yield window(second + 1, None if flat else 0.25 + 0.5 * (rest / 900), FLAT if flat else None)
        if rest == 450:
            yield marker(second + 0.5, f"block {quarter}")


def rolled(path: Path, items: Iterator[Item], seconds: float = 20.0) -> list[Path]:
    """Items in several files; give those."""
    clock = HandClock()
    sink = recorder(path, clock, roll=RollLimits(seconds), interval=0.001)
    for item in items:
        sink.write(item)
        if isinstance(item, Chunk):
            clock.wait(1.0)
            until(lambda: not sink.status.late)
    sink.close()
    return [path, *sorted(each for each in path.parent.iterdir() if each.stem.startswith(f"{path.stem}_"))]
