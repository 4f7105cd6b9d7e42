"""The column of tiles at the right: vital signs, quality, latency, loss, clock and battery."""

from __future__ import annotations

from pyqtgraph.Qt import QtWidgets

from ecg_live.dashboard.widgets import QualityTile, RowTile, Tile
from ecg_live.presentation.formatting import NOTHING, clock_text, number
from ecg_live.presentation.live_values import Readings
from ecg_live.presentation.status import DIM_AFTER, GONE_AFTER, Freshness, dimmed
from ecg_live.results import Snapshot


class Numbers(QtWidgets.QWidget):
    """Shows the numbers of a snapshot; those of an old prediction are dimmed, then gone."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Numbers")
        self.setFixedWidth(190)
        self.heart_rate = Tile("Heart rate", "bpm", size=36, compact=18)
        self.rmssd = Tile("RMSSD", "ms")
        self.quality = QualityTile()
        self.latency = Tile("Latency p95", "ms")
        self.lost = Tile("Samples lost")
        self.clock = Tile("Stream time")
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

    def show_snapshot(self, snapshot: Snapshot, readings: Readings, fresh: Freshness) -> None:
        """Show what is known now; ``fresh`` tells how old the latest prediction is."""
        last = None if fresh.gone else readings.last
        dim = fresh.dim or dimmed(snapshot)
        note = fresh.note if dim and last else ""
        self._show_pulse(snapshot, readings, fresh)
        self.rmssd.show_value(number(last.rmssd if last else None), note, dim=dim)
        if last is None:
            self.quality.show_grade(NOTHING, (), dim=True)
        else:
            reasons = last.quality.reasons
            self.quality.show_grade(last.quality.grade, (note, *reasons) if note else reasons, dim=dim)
        self.latency.show_value(number(snapshot.latency_p95 if last else None, factor=1000), note, dim=dim)
        self._show_stream(snapshot, readings)

    def _show_pulse(self, snapshot: Snapshot, readings: Readings, fresh: Freshness) -> None:
        """Show the model's heart rate; where no prediction tells one, that which a strap told itself."""
        told = None if fresh.gone or readings.last is None else readings.last.heart_rate
        beats = readings.beats
        own = told is None and beats is not None and snapshot.age <= GONE_AFTER
        age = snapshot.age if own else fresh.age
        dim = dimmed(snapshot) or (age > DIM_AFTER if own else fresh.dim)
        value = number(beats.heart_rate if own and beats else told)
        self.heart_rate.show_value(value, f"{number(age)} s old" if dim and value != NOTHING else "", dim=dim)

    def _show_stream(self, snapshot: Snapshot, readings: Readings) -> None:
        if readings.ecg:
            self.lost.show_value(*readings.lost(snapshot))
        else:
            self.lost.show_value(NOTHING, "no ECG", dim=True)
        old = snapshot.age > DIM_AFTER or dimmed(snapshot)
        waits = snapshot.samples and snapshot.age > GONE_AFTER and not snapshot.ended
        self.clock.show_value(clock_text(snapshot.now), "no data" if waits else "", dim=old)
        if readings.battery is not None:
            level = number(readings.battery.level, factor=100)
            self.battery.show_value(level if level == NOTHING else f"{level} %", dim=dimmed(snapshot))
            self.battery.show()
