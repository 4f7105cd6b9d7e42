"""The column of tiles at the right: vital signs, quality, latency, loss and clock."""

from __future__ import annotations

from pyqtgraph.Qt import QtWidgets

from ecg_live.types import Prediction, Snapshot

from .status import DIM_AFTER, GONE_AFTER, Freshness
from .tiles import QualityTile, Tile
from .words import NOTHING, clock_text, number


class Numbers(QtWidgets.QWidget):
    """Shows the numbers of a snapshot; those of an old prediction are dimmed, then gone."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Numbers")
        self.setFixedWidth(190)
        self.heart_rate = Tile("Heart rate", "bpm", size=36)
        self.rmssd = Tile("RMSSD", "ms")
        self.quality = QualityTile()
        self.latency = Tile("Latency p95", "ms")
        self.lost = Tile("Samples lost")
        self.clock = Tile("Stream time")
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        tiles = (self.heart_rate, self.rmssd, self.quality, self.latency, self.lost, self.clock)
        for tile, stretch in zip(tiles, (4, 3, 4, 3, 3, 3), strict=True):
            column.addWidget(tile, stretch)

    def show_snapshot(self, snapshot: Snapshot, last: Prediction | None, fresh: Freshness) -> None:
        """Show what is known now; ``fresh`` tells how old the latest prediction is."""
        gone, dim = last is None or fresh.gone, fresh.dim or snapshot.ended or snapshot.error is not None
        note = fresh.note if dim and not gone else ""
        self.heart_rate.show_value(number(None if gone or not last else last.heart_rate), note, dim=dim)
        self.rmssd.show_value(number(None if gone or not last else last.rmssd), note, dim=dim)
        if last is None or gone:
            self.quality.show_grade(NOTHING, (), dim=True)
        else:
            self.quality.show_grade(
                last.quality.grade, (note, *last.quality.reasons) if note else last.quality.reasons, dim=dim
            )
        self.latency.show_value(number(None if gone else snapshot.latency_p95, factor=1000), note, dim=dim)
        total = snapshot.samples + snapshot.lost
        share = number(100 * snapshot.lost / total, 2) + " %" if total else ""
        self.lost.show_value(f"{snapshot.lost:,}", share and f"{share} of {total:,}")
        old = snapshot.age > DIM_AFTER or snapshot.ended
        waits = snapshot.samples and snapshot.age > GONE_AFTER and not snapshot.ended
        self.clock.show_value(clock_text(snapshot.now), "no samples" if waits else "", dim=old)
