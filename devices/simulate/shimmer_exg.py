"""The two ADS1292R chips of a simulated Shimmer: registers, samples as bytes, lead-off bits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from devices.simulate.player import Player
from ecg_live.events import F64

Bytes = npt.NDArray[np.uint8]

_VREF_MV = 2420.0
_GAIN_BY_CODE = (6, 1, 2, 3, 4, 8, 12, 6)  # by bits 6-4 of CHnSET (data sheet SBAS502C)
_FRESH_BIT = 0x80  # of a status byte
_COMPARATORS_BIT, _CLOCK_OUT_BIT = 0x40, 0x08  # of CONFIG2: without comparators there are no lead-off bits
_CONFIG2, _CH1SET, _LOFF_SENS = 1, 3, 6  # register numbers, CONFIG1 being 0
_CHANNELS_BY_SENSOR = {
    0x000010: (0x1D, 0x1E, 0x1F),
    0x000008: (0x20, 0x21, 0x22),
    0x100000: (0x1D, 0x23, 0x24),
    0x080000: (0x20, 0x25, 0x26),
}
# Chip, channel of the chip, bytes, and column of the played samples; chip 2's first channel has no electrodes.
_CHANNEL_SOURCES = {
    0x1E: (0, 0, 3, 0), 0x1F: (0, 1, 3, 1), 0x21: (1, 0, 3, None), 0x22: (1, 1, 3, 2),
    0x23: (0, 0, 2, 0), 0x24: (0, 1, 2, 1), 0x25: (1, 0, 2, None), 0x26: (1, 1, 2, 2),
}  # fmt: skip
_STATUS_CHIPS = {0x1D: 0, 0x20: 1}  # chip
_LEAD_OFF_INPUTS = {
    "LL": ((0, 0x01),),
    "RA": ((0, 0x02), (0, 0x08)),
    "LA": ((0, 0x04),),
    "Vx": ((1, 0x04),),
}  # chip and bit
_RING_SLOTS = 4  # a stale sample is that much older


class SimulatedExg:
    """Both chips, which convert samples (n,) or (n, c) in mV.

    ``electrodes_off`` names electrodes without contact; ``stale`` maps a sample to the chips without a new conversion
    (1, 2, or 3 for both); ``clock_out``: the board is SR47-4 or later.

    Raises
    ------
    RecordingError
        There are no samples, or some are NaN or infinite.
    """

    def __init__(self, samples: F64) -> None:
        self._samples = Player(samples, 1.0).samples
        self.electrodes_off: frozenset[str] = frozenset()
        self.stale: dict[int, int] = {}
        self.clock_out = True
        self._registers = [
            bytearray.fromhex("00 A0 10 40 40 2D 00 00 02 03"),
            bytearray.fromhex("00 A0 10 40 47 00 00 00 02 01"),
        ]
        self._table: Bytes = np.empty((0, 0), np.uint8)
        self._columns: list[tuple[int, int, slice]] = []  # channel, its chip, and where it stands in the table's rows

    def __len__(self) -> int:
        return len(self._samples)

    def write(self, chip: int, start: int, data: bytes) -> None:
        """Set registers."""
        registers = self._registers[chip & 1]
        data = data[: max(0, len(registers) - start)]
        registers[start : start + len(data)] = data

    def read(self, chip: int, start: int, count: int) -> bytes:
        """Read registers."""
        registers = bytearray(self._registers[chip & 1])
        registers[_CONFIG2] |= _CLOCK_OUT_BIT if self.clock_out and not chip else 0
        return bytes(registers[start : start + count])

    def channels(self, sensors: int) -> bytes:
        """Ids of the channels in a packet."""
        return bytes(channel for bit, ids in _CHANNELS_BY_SENSOR.items() if sensors & bit for channel in ids)

    def prepare(self, sensors: int) -> None:
        """Convert all samples to bytes, with the gains that are set."""
        columns: list[Bytes] = []
        self._columns, at = [], 0
        for channel in self.channels(sensors):
            chip = _STATUS_CHIPS[channel] if channel in _STATUS_CHIPS else _CHANNEL_SOURCES[channel][0]
            column = (
                np.full((len(self), 1), _FRESH_BIT, np.uint8) if channel in _STATUS_CHIPS else self._counts(channel)
            )
            self._columns.append((channel, chip, slice(at, at + column.shape[1])))
            columns.append(column)
            at += column.shape[1]
        self._table = np.concatenate(columns, axis=1) if columns else np.empty((len(self), 0), np.uint8)

    def sample(self, k: int) -> bytes:
        """Sample k as bytes; the first one follows the last."""
        row = bytearray(self._table[k % len(self)].tobytes())
        stale = self.stale.get(k, 0)
        for channel, chip, place in self._columns:
            old = stale & 1 << chip
            if old:
                row[place] = self._table[(k - _RING_SLOTS) % len(self)].tobytes()[place]
            if channel in _STATUS_CHIPS:
                row[place.start] = (0 if old else _FRESH_BIT) | self._lead_off(chip)
        return bytes(row)

    def _lead_off(self, chip: int) -> int:
        """Lead-off bits of the inputs that are sensed."""
        if not self._registers[chip][_CONFIG2] & _COMPARATORS_BIT:
            return 0
        bits = sum(
            bit for electrode in self.electrodes_off for where, bit in _LEAD_OFF_INPUTS[electrode] if where == chip
        )
        return bits & self._registers[chip][_LOFF_SENS]

    def _counts(self, channel: int) -> Bytes:
        """Samples of a channel as big-endian counts (n, 2 or 3)."""
        chip, of_chip, width, column = _CHANNEL_SOURCES[channel]
        gain = _GAIN_BY_CODE[self._registers[chip][_CH1SET + of_chip] >> 4 & 7]
        top = 2 ** (8 * width - 1) - 1
        per_mv = (gain if width == 3 else 2 * gain) * top / _VREF_MV
        values = np.zeros(len(self)) if column is None else self._samples[:, min(column, self._samples.shape[1] - 1)]
        counts = np.clip(np.rint(values * per_mv), -top - 1, top).astype(">i4")
        low: Bytes = counts.view(np.uint8).reshape(-1, 4)[:, 4 - width :]
        return low
