"""The column of tiles at the right: vital signs, quality, latency, loss, clock and battery."""

from __future__ import annotations

from typing import ClassVar

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.theme import set_style_property
from ecg_live.dashboard.widgets import COMPACT_MARGINS_PX, PANEL_MARGINS_PX, Badge, Panel, style_text, text_label
from ecg_live.presentation.formatting import NO_VALUE, clock_text, number_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.status import HIDDEN_AFTER_S, STALE_AFTER_S, Freshness, Tone, is_stale
from ecg_live.results import Snapshot


class ValueTile(Panel):
    """A value with its caption, unit and a note below.

    Parameters
    ----------
    caption : str
    unit : str
    size, compact : int
        Point size of the value, and that in the compact layout: caption and value side by side, without the note.
    """

    def __init__(self, caption: str, unit: str = "", *, size: int = 20, compact: int = 12) -> None:
        super().__init__(caption)
        self._sizes = {False: size, True: compact}
        self._caption = text_label(f"{caption} caption", 9, muted=True)
        self._caption.setText(caption)
        self._value = text_label(caption, size, bold=True)
        self._unit = text_label(f"{caption} unit", 10, muted=True)
        self._unit.setText(unit)
        self._note = text_label(f"{caption} note", 9, muted=True)
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._value, 0, QtCore.Qt.AlignmentFlag.AlignBaseline)
        row.addWidget(self._unit, 1, QtCore.Qt.AlignmentFlag.AlignBaseline)
        self._box = QtWidgets.QBoxLayout(QtWidgets.QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(*PANEL_MARGINS_PX)
        self._box.setSpacing(1)
        self._box.addWidget(self._caption)
        self._box.addLayout(row)
        self._box.addWidget(self._note)
        self._box.addStretch(1)

    def set_compact(self, *, compact: bool) -> None:
        """Lay out caption and value side by side, without the note."""
        direction = QtWidgets.QBoxLayout.Direction
        self._box.setDirection(direction.LeftToRight if compact else direction.TopToBottom)
        self._box.setContentsMargins(*(COMPACT_MARGINS_PX if compact else PANEL_MARGINS_PX))
        self._box.setSpacing(10 if compact else 1)
        self._note.setVisible(not compact)
        style_text(self._value, self._sizes[compact], bold=True)

    @property
    def value(self) -> str:
        """The value as text."""
        return self._value.text()

    @property
    def note(self) -> str:
        """The note as text."""
        return self._note.text()

    @property
    def dim(self) -> bool:
        """Whether the value is dimmed."""
        return bool(self._value.property("muted"))

    def show_value(self, value: str, note: str = "", *, dim: bool = False) -> None:
        """Show a value, dimmed when it is not live."""
        self._value.setText(value)
        self._note.setText(note)
        set_style_property(self._value, "muted", dim or value == NO_VALUE)
        self.setAccessibleDescription(f"{value} {self._unit.text()} {note}".strip())


class RowTile(Panel):
    """A caption and a value side by side."""

    def __init__(self, caption: str) -> None:
        super().__init__(caption)
        left = text_label(f"{caption} caption", 9, muted=True)
        left.setText(caption)
        self._value = text_label(caption, 11, bold=True)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(PANEL_MARGINS_PX[0], 5, PANEL_MARGINS_PX[2], 5)
        row.addWidget(left, 1)
        row.addWidget(self._value)

    @property
    def value(self) -> str:
        """The value as text."""
        return self._value.text()

    @property
    def dim(self) -> bool:
        """Whether the value is dimmed."""
        return bool(self._value.property("muted"))

    def show_value(self, value: str, *, dim: bool) -> None:
        """Show a value, dimmed when it is not live."""
        self._value.setText(value)
        set_style_property(self._value, "muted", dim)
        self.setAccessibleDescription(value)


class QualityTile(Panel):
    """The signal quality: its grade as a badge, and the reasons."""

    TONES: ClassVar[dict[str, Tone]] = {"good": "live", "poor": "warn", "unusable": "unusable"}

    def __init__(self) -> None:
        super().__init__("Signal quality")
        caption = text_label("Signal quality caption", 9, muted=True)
        caption.setText("Signal quality")
        self.badge = Badge("Signal quality grade")
        self.reasons = text_label("Signal quality reasons", 9)
        self.reasons.setWordWrap(True)
        self.reasons.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(*PANEL_MARGINS_PX)
        self._column.setSpacing(5)
        self._column.addWidget(caption)
        self._column.addWidget(self.badge)
        self._column.addWidget(self.reasons, 1)

    def set_compact(self, *, compact: bool) -> None:
        """Lay out the parts closer together."""
        self._column.setContentsMargins(*(COMPACT_MARGINS_PX if compact else PANEL_MARGINS_PX))
        self._column.setSpacing(1 if compact else 5)

    def show_grade(self, grade: str, reasons: tuple[str, ...], *, dim: bool) -> None:
        """Show a grade, dimmed when it is not live."""
        tone: Tone = "neutral" if dim else self.TONES.get(grade, "neutral")
        self.badge.show_state(tone, grade.upper())
        self.reasons.setText("; ".join(reasons))
        self.reasons.setToolTip("\n".join(reasons))
        set_style_property(self.reasons, "muted", dim)


class VitalsPanel(QtWidgets.QWidget):
    """Shows the values of a snapshot; those of an old prediction are dimmed, then hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Numbers")
        self.setFixedWidth(190)
        self.heart_rate = ValueTile("Heart rate", "bpm", size=36, compact=18)
        self.rmssd = ValueTile("RMSSD", "ms")
        self.quality = QualityTile()
        self.latency = ValueTile("Latency p95", "ms")
        self.lost = ValueTile("Samples lost")
        self.clock = ValueTile("Stream time")
        self.battery = RowTile("Battery")
        self.battery.hide()  # until the device reports a level
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        tiles = (self.heart_rate, self.rmssd, self.quality, self.latency, self.lost, self.clock, self.battery)
        for tile, stretch in zip(tiles, (4, 3, 4, 3, 3, 3, 0), strict=True):
            self._column.addWidget(tile, stretch)

    def set_compact(self, *, compact: bool) -> None:
        """Draw the tiles smaller and closer together."""
        self._column.setSpacing(4 if compact else 8)
        for tile in (self.heart_rate, self.rmssd, self.quality, self.latency, self.lost, self.clock):
            tile.set_compact(compact=compact)

    def show_snapshot(self, snapshot: Snapshot, live_values: LiveValues, fresh: Freshness) -> None:
        """Show the current values; ``fresh`` is the age of the latest prediction."""
        last = None if fresh.gone else live_values.last
        dim = fresh.dim or is_stale(snapshot)
        note = fresh.note if dim and last else ""
        self._show_heart_rate(snapshot, live_values, fresh)
        self.rmssd.show_value(number_text(last.rmssd if last else None), note, dim=dim)
        if last is None:
            self.quality.show_grade(NO_VALUE, (), dim=True)
        else:
            reasons = last.quality.reasons
            self.quality.show_grade(last.quality.grade, (note, *reasons) if note else reasons, dim=dim)
        self.latency.show_value(number_text(snapshot.latency_p95 if last else None, factor=1000), note, dim=dim)
        self._show_stream(snapshot, live_values)

    def _show_heart_rate(self, snapshot: Snapshot, live_values: LiveValues, fresh: Freshness) -> None:
        """Show the heart rate of the latest prediction, or else the one that a strap reports."""
        predicted = None if fresh.gone or live_values.last is None else live_values.last.heart_rate
        beats = live_values.beats
        from_strap = predicted is None and beats is not None and snapshot.age <= HIDDEN_AFTER_S
        age = snapshot.age if from_strap else fresh.age
        dim = is_stale(snapshot) or (age > STALE_AFTER_S if from_strap else fresh.dim)
        value = number_text(beats.heart_rate if from_strap and beats else predicted)
        self.heart_rate.show_value(value, f"{number_text(age)} s old" if dim and value != NO_VALUE else "", dim=dim)

    def _show_stream(self, snapshot: Snapshot, live_values: LiveValues) -> None:
        if live_values.has_ecg:
            self.lost.show_value(*live_values.lost_samples(snapshot))
        else:
            self.lost.show_value(NO_VALUE, "no ECG", dim=True)
        old = snapshot.age > STALE_AFTER_S or is_stale(snapshot)
        waits = snapshot.samples and snapshot.age > HIDDEN_AFTER_S and not snapshot.ended
        self.clock.show_value(clock_text(snapshot.now), "no data" if waits else "", dim=old)
        if live_values.battery is not None:
            level = number_text(live_values.battery.level, factor=100)
            self.battery.show_value(level if level == NO_VALUE else f"{level} %", dim=is_stale(snapshot))
            self.battery.show()
