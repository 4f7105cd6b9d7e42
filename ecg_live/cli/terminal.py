"""Show a session in the terminal: trace, heart rate, quality, prediction; plain lines if it is not a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ecg_live.cli.study_terminal import StudyLines
from ecg_live.cli.terminal_charts import braille
from ecg_live.cli.terminal_texts import (
    LATENCY_NAME,
    event_line,
    fitting_hrv_text,
    heads_text,
    prediction_line,
    samples_text,
    value_rows,
)
from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F32, Gap, Marker, State, StreamEvent
from ecg_live.presentation.formatting import NO_VALUE, number_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.recording import recording_indicator, unsaved_text
from ecg_live.presentation.status import (
    NO_USABLE_ECG,
    STALE_AFTER_S,
    StatusLine,
    Tone,
    device_absent,
)
from ecg_live.results import Poll, Prediction, Snapshot
from ecg_live.session import Session
from ecg_live.study.run import StudyRun
from ecg_live.text import sanitize

POLL_INTERVAL_S = 0.1
TRACE_S = 6
FRAME_COLUMNS = 6  # columns beside names and values
TRACE_ROWS, MIN_TRACE_ROWS = 8, 2
MAX_TRACE_COLUMNS = 120
BORDER_ROWS = 3  # above and below the view, and the line of the cursor
RESEARCH_USE = "research use only"
TONE_STYLES: Mapping[Tone, str] = {
    "fault": "bold red",
    "rec": "bold red",
    "unusable": "bold magenta",
    "warn": "yellow",
    "live": "green",
    "info": "cyan",
    "paused": "cyan",
}
GRADE_STYLES: Mapping[str, str] = {"poor": "yellow", "unusable": "bold magenta"}


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
                live.update(view.render(console.width, console.height))
                if view.bell:
                    console.bell()
    else:
        ended = False
        while not ended:
            ended = session.wait(POLL_INTERVAL_S)
            for line in view.update():
                console.print(sanitize(line), soft_wrap=True, highlight=False, markup=False)
    console.print(summary_line(session), soft_wrap=True, highlight=False, markup=False)


class WearerCells(NamedTuple):
    """One wearer among several, as texts, with the style of its state."""

    style: str
    state: str
    detail: str
    heart_rate: str
    rmssd: str
    quality: str
    prediction: str
    samples: str
    lost: str
    latency: str


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

    def render(self, width: int, height: int) -> RenderableType:
        """The whole view, for a terminal of so many columns and lines; the trace leaves the other rows their room."""
        snapshot = self._snapshot
        assert snapshot is not None  # noqa: S101 - update() came first
        stale = (snapshot.age > STALE_AFTER_S or device_absent(snapshot)) and not snapshot.ended
        room = width - FRAME_COLUMNS - max([len(LATENCY_NAME), *(len(head.name) for head in self._session.heads)])
        strip = self._live_values.status_line(snapshot, time.monotonic())
        rows = [("state", f"{strip.word}  {strip.text}", _style(strip))]
        rows += [("study", self._study.text, "bold")] if self._study else []
        grade = self._last.quality.grade if self._last else ""
        for name, value in value_rows(snapshot, self._last, room, stale=stale):
            shown = name == "quality" and value != NO_VALUE
            rows.append((name, value, GRADE_STYLES.get(grade, "") if shown else ""))
        hrv = None if stale else self._live_values.recent_hrv(snapshot)
        rows.append(("HRV", fitting_hrv_text(hrv.hrv if hrv else None, room), ""))
        rows += [("samples", samples_text(snapshot, *self._live_values.lost_samples(snapshot)), "")]
        table = _table_of([*rows, *self._rows(snapshot)])
        below = Group(table, Text(sanitize(self._message), style="yellow"))
        columns = max(10, min(width - 4, MAX_TRACE_COLUMNS))
        left = height - BORDER_ROWS - len(Console(width=width - 4).render_lines(below))
        lines = braille(self._trace, columns, max(MIN_TRACE_ROWS, min(left, TRACE_ROWS)))
        trace = Text("\n".join(lines), style="dim" if stale else "cyan")
        now = f" · {snapshot.now:.1f} s"
        title = Text(sanitize(self._session.info.name) or "ECG")
        title.truncate(max(1, width - 6 - len(now)), overflow="ellipsis")
        return Panel(Group(trace, below), title=title.append(now), subtitle=RESEARCH_USE)

    def cells(self, now: float) -> WearerCells:
        """One wearer's row among several."""
        snapshot = self._snapshot
        assert snapshot is not None  # noqa: S101 - update() came first
        stale = (snapshot.age > STALE_AFTER_S or device_absent(snapshot)) and not snapshot.ended
        strip, last = self._live_values.status_line(snapshot, now), self._last
        values = dict(value_rows(snapshot, last, 0, stale=stale))
        fresh = None if values["quality"] == "--" else last
        heads = heads_text(fresh.heads) if fresh else NO_VALUE
        lost, _ = self._live_values.lost_samples(snapshot)
        return WearerCells(
            _style(strip),
            strip.word,
            strip.text,
            values["heart rate"].removesuffix(" bpm"),
            values["RMSSD"],
            NO_VALUE if fresh is None else fresh.quality.grade,
            heads,
            f"{snapshot.samples:,}",
            lost,
            values[LATENCY_NAME],
        )

    def _rows(self, snapshot: Snapshot) -> list[tuple[str, str, str]]:
        """Recording, markers and battery: names, values, styles."""
        silent = self._live_values.silence_duration(snapshot)
        strip = recording_indicator(snapshot, self._live_values.recording_failed, able=False, silent=silent)
        reason = self._live_values.recording_failed if strip.word == "RECORDING FAILED" else strip.text
        if snapshot.ended and strip.tone == "rec":
            strip = StatusLine("neutral", "RECORDED", strip.text)
        rows = [("recording", f"{strip.word}  {reason}".strip(), _style(strip))]
        if self._markers or self._live_values.markers_missing:
            missing = self._live_values.markers_missing
            rows.append(("markers", f"{self._markers}  {missing}".strip(), "yellow" if missing else ""))
        if self._live_values.battery is not None:
            rows.append(("battery", f"{number_text(self._live_values.battery.level, factor=100)} %", ""))
        return rows


def _table_of(rows: Sequence[tuple[str, str, str]]) -> Table:
    """Names beside values, each in its style."""
    table = Table.grid(padding=(0, 2))
    for name, value, style in rows:
        table.add_row(Text(name, style="dim"), Text(sanitize(value), style=style))
    return table


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


def _style(strip: StatusLine) -> str:
    return TONE_STYLES.get(strip.tone, "")
