"""Markers of the latency test by LSL, the offset of a stream's clock, and a stream to test with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from ecg_live.resources import recordings_folder

if TYPE_CHECKING:
    from ecg_live.session import Session

MARKER_TEXT = "latency test"
TEST_STREAM = "ecg-live latency test"
CORRECTION_EVERY_S = 1.0
CORRECTION_TIMEOUT_S = 2.0


@dataclass(slots=True)
class MarkerDelays:
    """Delays of markers in s: round trips through the marker server, LSL to session, and errors of LSL's stamps."""

    round_trips: list[float] = field(default_factory=list)
    lsl: list[float] = field(default_factory=list)
    stamps: list[float] = field(default_factory=list)
    corrections: list[float] = field(default_factory=list)


class LslMarkerLoop:
    """Markers that go out by LSL and come into the session by LSL.

    Parameters
    ----------
    session : Session
    delays : MarkerDelays
        Takes what is measured.
    clock : callable
        The session's.

    Raises
    ------
    DeviceError
        LSL's library does not load.
    """

    def __init__(self, session: Session, delays: MarkerDelays, clock: Callable[[], float]) -> None:
        from devices.lsl.markers import LslMarkers
        from ecg_live.lsl_library import pylsl

        self._session = session
        self._delays = delays
        self._clock = clock
        self._pushed: dict[str, float] = {}
        name = f"{TEST_STREAM} markers {os.getpid()}"
        header = pylsl.StreamInfo(name, "Markers", 1, 0.0, pylsl.cf_string, name)
        self._outlet = pylsl.StreamOutlet(header)
        self._inputs = LslMarkers(name, self._take, lambda _: None, clock)

    def __enter__(self) -> Self:
        self._inputs.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._inputs.__exit__(None, None, None)

    def send(self, turn: int) -> None:
        """Push a marker, once the session listens."""
        if self._outlet.have_consumers():
            text = f"{MARKER_TEXT} by LSL {turn}"
            self._pushed[text] = self._clock()
            self._outlet.push_sample([text])

    def _take(self, text: str, at: float) -> None:
        pushed = self._pushed.get(text)
        if pushed is not None:
            self._delays.stamps.append(at - pushed)
            self._session.mark(text, at, lambda _: self._delays.lsl.append(self._clock() - pushed))


class LslCorrection:
    """Offset of a stream's clock, as liblsl measures it; none of a source that is no LSL stream.

    Parameters
    ----------
    uri : str
        Source.
    """

    def __init__(self, uri: str) -> None:
        scheme, _, name = uri.partition(":")
        self._name = name if scheme.casefold() == "lsl" and "=" not in name else ""
        self._next = 0.0

    def measure(self, now: float) -> list[float]:
        """The offset (s), every `CORRECTION_EVERY_S`; empty between, or where it cannot be measured."""
        if not self._name or now < self._next:
            return []
        from ecg_live.lsl_library import pylsl

        self._next = now + CORRECTION_EVERY_S
        found = pylsl.resolve_byprop("name", self._name, 1, CORRECTION_TIMEOUT_S)
        try:
            return [float(pylsl.StreamInlet(found[0]).time_correction(CORRECTION_TIMEOUT_S))] if found else []
        except (RuntimeError, TimeoutError):
            return []


@contextmanager
def play_test_stream() -> Iterator[str]:
    """Play the bundled recording as an LSL stream of this process; its URI."""
    from devices.files import open_recording
    from devices.read_options import ReadOptions
    from devices.simulate.lsl import SimulatedLsl

    name, closed = f"{TEST_STREAM} {os.getpid()}", Event()
    recording = open_recording(recordings_folder() / "supine_1min.txt", ReadOptions())
    player = SimulatedLsl(recording, name)
    thread = Thread(target=player.play, args=(closed,), kwargs={"loop": True}, name="test stream")
    thread.start()
    try:
        yield f"lsl:{name}"
    finally:
        closed.set()
        thread.join()
        recording.close()
