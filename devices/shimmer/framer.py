"""From a byte stream, however it was cut, to a Shimmer's messages. Bytes that are none are skipped and counted."""

from __future__ import annotations

from typing import NamedTuple

from devices.shimmer.protocol import (
    ACK,
    DATA_PACKET,
    IN_STREAM_REPLY,
    NACK,
    TICK_RATE_HZ,
    PacketLayout,
    ReplyCode,
    checksum,
    config_bytes,
    status_bytes,
)

_MAX_CHANNELS = 32  # an inquiry that names more is none
_MAX_REGISTERS = 11  # an ADS1292R has no more to give
_MAX_PACKET_GAP_S = 10.0  # s in which the next packet comes, or the connection counts as dead
_FRESH_BIT, _STATUS_ZERO_BITS = (
    0x80,
    0x60,
)  # of a chip's status: 1 0 0 and lead-off bits, the first 0 where the sample is stale


class Ack(NamedTuple):
    """The device takes the command."""


class Nack(NamedTuple):
    """The device does not take the command."""


class Reply(NamedTuple):
    """What it answered: the answer's first byte, and what follows it."""

    kind: int
    payload: bytes


class DataPacket(NamedTuple):
    """One sample of every channel: its whole packet, to be read with the layout."""

    packet: bytes


class SkippedBytes(NamedTuple):
    """So many bytes were no message; told when the next message is."""

    size: int


Message = Ack | Nack | Reply | DataPacket | SkippedBytes


class _IncompleteMessage(Exception):
    """The message is not whole yet."""


class Framer:
    """Cuts messages out of what a Shimmer sends.

    ``crc`` is the mode that the device is in; ``hardware`` tells lengths apart; ``expect`` is the answer that may come
    beside a status; ``layout`` is set once data packets may come.

    Where little says that a packet is whole (no CRC of two bytes), or after bytes were skipped, it counts only if its
    status bytes may be and its ticks are a whole number of samples behind the last one's; where both are so, only if
    another one follows.
    """

    def __init__(self) -> None:
        self.crc = 0
        self.hardware = 0
        self.expect: int | None = None
        self.layout: PacketLayout | None = None
        self.divider = 1
        self._held = b""
        self._skipped = 0
        self._last: int | None = None  # ticks of the last packet

    @property
    def pending(self) -> bytes:
        """What came of a message that is not whole yet."""
        return self._held

    def clear(self) -> None:
        """Forget what is not whole: another attempt begins."""
        self._held, self._skipped = b"", 0

    def push(self, data: bytes) -> list[Message]:
        """Take bytes; give the messages that they complete."""
        held = self._held + data
        at = 0
        messages: list[Message] = []
        try:
            while at < len(held):
                found, length = self._message(held, at)
                if found and self._skipped:
                    messages.append(SkippedBytes(self._skipped))
                    self._skipped = 0
                messages += found
                self._skipped += 0 if found else 1
                at += length
        except _IncompleteMessage:
            pass
        self._held = held[at:]
        return messages

    def _message(self, held: bytes, at: int) -> tuple[tuple[Message, ...], int]:
        """Give what begins at a byte and how long it is; nothing, and 1, where no message does."""
        head = held[at]
        if head == DATA_PACKET and self.layout is not None:
            return self._data(held, at, self.layout)
        if head == ACK:
            return self._accepted(held, at)
        if head == NACK:
            return ((Nack(),), 1 + self.crc) if self._whole(held, at, 1) else ((), 1)
        if head == ReplyCode.STATUS or (self.crc == 0 and head == self.expect):
            return self._reply(held, at, at)
        return (), 1

    def _data(self, held: bytes, at: int, layout: PacketLayout) -> tuple[tuple[Message, ...], int]:
        if not self._whole(held, at, layout.size):
            return (), 1
        packet = held[at : at + layout.size]
        ticks = layout.ticks(packet)
        if (self.crc < 2 or self._skipped) and not self._likely(packet, layout, self._last):
            return (), 1
        if self.crc < 2 and self._skipped and not self._followed(held, at + layout.size + self.crc, layout, ticks):
            return (), 1
        self._last = ticks
        return (DataPacket(packet),), layout.size + self.crc

    def _followed(self, held: bytes, at: int, layout: PacketLayout, ticks: int) -> bool:
        """Whether another packet may stand behind the one that may be."""
        if len(held) < at + layout.size:
            raise _IncompleteMessage
        packet = held[at : at + layout.size]
        return packet[0] == DATA_PACKET and self._likely(packet, layout, ticks)

    def _likely(self, packet: bytes, layout: PacketLayout, before: int | None) -> bool:
        """Whether status bytes and ticks may be those of a packet; ``before`` are the ticks of the one before."""
        doubt = self.crc < 2 and self._skipped > 0
        if any(status & _STATUS_ZERO_BITS if status & _FRESH_BIT else doubt for status in layout.status(packet)):
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

    def _accepted(self, held: bytes, at: int) -> tuple[tuple[Message, ...], int]:
        if self.crc == 0:
            return (Ack(),), 1
        following = _byte(held, at + 1)
        if following == self.expect:
            found, length = self._reply(held, at, at + 1)
            return ((Ack(), *found), length) if found else ((), 1)
        if following == ReplyCode.STATUS:  # nobody asked: the prefix accepts nothing
            return self._reply(held, at, at + 1)
        return ((Ack(),), 1 + self.crc) if self._whole(held, at, 1) else ((), 1)

    def _reply(self, held: bytes, start: int, at: int) -> tuple[tuple[Message, ...], int]:
        """Read an answer at ``at``, whose CRC counts from ``start``."""
        kind = held[at]
        size = self._payload(held, at)
        stop = at + 1 + size
        if not size or not self._whole(held, start, stop - start):
            return (), 1
        return (Reply(kind, held[at + 1 : stop]),), stop - start + self.crc

    def _payload(self, held: bytes, at: int) -> int:
        """Length of what follows an answer's first byte; 0 if that cannot be."""
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
                return 1 + status_bytes(self.hardware) if _byte(held, at + 1) == IN_STREAM_REPLY else 0
        return 0

    def _whole(self, held: bytes, at: int, size: int) -> bool:
        """Whether the CRC behind so many bytes is theirs."""
        stop = at + size
        if len(held) < stop + self.crc:
            raise _IncompleteMessage
        return held[stop : stop + self.crc] == checksum(held[at:stop], self.crc)


def _byte(held: bytes, at: int) -> int:
    if at >= len(held):
        raise _IncompleteMessage
    return held[at]
