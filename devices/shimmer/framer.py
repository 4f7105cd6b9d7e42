"""Split a Shimmer's byte stream into messages, chunk-size invariant; bytes outside messages are counted."""

from __future__ import annotations

from typing import NamedTuple

from devices.shimmer.battery import BATTERY_BYTES
from devices.shimmer.protocol import (
    ACK,
    BATTERY_REPLY,
    DATA_PACKET,
    NACK,
    STATUS_REPLY,
    TICK_RATE_HZ,
    PacketLayout,
    ReplyCode,
    checksum,
    config_bytes,
    status_bytes,
)

_MAX_CHANNELS = 32  # of an inquiry; more means that it is not one
_MAX_REGISTERS = 11  # of an ADS1292R, in one read
_MAX_PACKET_GAP_S = 10.0  # longer than the supervisor lets a silent connection live
# A chip's status is 1 0 0 and five lead-off bits; the first bit is 0 where the sample is stale.
_FRESH_BIT, _STATUS_ZERO_BITS = 0x80, 0x60


class Ack(NamedTuple):
    """The device accepts the command."""


class Nack(NamedTuple):
    """The device refuses the command."""


class Reply(NamedTuple):
    """A reply: its first byte, and the rest."""

    kind: int
    payload: bytes


class DataPacket(NamedTuple):
    """One sample of every channel: the whole packet, to be parsed with the layout."""

    packet: bytes


class ShimmerSkippedBytes(NamedTuple):
    """Number of bytes outside messages; comes before the next message."""

    size: int


Message = Ack | Nack | Reply | DataPacket | ShimmerSkippedBytes


class _IncompleteMessage(Exception):
    """The message is incomplete."""


class ShimmerFramer:
    """Extracts messages from a Shimmer's byte stream.

    ``crc`` is the device's CRC mode; ``hardware`` decides lengths; ``expect`` is the reply code that may come beside a
    status; ``layout`` is set once data packets may come.

    Without a CRC of two bytes, or after skipped bytes, a packet counts only if its status bytes are valid and its ticks
    are a whole number of samples after the last ones; in both cases at once, only if another packet follows.
    """

    def __init__(self) -> None:
        self.crc = 0
        self.hardware = 0
        self.expect: int | None = None
        self.layout: PacketLayout | None = None
        self.divider = 1
        self._held = b""
        self._skipped = 0
        self._last_ticks: int | None = None  # ticks of the last packet

    @property
    def pending(self) -> bytes:
        """Bytes of an incomplete message."""
        return self._held

    def clear(self) -> None:
        """Drop an incomplete message: another attempt begins."""
        self._held, self._skipped = b"", 0

    def push(self, data: bytes) -> list[Message]:
        """Add bytes; return the messages that they complete."""
        held = self._held + data
        at = 0
        messages: list[Message] = []
        try:
            while at < len(held):
                found, length = self._message(held, at)
                if found and self._skipped:
                    messages.append(ShimmerSkippedBytes(self._skipped))
                    self._skipped = 0
                messages += found
                self._skipped += 0 if found else 1
                at += length
        except _IncompleteMessage:
            pass
        self._held = held[at:]
        return messages

    def _message(self, held: bytes, at: int) -> tuple[tuple[Message, ...], int]:
        """Return the messages that begin at a byte and their length; none, and 1, where no message begins."""
        head = held[at]
        if head == DATA_PACKET and self.layout is not None:
            return self._data(held, at, self.layout)
        if head == ACK:
            return self._ack(held, at)
        if head == NACK:
            return ((Nack(),), 1 + self.crc) if self._crc_matches(held, at, 1) else ((), 1)
        if head == ReplyCode.STATUS or (self.crc == 0 and head == self.expect):
            return self._reply(held, at, at)
        return (), 1

    def _data(self, held: bytes, at: int, layout: PacketLayout) -> tuple[tuple[Message, ...], int]:
        if not self._crc_matches(held, at, layout.size):
            return (), 1
        packet = held[at : at + layout.size]
        ticks = layout.ticks(packet)
        if (self.crc < 2 or self._skipped) and not self._is_plausible(packet, layout, self._last_ticks):
            return (), 1
        if self.crc < 2 and self._skipped and not self._has_successor(held, at + layout.size + self.crc, layout, ticks):
            return (), 1
        self._last_ticks = ticks
        return (DataPacket(packet),), layout.size + self.crc

    def _has_successor(self, held: bytes, at: int, layout: PacketLayout, ticks: int) -> bool:
        """Whether another packet may follow a possible one."""
        if len(held) < at + layout.size:
            raise _IncompleteMessage
        packet = held[at : at + layout.size]
        return packet[0] == DATA_PACKET and self._is_plausible(packet, layout, ticks)

    def _is_plausible(self, packet: bytes, layout: PacketLayout, before: int | None) -> bool:
        """Whether status bytes and ticks are plausible; ``before`` are the ticks of the previous packet."""
        doubtful = self.crc < 2 and self._skipped > 0
        if any(status & _STATUS_ZERO_BITS if status & _FRESH_BIT else doubtful for status in layout.status(packet)):
            return False
        if before is None:
            return True
        wrap = 1 << layout.tick_bits
        step = (layout.ticks(packet) - before) % wrap
        off = (step + self.divider // 2) % self.divider - self.divider // 2
        return (
            step > 0
            and abs(off) <= self.divider // 4
            and (self.crc == 2 or step <= min(_MAX_PACKET_GAP_S * TICK_RATE_HZ, wrap // 2))
        )

    def _ack(self, held: bytes, at: int) -> tuple[tuple[Message, ...], int]:
        if self.crc == 0:
            return (Ack(),), 1
        following = _byte(held, at + 1)
        if following == self.expect:
            found, length = self._reply(held, at, at + 1)
            return ((Ack(), *found), length) if found else ((), 1)
        if following == ReplyCode.STATUS:  # sent unasked: the prefix accepts no command
            return self._reply(held, at, at + 1)
        return ((Ack(),), 1 + self.crc) if self._crc_matches(held, at, 1) else ((), 1)

    def _reply(self, held: bytes, start: int, at: int) -> tuple[tuple[Message, ...], int]:
        """Parse a reply at ``at``; its CRC covers the bytes from ``start``."""
        kind = held[at]
        size = self._payload_size(held, at)
        stop = at + 1 + size
        if not size or not self._crc_matches(held, start, stop - start):
            return (), 1
        return (Reply(kind, held[at + 1 : stop]),), stop - start + self.crc

    def _payload_size(self, held: bytes, at: int) -> int:
        """Length of a reply after its first byte; 0 if it is invalid."""
        match held[at]:
            case ReplyCode.HARDWARE:
                return 1
            case ReplyCode.FIRMWARE:
                return 6
            case ReplyCode.EXG:
                count = _byte(held, at + 1)
                return 1 + count if count <= _MAX_REGISTERS else 0
            case ReplyCode.INQUIRY:
                config = config_bytes(self.hardware)
                count = _byte(held, at + 3 + config)
                return 4 + config + count if count <= _MAX_CHANNELS else 0
            case ReplyCode.STATUS:
                sizes = {STATUS_REPLY: 1 + status_bytes(self.hardware), BATTERY_REPLY: 1 + BATTERY_BYTES}
                return sizes.get(_byte(held, at + 1), 0)
        return 0

    def _crc_matches(self, held: bytes, at: int, size: int) -> bool:
        """Whether ``size`` bytes are followed by their CRC."""
        stop = at + size
        if len(held) < stop + self.crc:
            raise _IncompleteMessage
        return held[stop : stop + self.crc] == checksum(held[at:stop], self.crc)


def _byte(held: bytes, at: int) -> int:
    if at >= len(held):
        raise _IncompleteMessage
    return held[at]
