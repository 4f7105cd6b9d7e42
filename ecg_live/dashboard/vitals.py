"""The column of tiles at the right: vital signs, quality, latency, loss, clock and battery."""

from __future__ import annotations

from pyqtgraph.Qt import QtWidgets

from ecg_live.dashboard.widgets import QualityTile, RowTile, ValueTile
from ecg_live.presentation.formatting import NO_VALUE, clock_text, number_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.status import HIDDEN_AFTER_S, STALE_AFTER_S, Freshness, is_stale
from ecg_live.results import Snapshot


class VitalsPanel(QtWidgets.QWidget):
    """Shows the numbers of a snapshot; those of an old prediction are dimmed, then gone."""

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
        self.battery.hide()  # until a device tells
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

    def show_snapshot(self, snapshot: Snapshot, readings: LiveValues, fresh: Freshness) -> None:
        """Show what is known now; ``fresh`` tells how old the latest prediction is."""
        last = None if fresh.gone else readings.last
        dim = fresh.dim or is_stale(snapshot)
        note = fresh.note if dim and last else ""
        self._show_pulse(snapshot, readings, fresh)
        self.rmssd.show_value(number_text(last.rmssd if last else None), note, dim=dim)
        if last is None:
            self.quality.show_grade(NO_VALUE, (), dim=True)
        else:
            reasons = last.quality.reasons
            self.quality.show_grade(last.quality.grade, (note, *reasons) if note else reasons, dim=dim)
        self.latency.show_value(number_text(snapshot.latency_p95 if last else None, factor=1000), note, dim=dim)
        self._show_stream(snapshot, readings)

    def _show_pulse(self, snapshot: Snapshot, readings: LiveValues, fresh: Freshness) -> None:
        """Show the model's heart rate; where no prediction tells one, that which a strap told itself."""
        told = None if fresh.gone or readings.last is None else readings.last.heart_rate
        beats = readings.beats
        own = told is None and beats is not None and snapshot.age <= HIDDEN_AFTER_S
        age = snapshot.age if own else fresh.age
        dim = is_stale(snapshot) or (age > STALE_AFTER_S if own else fresh.dim)
        value = number_text(beats.heart_rate if own and beats else told)
        self.heart_rate.show_value(value, f"{number_text(age)} s old" if dim and value != NO_VALUE else "", dim=dim)

    def _show_stream(self, snapshot: Snapshot, readings: LiveValues) -> None:
        if readings.ecg:
            self.lost.show_value(*readings.lost(snapshot))
        else:
            self.lost.show_value(NO_VALUE, "no ECG", dim=True)
        old = snapshot.age > STALE_AFTER_S or is_stale(snapshot)
        waits = snapshot.samples and snapshot.age > HIDDEN_AFTER_S and not snapshot.ended
        self.clock.show_value(clock_text(snapshot.now), "no data" if waits else "", dim=old)
        if readings.battery is not None:
            level = number_text(readings.battery.level, factor=100)
            self.battery.show_value(level if level == NO_VALUE else f"{level} %", dim=is_stale(snapshot))
            self.battery.show()
