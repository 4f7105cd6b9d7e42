"""Split a BITalino's byte stream into frames, chunk-size invariant; bytes outside frames are counted."""

from __future__ import annotations

from typing import NamedTuple

from devices.bitalino.protocol import SEQUENCE_COUNT, FrameLayout, has_valid_crc

_CONFIRM_FRAMES = 4  # in a row: garbage passes once in 16 * 256^3 times
_MAX_STEP = 3  # of the sequence, where the device drops frames again and again
_REALIGNED_FRAMES = 2  # in a row, where position and sequence number are those expected after damaged frames


class DataFrame(NamedTuple):
    """One sample of every port; ``sequence`` counts from 0 to 15 and wraps."""

    sequence: int
    counts: tuple[int, ...]


class BitalinoSkippedBytes(NamedTuple):
    """Number of bytes outside frames; comes before the next frame."""

    size: int


class _IncompleteFrame(Exception):
    """More bytes are needed to decide."""


class BitalinoFramer:
    """Extracts frames, which have no mark of their start: only a CRC of 4 bits, and a sequence number of 4 bits.

    A frame that continues the sequence is accepted when the next one is; after anything else, a start counts only if
    several frames in a row are valid. Where bytes were lost or inserted, the frames on both sides are dropped: as many
    as one in 16 of those would be garbage.

    Parameters
    ----------
    layout : FrameLayout
        Positions in a frame.
    """

    def __init__(self, layout: FrameLayout) -> None:
        self._layout = layout
        self._held = b""
        self._skipped = 0
        self._last: DataFrame | None = None  # not yet returned

    def push(self, data: bytes) -> list[DataFrame | BitalinoSkippedBytes]:
        """Add bytes; return the frames that they complete."""
        held = self._held + data
        at = 0
        messages: list[DataFrame | BitalinoSkippedBytes] = []
        try:
            while True:
                unsure = self._bytes_before_frame(held, at)
                self._skipped += unsure
                at += unsure
                if unsure == 1:
                    continue
                messages += self._confirm_last()
                frame = held[at : at + self._layout.size]
                self._last = DataFrame(frame[-1] >> 4, self._layout.counts(frame))
                at += self._layout.size
        except _IncompleteFrame:
            self._held = held[at:]
        return messages

    def _confirm_last(self) -> list[DataFrame | BitalinoSkippedBytes]:
        """Return the last frame and the bytes skipped since, now that another one follows."""
        confirmed: list[DataFrame | BitalinoSkippedBytes] = []
        if self._last is not None and self._skipped % self._layout.size == 0:
            confirmed.append(self._last)
        elif self._last is not None:
            self._skipped += self._layout.size
        if self._skipped:
            confirmed.append(BitalinoSkippedBytes(self._skipped))
            self._skipped = 0
        return confirmed

    def _bytes_before_frame(self, held: bytes, at: int) -> int:
        """Return 0 if a frame starts at a byte, a frame's length if one starts after it, and 1 if none does."""
        size = self._layout.size
        if self._last is not None and self._skipped % size == 0:
            before = self._last.sequence + self._skipped // size
            if self._are_frames(held, at, _REALIGNED_FRAMES if self._skipped else 1, before):
                return 0
            if not self._skipped and self._are_frames(held, at, _CONFIRM_FRAMES, max_step=_MAX_STEP):
                return 0
        if self._are_frames(held, at, _CONFIRM_FRAMES):
            return size if self._skipped else 0
        return 1

    def _are_frames(self, held: bytes, at: int, count: int, sequence: int | None = None, max_step: int = 1) -> bool:
        """Whether valid frames follow each other, behind a sequence number where that is given."""
        for row in range(count):
            frame = self._frame(held, at + row * self._layout.size)
            step = 1 if sequence is None else (frame[-1] >> 4) - sequence
            if not 1 <= step % SEQUENCE_COUNT <= max_step or not has_valid_crc(frame):
                return False
            sequence = frame[-1] >> 4
        return True

    def _frame(self, held: bytes, at: int) -> bytes:
        frame = held[at : at + self._layout.size]
        if len(frame) < self._layout.size:
            raise _IncompleteFrame
        return frame
