"""Show a session in the terminal: trace, heart rate, quality, prediction; plain lines if it is not a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ecg_live.cli.study_terminal import StudyLines
from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F32, Gap, Marker, State, StreamEvent
from ecg_live.presentation.formatting import event_text, hrv_text, number_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.recording import recording_indicator, unsaved_text
from ecg_live.presentation.status import (
    NO_USABLE_ECG,
    STALE_AFTER_S,
    UNDECIDED_LABEL,
    StatusLine,
    Tone,
    abstention_text,
    device_absent,
    interval_text,
    result_state,
    value_text,
)
from ecg_live.results import HeadResult, Poll, Prediction, Snapshot
from ecg_live.session import Session
from ecg_live.study.run import StudyRun
from ecg_live.text import sanitize

POLL_INTERVAL_S = 0.1
TRACE_S = 6
FRAME_COLUMNS = 6  # columns beside names and values
LATENCY_NAME = "latency p95"  # the longest name of a value that does not belong to a head
TRACE_ROWS = 8  # braille characters have 4 dots each
TONE_STYLES: Mapping[Tone, str] = {
    "fault": "bold red",
    "rec": "bold red",
    "unusable": "bold magenta",
    "warn": "yellow",
    "live": "green",
    "info": "cyan",
    "paused": "cyan",
}
MAX_BAR_CHARACTERS = 20  # of a full probability bar
MIN_BAR_CHARACTERS = 4  # probabilities without room for it are numbers


def show_in_terminal(session: Session, console: Console | None = None, study: StudyRun | None = None) -> None:
    """Follow a session to its end, and the study that runs in it."""
    console = console or Console()
    view = TerminalView(session, study)
    if console.is_terminal:
        with Live(console=console, refresh_per_second=1 / POLL_INTERVAL_S, transient=False) as live:
            ended = False
            while not ended:
                ended = session.wait(POLL_INTERVAL_S)
                view.update()
                live.update(view.render(console.width))
                if view.bell:
                    console.bell()
    else:
        ended = False
        while not ended:
            ended = session.wait(POLL_INTERVAL_S)
            for line in view.update():
                console.print(sanitize(line), soft_wrap=True, highlight=False, markup=False)
    console.print(summary_line(session), soft_wrap=True, highlight=False, markup=False)


class TerminalView:
    """A session's latest values and events as text.

    Parameters
    ----------
    session : Session
    study : StudyRun, optional
        Runs in the session.
    """

    def __init__(self, session: Session, study: StudyRun | None = None) -> None:
        self._session = session
        self._study = None if study is None else StudyLines(study)
        self._cursor = Poll()
        self._trace: F32 = np.full(TRACE_S * MODEL_RATE_HZ, np.nan, dtype=np.float32)
        self._snapshot: Snapshot | None = None
        self._last: Prediction | None = None
        self._message = ""
        self._countdown = ""  # state that counts down now
        self._live_values, self._markers, self._unusable = LiveValues(session.info), 0, False

    def update(self) -> list[str]:
        """Poll the session; return one line for each new prediction and event."""
        snapshot, self._cursor = self._session.poll(self._cursor)
        self._trace = np.concatenate((self._trace, snapshot.trace))[-len(self._trace) :]
        self._snapshot = snapshot
        self._live_values.update(snapshot, time.monotonic())
        self._markers += sum(isinstance(event, Marker) for event in snapshot.events)
        lines = list(self._event_lines(snapshot.events))
        if snapshot.predictions:
            self._last = snapshot.predictions[-1]
        lines += [prediction_line(prediction) for prediction in snapshot.predictions]
        return [*lines, *self._usability(snapshot), *(self._study.update() if self._study else ())]

    @property
    def bell(self) -> bool:
        """Whether a block has ended that is to be heard."""
        return self._study is not None and self._study.bell

    def _usability(self, snapshot: Snapshot) -> Iterator[str]:
        """A line when the signal becomes unusable, and when it is usable again."""
        strip = self._live_values.status_line(snapshot, time.monotonic())
        unusable = self._live_values.unusable_duration(snapshot) is not None
        if unusable and not self._unusable and strip.word == NO_USABLE_ECG:
            yield f"{strip.word} {strip.text}"
        elif self._unusable and not unusable:
            yield "the ECG is usable again"
        self._unusable = unusable

    def _event_lines(self, events: Sequence[StreamEvent]) -> Iterator[str]:
        """Lines of events; of a countdown only the first, so that the reason for a wait is shown."""
        for event in events:
            if line := event_line(event, self._session.info.rate):
                lost = unsaved_text(self._snapshot) if isinstance(event, Marker) else ""
                line += f", {lost}" if lost else ""
                self._message = line
                yield line
            if isinstance(event, Gap):
                self._countdown = ""
            elif isinstance(event, State) and event.seconds_left is not None:
                if event.state != self._countdown:
                    yield f"{event.state}: {event.detail}"
                self._countdown = event.state

    def render(self, width: int) -> RenderableType:
        """The whole view, for a terminal of ``width`` columns."""
        snapshot = self._snapshot
        assert snapshot is not None  # noqa: S101 - update() came first
        stale = (snapshot.age > STALE_AFTER_S or device_absent(snapshot)) and not snapshot.ended
        table = Table.grid(padding=(0, 2))
        room = width - FRAME_COLUMNS - max([len(LATENCY_NAME), *(len(head.name) for head in self._session.heads)])
        strip = self._live_values.status_line(snapshot, time.monotonic())
        rows = [("state", f"{strip.word}  {strip.text}", _style(strip))]
        rows += [("study", self._study.text, "bold")] if self._study else []
        rows += [(name, value, "") for name, value in value_rows(snapshot, self._last, room, stale=stale)]
        hrv = None if stale else self._live_values.recent_hrv(snapshot)
        rows.append(("HRV", hrv_text(hrv.hrv if hrv else None), ""))
        lost, note = self._live_values.lost_samples(snapshot)
        rows.append(("samples", f"{snapshot.samples} ({lost} lost{note and f', {note}'})", ""))
        for name, value, style in [*rows, *self._rows(snapshot)]:
            table.add_row(Text(name, style="dim"), Text(sanitize(value), style=style))
        trace = Text("\n".join(braille(self._trace, max(10, min(width - 4, 120)))), style="dim" if stale else "cyan")
        title = f"{sanitize(self._session.info.name) or 'ECG'} · {snapshot.now:.1f} s · research use only"
        return Panel(Group(trace, table, Text(sanitize(self._message), style="yellow")), title=Text(title))

    def cells(self, now: float) -> tuple[str, list[str]]:
        """One wearer's row among several: its style, and the values from the state to the latency."""
        snapshot = self._snapshot
        assert snapshot is not None  # noqa: S101 - update() came first
        stale = (snapshot.age > STALE_AFTER_S or device_absent(snapshot)) and not snapshot.ended
        strip, last = self._live_values.status_line(snapshot, now), self._last
        values = dict(value_rows(snapshot, last, 0, stale=stale))
        fresh = None if values["quality"] == "--" else last
        heads = "  ".join(f"{name}{head_suffix(head)}" for name, head in fresh.heads.items()) if fresh else "--"
        lost, _ = self._live_values.lost_samples(snapshot)
        return _style(strip), [
            f"{strip.word}  {strip.text}".strip(),
            values["heart rate"].removesuffix(" bpm"),
            values["RMSSD"],
            values["quality"],
            heads,
            f"{snapshot.samples}",
            f"{lost}",
            values[LATENCY_NAME],
        ]

    def _rows(self, snapshot: Snapshot) -> list[tuple[str, str, str]]:
        """Recording, markers and battery: names, values, styles."""
        silent = self._live_values.silence_duration(snapshot)
        strip = recording_indicator(snapshot, self._live_values.recording_failed, able=False, silent=silent)
        reason = self._live_values.recording_failed if strip.word == "RECORDING FAILED" else strip.text
        rows = [("recording", f"{strip.word}  {reason}".strip(), _style(strip))]
        if self._markers or self._live_values.markers_missing:
            missing = self._live_values.markers_missing
            rows.append(("markers", f"{self._markers}  {missing}".strip(), "yellow" if missing else ""))
        if self._live_values.battery is not None:
            rows.append(("battery", f"{number_text(self._live_values.battery.level, factor=100)} %", ""))
        return rows


def value_rows(snapshot: Snapshot, last: Prediction | None, room: int, *, stale: bool) -> list[tuple[str, str]]:
    """Names and values below the trace; dashes for values that are unknown.

    Parameters
    ----------
    snapshot : Snapshot
    last : Prediction, optional
        The latest one.
    room : int
        Characters that the probabilities of a head may take.
    stale : bool
        The latest prediction is too old to show.
    """
    fresh = None if stale or snapshot.state.state in {"warming_up", "gap"} else last
    rows = [("heart rate", f"{fresh.heart_rate:.0f} bpm" if fresh and fresh.heart_rate else "--")]
    rows.append(("RMSSD", f"{fresh.rmssd:.0f} ms" if fresh and fresh.rmssd is not None else "--"))
    rows.append(("quality", _quality_text(fresh) if fresh else "--"))
    for name, head in fresh.heads.items() if fresh else ():
        rows.append((name.replace("_", " "), _head_text(head, room)))
    latency = f"{snapshot.latency_p95 * 1000:.0f} ms" if snapshot.latency_p95 is not None else "--"
    return [*rows, (LATENCY_NAME, latency)]


def _head_text(head: HeadResult, room: int) -> str:
    """Probabilities of a head in at most ``room`` characters, marked if undecided; or its reason to abstain."""
    if result_state(head) == "number" and head.scale is not None:
        return f"{value_text(head.value)}  ({interval_text(head)}; scale {head.scale[0]:g} to {head.scale[1]:g})"
    if not head.probs:
        return f"abstains: {abstention_text(head)}"
    prefix = f"{UNDECIDED_LABEL}  " if result_state(head) == "low" else ""
    return prefix + bars(head.probs, max(0, room - len(prefix)))


def prediction_line(item: Prediction) -> str:
    """One prediction as a plain line."""
    heads = [f"{name}{head_suffix(head)}" for name, head in item.heads.items()]
    rate = f"{item.heart_rate:.0f} bpm" if item.heart_rate else "-- bpm"
    return f"{item.stop:8.1f} s  {rate}  {_quality_text(item)}  " + "  ".join(heads)


def event_line(event: StreamEvent, rate: float) -> str:
    """One event as a plain line; empty for those that only count down."""
    if isinstance(event, State):
        counts = event.state == "warming_up" or event.seconds_left is not None
        return "" if counts else f"{event.state}: {event.detail}"
    return event_text(event, rate)


def summary_line(session: Session) -> str:
    """The summary as one line."""
    s = session.summary
    assert s is not None  # noqa: S101 - the session has ended
    rate = session.info.rate
    paused = f", {s.paused / rate:.0f} s of pauses between the file's parts" if s.paused and rate else ""
    return (
        f"{s.samples} samples, {s.lost} lost{paused}; {s.predictions} predictions, {s.abstained} abstained; "
        f"{s.wall:.1f} s of wall time, {s.speed:.1f} x real time"
    )


def braille(x: F32, columns: int) -> list[str]:
    """A signal as rows of braille dots, scaled to the range in view; blank where samples are missing."""
    dots = np.zeros((TRACE_ROWS * 4, columns * 2), dtype=bool)
    known = x[np.isfinite(x)]
    if len(known) and (high := float(known.max())) > (low := float(known.min())):
        edges = np.linspace(0, len(x), columns * 2 + 1).astype(int)
        for column, (start, stop) in enumerate(pairwise(edges.tolist())):
            piece = x[start : stop + 1]
            piece = piece[np.isfinite(piece)]
            if len(piece):
                top, bottom = (
                    round((high - float(v)) / (high - low) * (TRACE_ROWS * 4 - 1)) for v in (piece.max(), piece.min())
                )
                dots[top : bottom + 1, column] = True
    weights = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # Unicode braille patterns
    cells = dots.reshape(TRACE_ROWS, 4, columns, 2)
    codes = (cells * weights[None, :, None, :]).sum(axis=(1, 3)) + 0x2800
    return ["".join(map(chr, row)) for row in codes]


def bars(probs: Mapping[str, float], room: int) -> str:
    """Probabilities in at most ``room`` characters: as bars if they fit, else as numbers with the likeliest first."""
    bar = (room + 2 - sum(len(label) + 8 for label in probs)) // len(probs)
    if bar >= MIN_BAR_CHARACTERS:
        bar = min(bar, MAX_BAR_CHARACTERS)
        return "  ".join(f"{label} {'█' * round(p * bar):<{bar}} {p:.2f}" for label, p in probs.items())
    likeliest = sorted(probs.items(), key=lambda each: -each[1])
    text = "  ".join(f"{label} {p:.2f}" for label, p in likeliest)
    return text if len(text) <= room else text[: max(0, room - 1)] + "…"


def head_suffix(head: HeadResult) -> str:
    """What follows a head's name in a line: its answer, or the reason why it abstains."""
    if result_state(head) == "number":
        return f" {value_text(head.value)} ({interval_text(head)})"
    if not head.probs or head.label is None:
        return f": {abstention_text(head)}"
    likeliest = f"{head.label} {head.probs[head.label]:.2f}"
    return f" {UNDECIDED_LABEL} ({likeliest})" if result_state(head) == "low" else f" {likeliest}"


def _style(strip: StatusLine) -> str:
    return TONE_STYLES.get(strip.tone, "")


def _quality_text(item: Prediction) -> str:
    return item.quality.grade + (f" ({', '.join(item.quality.reasons)})" if item.quality.reasons else "")
