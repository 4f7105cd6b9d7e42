"""The column beside the affect: heart rate and its variability with their trends, and the signal quality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.text_scale import fix_width, style_text
from ecg_live.dashboard.theme import Palette, set_style_property
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.dashboard.trend import TrendChart
from ecg_live.dashboard.widgets import COMPACT_MARGINS_PX, Badge, ElidedLabel, Panel, text_label
from ecg_live.presentation.formatting import NO_VALUE, hrv_brief, hrv_text, number_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.status import HIDDEN_AFTER_S, STALE_AFTER_S, Freshness, Tone, is_stale
from ecg_live.results import HrvResult, Snapshot

WIDTH_PX, COMPACT_WIDTH_PX = 320, 165
TILE_MARGINS_PX = (12, 4, 12, 4)
WORDS_WIDTH_PX = 112  # of caption and value, left of the trend


class TrendTile(Panel):
    """A value with its caption, unit and a note, and its trend over the session at the right.

    Parameters
    ----------
    caption, unit : str
    trend : TrendChart
    size, compact : int
        Point size of the value, and that in the compact layout, which has neither note nor trend.
    """

    def __init__(self, caption: str, unit: str, trend: TrendChart, *, size: int, compact: int) -> None:
        super().__init__(caption)
        self._sizes = {False: size, True: compact}
        self.trend = trend
        self._caption = text_label(f"{caption} caption", 9, muted=True)
        self._caption.setText(caption)
        self._value = text_label(caption, size, bold=True)
        self._unit = text_label(f"{caption} unit", 10, muted=True)
        self._unit.setText(unit)
        self._note = ElidedLabel(f"{caption} note", 9)
        self._note.setProperty("muted", True)
        self._words = QtWidgets.QWidget()
        self._words.setAccessibleName(f"{caption} words")
        fix_width(self._words, WORDS_WIDTH_PX)
        answer = QtWidgets.QHBoxLayout()
        answer.setSpacing(6)
        answer.addWidget(self._value, 0, QtCore.Qt.AlignmentFlag.AlignBaseline)
        answer.addWidget(self._unit, 1, QtCore.Qt.AlignmentFlag.AlignBaseline)
        column = QtWidgets.QVBoxLayout(self._words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._caption)
        column.addLayout(answer)
        column.addWidget(self._note)
        column.addStretch(1)
        self._row = QtWidgets.QHBoxLayout(self)
        self._row.setContentsMargins(*TILE_MARGINS_PX)
        self._row.setSpacing(6)
        self._row.addWidget(self._words, 0, QtCore.Qt.AlignmentFlag.AlignLeft)
        self._row.addWidget(trend, 1)

    def set_compact(self, *, compact: bool) -> None:
        """Show caption and value alone."""
        self._row.setContentsMargins(*(COMPACT_MARGINS_PX if compact else TILE_MARGINS_PX))
        for part in (self._note, self.trend):
            part.setVisible(not compact)
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
        self._note.show_text(note)
        set_style_property(self._value, "muted", dim or value == NO_VALUE)
        self.setAccessibleDescription(f"{value} {self._unit.text()} {note}".strip())


class HrvTile(Panel):
    """Heart rate variability of the last minutes in one line, or why there is none; all of it is in the tool tip."""

    def __init__(self) -> None:
        super().__init__("Heart rate variability")
        self._caption = text_label("Heart rate variability caption", 9, muted=True)
        self.values = ElidedLabel("Heart rate variability values", 10)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(*COMPACT_MARGINS_PX)
        column.setSpacing(1)
        column.addWidget(self._caption)
        column.addWidget(self.values)

    def show_result(self, result: HrvResult | None, *, dim: bool) -> None:
        """Show the latest result, dimmed when the signal is not live."""
        hrv = result.hrv if result is not None else None
        self._caption.setText(f"HRV over {hrv.seconds:.0f} s" if hrv is not None else "HRV")
        self.values.show_text(hrv_brief(hrv))
        self.values.setToolTip(hrv_text(hrv))
        self.setAccessibleDescription(hrv_text(hrv))
        set_style_property(self.values, "muted", dim or hrv is None or hrv.reason is not None)


class QualityTile(Panel):
    """The signal quality: its grade as a badge, and the reasons."""

    TONES: ClassVar[dict[str, Tone]] = {"good": "live", "poor": "warn", "unusable": "unusable"}

    def __init__(self) -> None:
        super().__init__("Signal quality")
        caption = text_label("Signal quality caption", 9, muted=True)
        caption.setText("Quality")
        self.badge = Badge("Signal quality grade")
        self.reasons = text_label("Signal quality reasons", 9)
        self.reasons.setWordWrap(True)
        self.reasons.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        top = QtWidgets.QHBoxLayout()
        top.addWidget(caption)
        top.addWidget(self.badge)
        top.addStretch(1)
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(*COMPACT_MARGINS_PX)
        self._column.setSpacing(2)
        self._column.addLayout(top)
        self._column.addWidget(self.reasons, 1)

    def show_grade(self, grade: str, reasons: tuple[str, ...], *, dim: bool) -> None:
        """Show a grade, dimmed when it is not live."""
        tone: Tone = "neutral" if dim else self.TONES.get(grade, "neutral")
        self.badge.show_state(tone, grade.upper())
        self.reasons.setText("; ".join(reasons))
        self.reasons.setToolTip("\n".join(reasons))
        set_style_property(self.reasons, "muted", dim)


class VitalsPanel(QtWidgets.QWidget):
    """Shows the values of a snapshot; those of an old prediction are dimmed, then hidden."""

    def __init__(self, timeline: SessionTimeline, palette: Palette) -> None:
        super().__init__()
        self.setAccessibleName("Numbers")
        fix_width(self, WIDTH_PX)
        rate = TrendChart("Heart rate", timeline.heart_rate, timeline, palette)
        rmssd = TrendChart("RMSSD", timeline.rmssd, timeline, palette)
        self.heart_rate = TrendTile("Heart rate", "bpm", rate, size=28, compact=18)
        self.rmssd = TrendTile("RMSSD now", "ms", rmssd, size=20, compact=12)
        self.hrv = HrvTile()
        self.quality = QualityTile()
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        for tile, stretch in ((self.heart_rate, 4), (self.rmssd, 4), (self.hrv, 0), (self.quality, 2)):
            self._column.addWidget(tile, stretch)

    @property
    def trends(self) -> Sequence[TrendChart]:
        """The charts."""
        return self.heart_rate.trend, self.rmssd.trend

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        for trend in self.trends:
            trend.restyle(palette)

    def set_compact(self, *, compact: bool) -> None:
        """Draw the tiles smaller and closer together, without trends."""
        self._column.setSpacing(4 if compact else 8)
        fix_width(self, COMPACT_WIDTH_PX if compact else WIDTH_PX)
        for tile in (self.heart_rate, self.rmssd):
            tile.set_compact(compact=compact)
        self.hrv.setVisible(not compact)

    def show_snapshot(self, snapshot: Snapshot, live_values: LiveValues, fresh: Freshness) -> None:
        """Show the current values; ``fresh`` is the age of the latest prediction."""
        last = None if fresh.gone else live_values.last
        dim = fresh.dim or is_stale(snapshot)
        note = fresh.note if dim and last else ""
        self._show_heart_rate(snapshot, live_values, fresh)
        self.rmssd.show_value(number_text(last.rmssd if last else None), note, dim=dim)
        self.hrv.show_result(None if fresh.gone else live_values.recent_hrv(snapshot), dim=dim)
        if last is None:
            self.quality.show_grade(NO_VALUE, (), dim=True)
        else:
            reasons = last.quality.reasons
            self.quality.show_grade(last.quality.grade, (note, *reasons) if note else reasons, dim=dim)
        for trend in self.trends:
            trend.show_new()

    def _show_heart_rate(self, snapshot: Snapshot, live_values: LiveValues, fresh: Freshness) -> None:
        """Show the heart rate of the latest prediction, or else the one that a strap reports."""
        predicted = None if fresh.gone or live_values.last is None else live_values.last.heart_rate
        beats = live_values.beats
        from_strap = predicted is None and beats is not None and snapshot.age <= HIDDEN_AFTER_S
        age = snapshot.age if from_strap else fresh.age
        dim = is_stale(snapshot) or (age > STALE_AFTER_S if from_strap else fresh.dim)
        value = number_text(beats.heart_rate if from_strap and beats else predicted)
        self.heart_rate.show_value(value, f"{number_text(age)} s old" if dim and value != NO_VALUE else "", dim=dim)
