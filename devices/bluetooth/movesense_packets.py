"""Movesense's packets of ECG, sans I/O: notifications joined to packets, bytes to mV, stamps without wrap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from devices.bluetooth.frame_timeline import Frame
from devices.bluetooth.gsp import GspMessage, MessageKind
from ecg_live.errors import ProtocolError

PACKET_SAMPLES = 16  # GET /Meas/ECG/Info
MV_PER_COUNT = 1000 / 20 / 2**17  # a converter of 18 bits, +-1 V, behind a gain of 20
MV_PER_MICROVOLT = 1e-3  # the path .../mV sends int16 microvolt
# The sample's width follows from the packet's size: one public document contradicts another about the paths.
_FORMATS_BY_SIZE = {
    4 + 2 * PACKET_SAMPLES: ("<i2", MV_PER_MICROVOLT),
    4 + 4 * PACKET_SAMPLES: ("<i4", MV_PER_COUNT),
}  # bytes: u32 ms, then samples
_STAMP_WRAP_MS = 1 << 32
_NS_PER_MS = 1_000_000


class PacketJoiner:
    """Joins the parts of packets that exceed a notification.

    Nothing tells a packet's size in advance, so that the first one of a connection is complete when the next one
    begins. Each later one is complete at that size, and dropped if it is shorter: a part of it was lost.
    """

    def __init__(self) -> None:
        self._size = 0  # of a packet; 0 while unknown
        self._parts = b""
        self._arrived = 0.0  # session time of the last part

    def push(self, message: GspMessage, arrived: float) -> Iterator[tuple[bytes, float]]:
        """Yield packets, with the arrival of their last part; those of a new size may be of any."""
        if message.kind == MessageKind.DATA:
            if len(self._parts) > self._size:
                self._size = len(self._parts) if len(self._parts) in _FORMATS_BY_SIZE else 0
                yield self._pop()
            self._parts = message.payload
        elif self._parts:
            self._parts += message.payload
        else:  # its first part was lost, or packets are larger than the first one seemed
            self._size = self._size if self._size == max(_FORMATS_BY_SIZE) else 0
            return
        self._arrived = arrived
        if len(self._parts) == self._size:
            yield self._pop()

    def _pop(self) -> tuple[bytes, float]:
        packet, self._parts = self._parts, b""
        return packet, self._arrived


class PacketDecoder:
    """Parses packets at a sampling rate in Hz; unwraps their stamps, which count 2^32 ms = 49.7 days."""

    def __init__(self, rate: float) -> None:
        self._ns_to_last = round((PACKET_SAMPLES - 1) * 1e9 / rate)  # a stamp is the first sample's
        self._stamp_ms = 0

    def decode(self, packet: bytes) -> Frame:
        """Parse a packet.

        Raises
        ------
        ProtocolError
            It holds neither 16 samples of 2 bytes nor of 4.
        """
        if len(packet) not in _FORMATS_BY_SIZE:
            raise ProtocolError(
                f"Movesense packet of {len(packet)} bytes, expected {' or '.join(map(str, _FORMATS_BY_SIZE))}:"
                f" {PACKET_SAMPLES} samples of 2 or 4 bytes",
                "bring the sensor nearer; if it stays so, update its firmware",
            )
        kind, mv_per_step = _FORMATS_BY_SIZE[len(packet)]
        forward = (int.from_bytes(packet[:4], "little") - self._stamp_ms) % _STAMP_WRAP_MS
        self._stamp_ms += forward if forward < _STAMP_WRAP_MS // 2 else forward - _STAMP_WRAP_MS
        samples = np.frombuffer(packet, kind, offset=4) * mv_per_step
        return Frame(self._stamp_ms * _NS_PER_MS + self._ns_to_last, samples)
