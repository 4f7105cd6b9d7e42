"""The one row of engineering figures at the bottom of the window: losses, latency, clock, battery and disk."""

from __future__ import annotations

from PyQt6 import QtWidgets

from ecg_live.dashboard.theme import set_style_property
from ecg_live.dashboard.widgets import ElidedLabel, text_label
from ecg_live.presentation.formatting import NO_VALUE, clock_text, number_text, size_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.status import HIDDEN_AFTER_S, STALE_AFTER_S, Freshness, is_stale
from ecg_live.results import Snapshot

RESEARCH_USE_TEXT = "Research use only"
TEXT_PT = 9


class StatusField(QtWidgets.QWidget):
    """A caption and a figure side by side; hidden while it has none, if it is ``optional``."""

    def __init__(self, caption: str, *, optional: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(caption)
        self._optional = optional
        left = text_label(f"{caption} caption", TEXT_PT, muted=True)
        left.setText(caption)
        self._value = text_label(f"{caption} figure", TEXT_PT, bold=True)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(left)
        row.addWidget(self._value)
        self.setVisible(not optional)

    @property
    def value(self) -> str:
        """The figure as text."""
        return self._value.text()

    @property
    def dim(self) -> bool:
        """Whether the figure is dimmed."""
        return bool(self._value.property("muted"))

    @property
    def note(self) -> str:
        """What the tool tip adds."""
        return self.toolTip()

    def show_value(self, value: str, note: str = "", *, dim: bool = False) -> None:
        """Show a figure, dimmed when it is not live; the note is the tool tip."""
        self._value.setText(value)
        self.setToolTip(note)
        set_style_property(self._value, "muted", dim or value == NO_VALUE)
        self.setAccessibleDescription(f"{value} {note}".strip())
        if self._optional:
            self.setVisible(value != NO_VALUE)


class StatusRow(QtWidgets.QStatusBar):
    """Last event, the figures of stream and machine, and the intended use."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Status")
        self.setSizeGripEnabled(False)
        self.setContentsMargins(10, 0, 10, 3)
        self.event_line = ElidedLabel("Last event", TEXT_PT)
        self.drift = ElidedLabel("Device clock", TEXT_PT)
        self.drift.setProperty("muted", True)
        self.clock = StatusField("Stream time")
        self.latency = StatusField("Latency p95")
        self.lost = StatusField("Samples lost")
        self.battery = StatusField("Battery", optional=True)  # until the device reports a level
        self.disk = StatusField("Disk", optional=True)
        self.intended_use = text_label("Intended use", TEXT_PT)
        self.intended_use.setText(RESEARCH_USE_TEXT)
        self.help = text_label("Hint", TEXT_PT, muted=True)
        self.help.setText("? keys")
        self.addWidget(self.event_line, 3)
        self.addWidget(self.drift, 1)
        self.drift.hide()
        for widget in (self.clock, self.latency, self.lost, self.battery, self.disk, self.intended_use, self.help):
            self.addPermanentWidget(widget)

    def set_compact(self, *, compact: bool) -> None:
        """Leave out the hint."""
        self.help.setVisible(not compact)

    def show_snapshot(self, snapshot: Snapshot, live_values: LiveValues, fresh: Freshness) -> None:
        """Show the current figures; ``fresh`` is the age of the latest prediction."""
        known = live_values.last is not None and not fresh.gone
        dim = fresh.dim or is_stale(snapshot)
        latency = number_text(snapshot.latency_p95 if known else None, factor=1000)
        self.latency.show_value(
            f"{latency} ms" if latency != NO_VALUE else NO_VALUE, fresh.note if dim else "", dim=dim
        )
        if live_values.has_ecg:
            self.lost.show_value(*live_values.lost_samples(snapshot))
        else:
            self.lost.show_value(NO_VALUE, "no ECG", dim=True)
        old = snapshot.age > STALE_AFTER_S or is_stale(snapshot)
        waits = snapshot.samples and snapshot.age > HIDDEN_AFTER_S and not snapshot.ended
        self.clock.show_value(clock_text(snapshot.now), "no data" if waits else "", dim=old)
        battery = live_values.battery
        level = number_text(None if battery is None else battery.level, factor=100)
        self.battery.show_value(level if level == NO_VALUE else f"{level} %", dim=is_stale(snapshot))
        free = None if snapshot.recording is None else snapshot.recording.free
        self.disk.show_value(NO_VALUE if free is None else f"{size_text(free)} free")
        self.event_line.show_text(live_values.event)
        self.drift.show_text(live_values.drift)
        self.drift.setVisible(bool(live_values.drift))
