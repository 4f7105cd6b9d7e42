"""``ecg-live latency``: run a session, send markers into it, and note when samples come and when they are painted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np

from ecg_live.cli import print_notice
from ecg_live.cli.latency_markers import MARKER_TEXT, LslCorrection, LslMarkerLoop, MarkerDelays, play_test_stream
from ecg_live.cli.participant import ParticipantState
from ecg_live.cli.qt_check import why_no_display
from ecg_live.cli.session_setup import build_session, marker_inputs
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.config import LiveSettings
from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.errors import ConfigError, DeviceNotFound, EcgLiveError
from ecg_live.events import F64, State, StreamInfo
from ecg_live.presentation.latency import LatencyFigures, latency_figures, latency_sentence

if TYPE_CHECKING:
    from ecg_live.dashboard.paint_probe import FlashSquare, PaintProbe
    from ecg_live.dashboard.window import MainWindow
    from ecg_live.protocols import Sink
    from ecg_live.session import Session
    from ecg_live.sinks.arrival_log import ArrivalLog

WARM_UP_S = 3.0  # of signal: the high-pass filter holds the first second, and windows open
FIRST_SAMPLE_TIMEOUT_S = 20.0
MARKER_WAITS_S = (0.23, 0.31, 0.27, 0.37, 0.29)  # in turn: no multiple of a frame
FLASH_BEFORE_S, FLASH_AFTER_S = 0.0, 0.6
TAP_BEFORE_S, TAP_AFTER_S = 0.5, 0.5  # a finger may meet the sensor before the key
MAX_EDGE_SCATTER_S = 0.15  # of most edges: a frame, a chunk and a slow screen are less; waves of an ECG are more
FIGURES_WORK_S = 0.3  # that the session has to take the figures in before it ends


@dataclass(frozen=True, slots=True)
class LatencyPlan:
    """How long to measure (s, after the warm-up), and the channels in which a flash or a tap shows."""

    seconds: float = 20.0
    flash: str | None = None
    tap: str | None = None
    headless: bool = False


def measure_latency(source: str | None, settings: LiveSettings, plan: LatencyPlan) -> tuple[list[LatencyFigures], int]:
    """Run the test and return its figures, and the exit code of a signal (0 without one).

    Parameters
    ----------
    source : str, optional
        A live source; without it a stream of this program's own, over LSL.
    settings : LiveSettings
    plan : LatencyPlan

    Raises
    ------
    EcgLiveError
        The source is not there, is a file, gives no ECG, or no sample.
    """
    caught = CaughtSignals()
    with ExitStack() as stack:
        uri = source or stack.enter_context(play_test_stream())
        run = LatencyRun(uri, settings, plan, caught)
        stack.enter_context(marker_inputs(run.session, settings, uri))
        stack.enter_context(caught.handled(run.stop, *session_signals()))
        run.session.start()
        try:
            run.measure()
        finally:
            run.session.stop()
            while not run.session.wait(0.1):
                pass
        if run.session.error is not None:
            raise run.session.error
        if not run.began and not caught.exit_code:
            raise DeviceNotFound(f"{uri} gave no sample within {run.seconds:.0f} s", "check that the device streams")
        return run.figures() if run.began else [], caught.exit_code


class LatencyRun:
    """One test on one session.

    Parameters
    ----------
    uri : str
        A live source.
    settings : LiveSettings
    plan : LatencyPlan
    caught : CaughtSignals

    Raises
    ------
    EcgLiveError
        As `measure_latency`.
    """

    def __init__(self, uri: str, settings: LiveSettings, plan: LatencyPlan, caught: CaughtSignals) -> None:
        self._uri = uri
        self._plan = plan
        self._logs: list[ArrivalLog] = []
        self._clock = time.monotonic
        participant = ParticipantState(settings, uri)
        self.session: Session = build_session(
            uri, settings, participant, caught, watched=True, more_sinks=self._make_log
        )
        self._markers = MarkerDelays()
        self._probe: PaintProbe | None = None
        self._square: FlashSquare | None = None
        self._no_pixels = ""  # why there are no figures of them
        self._stopping = Event()
        self._started: float | None = None  # session clock of the first sample
        self._began = self._clock()
        self._figures: list[LatencyFigures] | None = None

    @property
    def began(self) -> bool:
        """Whether a sample came."""
        return self._started is not None

    @property
    def seconds(self) -> float:
        """How long ago the test was begun."""
        return self._clock() - self._began

    def stop(self) -> None:
        """End the test with what was measured by now."""
        self._stopping.set()

    def measure(self) -> None:
        """Measure until the time is up, or the session is over."""
        sender = Thread(target=self._send_markers, name="latency markers")
        sender.start()
        try:
            self._show()
        finally:
            self._stopping.set()
            sender.join()

    def figures(self) -> list[LatencyFigures]:
        """All figures; computed once."""
        if self._figures is None:
            self._figures = [*self._marker_figures(), *self._arrival_figures(), *self._edge_figures()]
        return self._figures

    def _make_log(self, info: StreamInfo) -> Sequence[Sink]:
        from ecg_live.sinks.arrival_log import ArrivalLog

        if info.replay:
            raise ConfigError("the latency of a file: it was recorded before", "name a live source, or none")
        if not info.channels:
            raise ConfigError("the latency of a device without ECG", "name a source with ECG, or none")
        wanted = self._plan.flash or self._plan.tap
        self._logs.append(ArrivalLog(info.rate, self._clock, None if wanted is None else _column(info, wanted)))
        return self._logs

    def _show(self) -> None:
        reason = "left out" if self._plan.headless else why_no_display(os.environ)
        if reason:
            self._no_pixels = f"no window: {reason}"
            while not self._over():
                self._stopping.wait(0.05)
            return
        from ecg_live.dashboard.app import run_dashboard

        title = "Latency test"
        run_dashboard(self.session, title=title, model="", source=self._uri, over=self._over, on_window=self._watch)

    def _watch(self, window: MainWindow) -> None:
        from ecg_live.dashboard.paint_probe import FlashSquare, PaintProbe

        self._probe = PaintProbe(window.trace.sweep, self._clock)
        if self._plan.flash is not None:
            self._square = FlashSquare(self._clock, window)
            self._square.show()

    def _over(self) -> bool:
        """Whether the time is up; the session then has the figures."""
        now = self._clock()
        if self._started is None and len(self._logs[0].arrivals().stop):
            self._started = now
        if self._started is None:
            return self.session.wait(0) or self._stopping.is_set() or self.seconds > FIRST_SAMPLE_TIMEOUT_S
        due = self._stopping.is_set() or now - self._started > WARM_UP_S + self._plan.seconds
        if due and self._figures is None:
            for each in self.figures():
                self.session.report(State("latency", latency_sentence(each), now))
            time.sleep(FIGURES_WORK_S)
        return due or self.session.wait(0)

    def _send_markers(self) -> None:
        """Send markers through the server and by LSL, once samples come."""
        while self._started is None:
            if self._stopping.wait(0.05):
                return
        with ExitStack() as stack:
            try:
                lsl = stack.enter_context(LslMarkerLoop(self.session, self._markers, self._clock))
            except EcgLiveError as error:
                print_notice(f"no markers by LSL: {error.message}")
                lsl = None
            correction = LslCorrection(self._uri)
            turn = 0
            while not self._stopping.wait(MARKER_WAITS_S[turn % len(MARKER_WAITS_S)]):
                self._send_marker(turn)
                if lsl is not None:
                    lsl.send(turn)
                self._markers.corrections += correction.measure(self._clock())
                turn += 1

    def _send_marker(self, turn: int) -> None:
        from ecg_live.markers.client import send_marker
        from ecg_live.markers.registry import matching_sessions

        endpoint = next((each for each in matching_sessions(os.getpid()) if each.source == self._uri), None)
        if endpoint is None:
            return
        sent = self._clock()
        try:
            send_marker(endpoint, f"{MARKER_TEXT} {turn}", sent)
        except EcgLiveError:
            return
        self._markers.round_trips.append(self._clock() - sent)

    def _marker_figures(self) -> Iterator[LatencyFigures]:
        markers = self._markers
        yield latency_figures("marker round trip", markers.round_trips, "sent, noted by all sinks, answered")
        yield latency_figures("LSL marker to session", markers.lsl, "its time is that of its stamp all the same")
        yield latency_figures("LSL marker, error of its time", np.abs(markers.stamps).tolist(), "beside its push")
        if markers.corrections:
            offsets = np.abs(markers.corrections).tolist()
            yield latency_figures("LSL clock offset", offsets, "time_correction, taken off every stamp")

    def _arrival_figures(self) -> Iterator[LatencyFigures]:
        from ecg_live.sinks.arrival_log import sample_to_pixel_delays

        arrivals, begun = self._logs[0].arrivals(), (self._started or 0.0) + WARM_UP_S
        warm = arrivals.arrived >= begun
        late = (arrivals.arrived - arrivals.newest)[warm]
        yield latency_figures("sample to arrival", late.tolist(), "from the stamp of a chunk's newest sample")
        paints = [] if self._probe is None else [each for each in self._probe.paints if each[0] >= begun]
        painted, drawn = np.array(paints, dtype=np.float64).reshape(-1, 2).T
        delays = sample_to_pixel_delays(arrivals, painted, drawn, self.session.info.rate, float(MODEL_RATE_HZ))
        ahead = f"of it {1000 * self.session.path.delay:.0f} ms the filters wait for later samples"
        yield latency_figures("arrival to pixel", delays.tolist(), self._no_pixels or ahead)

    def _edge_figures(self) -> Iterator[LatencyFigures]:
        from ecg_live.signal.edges import edge_delays

        times, values = self._logs[0].channel()
        if self._plan.flash is not None:
            made = np.array([] if self._square is None else self._square.flashes)
            delays = edge_delays(times, values, made, FLASH_BEFORE_S, FLASH_AFTER_S)
            note = _edge_note(delays, "flashes", self._plan.flash)
            yield latency_figures("flash to sample", delays.tolist(), self._no_pixels or note)
        if self._plan.tap is not None:
            made = np.array(self._key_presses())
            delays = edge_delays(times, values, made, TAP_BEFORE_S, TAP_AFTER_S)
            note = _edge_note(delays, "keys", self._plan.tap)
            yield latency_figures("key to sample of the tap", delays.tolist(), self._no_pixels or note)

    def _key_presses(self) -> list[float]:
        """Times of the markers that the user set with a key."""
        from ecg_live.events import Marker
        from ecg_live.results import Poll

        snapshot, _ = self.session.poll(Poll())
        markers = [event for event in snapshot.events if isinstance(event, Marker)]
        return [marker.time for marker in markers if not marker.text.startswith(MARKER_TEXT)]


def _edge_note(delays: F64, what: str, channel: str) -> str:
    """How many edges were found, and whether they can be those of what was made."""
    known = delays[np.isfinite(delays)]
    found = f"{len(known)} of {len(delays)} {what} show in {channel}"
    scattered = len(known) > 1 and float(np.ptp(np.percentile(known, (10, 90)))) > MAX_EDGE_SCATTER_S
    return f"{found}, but scatter: is the sensor in that channel?" if scattered else found


def _column(info: StreamInfo, wanted: str) -> int:
    """Column of a channel by its name or number.

    Raises
    ------
    ConfigError
        The stream has no such channel.
    """
    names = [name.casefold() for name in info.channels]
    if names.count(wanted.casefold()) == 1:
        return names.index(wanted.casefold())
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    raise ConfigError(f"the stream has no channel {wanted!r}", f"it has {', '.join(info.channels)}")
