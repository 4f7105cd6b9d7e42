"""Markers, recordings and baselines of all wearers or one, and what their sessions reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PyQt6 import QtWidgets

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.dialogs import ConfirmDialog, MarkerField, Toast
from ecg_live.dashboard.tiles.tile import Tile
from ecg_live.events import Clock, Marker, State
from ecg_live.presentation.formatting import capitalise, event_text
from ecg_live.presentation.markers import CONFIRMATION_TIMEOUT_S, DEFAULT_MARKER_TEXT
from ecg_live.presentation.recording import NO_RECORDING_REASON, is_recording
from ecg_live.presentation.status import Tone

ALL_ENDED = "All sessions have ended"
MAX_LISTED = 3  # names in a message


@dataclass(slots=True)
class RequestedMarker:
    """A marker that was asked of some wearers; ``waiting`` are those that have not confirmed it."""

    text: str
    time: float
    requested: float
    wearers: tuple[Tile, ...]
    waiting: list[Tile] = field(default_factory=list)
    unsaved: list[Tile] = field(default_factory=list)


class WearersController:
    """Passes requests to the sessions; only what each of them confirms counts as done.

    Parameters
    ----------
    tiles : sequence of Tile
    clock : Clock
        The sessions'; a marker gets the time at which its key is pressed, the same for all.
    host : QWidget
        Parent of messages and of the field for a marker's text.
    leave : callable
        Gives the focus back to a tile.
    """

    def __init__(
        self, tiles: Sequence[Tile], clock: Clock, host: QtWidgets.QWidget, leave: Callable[[], object]
    ) -> None:
        self._tiles = tuple(tiles)
        self._clock = clock
        self._host = host
        self._leave = leave
        self._requests: list[RequestedMarker] = []
        self._marker: tuple[float, Sequence[Tile]] = (0.0, ())  # time and wearers of the one that waits for its text
        self.count = 0
        self.event = ""
        self.question: ConfirmDialog | None = None
        self.toast = Toast(host)
        self.field = MarkerField(host)
        self.field.confirmed.connect(self._mark_with_text)
        self.field.cancelled.connect(self._close_field)

    @property
    def running(self) -> list[Tile]:
        """Tiles whose sessions have not ended."""
        return [tile for tile in self._tiles if tile.snapshot is None or not tile.snapshot.ended]

    @property
    def recorded(self) -> list[Tile]:
        """Tiles of running sessions that are recorded."""
        return [tile for tile in self.running if is_recording(tile.snapshot)]

    def update(self, tile: Tile, now: float) -> None:
        """Take the replies of a wearer's session, whose snapshot is new."""
        if tile.snapshot is None:
            return
        for event in tile.snapshot.events:
            if isinstance(event, Marker):
                placed = tile.markers.confirm(event)
                if placed is not None:
                    tile.sweep.show_marker(placed)
                self._confirm(tile, event)
            elif isinstance(event, State) and event.state in ("recording", "recorded"):
                self.show("info", f"{len(self.recorded)} of {len(self._tiles)} wearers are recorded")
            elif isinstance(event, State) and event.state == "recording_failed":
                self.show("fault", f"{tile.name}: {event.detail}")
            text = event_text(event, tile.view.info.rate)
            self.event = f"{tile.name}: {capitalise(text)}" if text else self.event
        self.toast.hide_when_due(now)

    def overdue(self, tile: Tile, now: float) -> str:
        """A warning about the first marker that a wearer's session has not confirmed in time; empty if none is."""
        for request in self._requests:
            if tile in request.waiting and now - request.requested > CONFIRMATION_TIMEOUT_S:
                return f"Marker {request.text} is not confirmed for {now - request.requested:.0f} s."
        return ""

    def mark(self, wearers: Sequence[Tile] = ()) -> None:
        """Take the time of a marker now and open the field for its text; for all wearers if none is named."""
        wearers = self._open(wearers)
        if not wearers:
            return
        if self.field.isVisible():
            self.field.line.setFocus()
            return
        self._marker = self._clock(), wearers
        self.field.open_for(f"this moment for {_names(wearers, self._tiles)}")

    def mark_quick(self, text: str, wearers: Sequence[Tile] = ()) -> None:
        """Request a marker with this text now; for all wearers if none is named."""
        if wearers := self._open(wearers):
            self._request_marker(self._clock(), text, wearers)

    def begin_baseline(self, wearers: Sequence[Tile] = ()) -> None:
        """Request a resting baseline; if one is running, ask before it begins again."""
        wearers = [tile for tile in self._open(wearers) if tile.view.info.channels]
        if not wearers:
            self.show("warn", f"{capitalise(NO_ECG)}: there is nothing to take a baseline of")
        elif any(tile.live_values.baseline_running for tile in wearers):
            self.ask("A baseline is running. Begin it again?", "Begin again", lambda: self._request_baseline(wearers))
        else:
            self._request_baseline(wearers)

    def toggle_recording(self, wearers: Sequence[Tile] = ()) -> None:
        """Record those of the wearers (all if none is named) that are not recorded; if all are, ask to stop."""
        wearers = self._open(wearers)
        missing = [tile for tile in wearers if not is_recording(tile.snapshot)]
        able = [tile for tile in missing if tile.view.can_record]
        if wearers and not missing:
            what = f"Stop the recording{'s' if len(wearers) > 1 else ''} of {_names(wearers, self._tiles)}?"
            self.ask(what, "Stop recording", lambda: self._stop_recordings(wearers))
        elif able:
            for tile in able:
                tile.view.record(True)
        elif wearers:
            self.show("warn", f"No recording: {NO_RECORDING_REASON} (see --record)")

    def may_close(self, close: Callable[[], object]) -> bool:
        """Return whether the window may close now; during a recording ask first, and ``close`` on confirmation."""
        if not self.recorded:
            return True
        count = len(self.recorded)
        what = "A recording is" if count == 1 else f"{count} recordings are"
        self.ask(f"{what} running: stop and close?", "Stop and close", close)
        return False

    def ask(self, text: str, yes: str, then: Callable[[], object]) -> None:
        """Open a question, unless one is open."""
        if self.question is None:
            self.question = ConfirmDialog(self._host.window() or self._host, text, yes, "Cancel", then)
            self.question.finished.connect(self._close_question)
            self.question.open()

    def show(self, tone: Tone, text: str) -> None:
        """Show a message."""
        self.toast.show_message(tone, text, self._clock())

    def _open(self, wearers: Sequence[Tile]) -> list[Tile]:
        """Those whose sessions have not ended, of all if none is named; a message if there is none."""
        running = [tile for tile in self.running if not wearers or tile in wearers]
        if not running:
            self.show("warn", f"The session of {wearers[0].name} has ended" if wearers else ALL_ENDED)
        return running

    def _request_marker(self, time: float, text: str, wearers: Sequence[Tile]) -> None:
        self._requests.append(RequestedMarker(text, time, self._clock(), tuple(wearers), list(wearers)))
        self.show("info", f"Marker {text} for {_names(wearers, self._tiles)}: pending")
        for tile in wearers:
            tile.markers.add_pending(time, text, self._clock())
            tile.view.mark(text, time)

    def _confirm(self, tile: Tile, marker: Marker) -> None:
        """Note a wearer's reply; the message comes with the last one."""
        for request in self._requests:
            if (request.text, request.time) == (marker.text, marker.time) and tile in request.waiting:
                request.waiting.remove(tile)
                if not is_recording(tile.snapshot):
                    request.unsaved.append(tile)
                if not request.waiting:
                    self._requests.remove(request)
                    self._show_confirmed(request)
                return

    def _show_confirmed(self, request: RequestedMarker) -> None:
        self.count += 1
        message = f"Marker {self.count}: {request.text} for {_names(request.wearers, self._tiles)}"
        if not request.unsaved:
            self.show("live", message)
            return
        which = "" if len(request.unsaved) == len(request.wearers) else f" for {_names(request.unsaved, self._tiles)}"
        self.show("warn", f"{message}, not saved{which}: nothing is recorded")

    def _mark_with_text(self, text: str) -> None:
        self._close_field()
        time, wearers = self._marker
        self._request_marker(time, text or DEFAULT_MARKER_TEXT, wearers)

    def _close_field(self) -> None:
        self.field.hide()
        self._leave()

    def _request_baseline(self, wearers: Sequence[Tile]) -> None:
        for tile in wearers:
            tile.view.begin_baseline()
        self.show("info", f"Baseline asked for, of {_names(wearers, self._tiles)}: sit still and rest")

    @staticmethod
    def _stop_recordings(wearers: Sequence[Tile]) -> None:
        for tile in wearers:
            tile.view.record(False)

    def _close_question(self) -> None:
        self.question = None


def _names(wearers: Sequence[Tile], tiles: Sequence[Tile]) -> str:
    """Name wearers: all of them, a few, or how many."""
    if len(wearers) == len(tiles):
        return f"all {len(wearers)}"
    if len(wearers) <= MAX_LISTED:
        return ", ".join(tile.name for tile in wearers)
    return f"{len(wearers)} of {len(tiles)}"
