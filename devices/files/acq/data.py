"""Read the samples of AcqKnowledge files in blocks: interleaved by tick, or compressed channel by channel."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from devices.files.acq.header import AcqChannel, AcqFields, AcqHeader
from ecg_live.errors import FormatError, TruncatedError

_BLOCK_SAMPLES = 1 << 16
_COMPRESSED_READ_BYTES = 1 << 16
_JOURNAL_TEXT_OFFSET, _V400, _V420 = 34, 61, 108
_JOURNAL_TAG = b"\x44\x33\x22\x11"
_MARKER_METADATA_BYTES = 84, 28  # of versions 3.8 and 3.9: before all markers, and of each

I64 = npt.NDArray[np.int64]


def count_samples(path: Path, header: AcqHeader, index: int) -> int:
    """Count the samples of an uncompressed channel that are in the file at a known offset.

    From the first tick on after the end of a channel, files differ from their dividers: in ``physio-3.8.1.acq`` the
    channel after it is left out once as well.
    """
    channel = header.channels[index]
    ends = min(other.samples * other.divider for other in header.channels if other.samples)  # tick
    present = min(header.length, path.stat().st_size - header.data)
    low, high = 0, min(channel.samples, -(-ends // channel.divider))
    while low < high:
        middle = (low + high + 1) // 2
        end = int(_sample_offsets(header, index, middle - 1, middle)[0]) + channel.size
        low, high = (middle, high) if end <= present else (low, middle - 1)
    return low


def read_interleaved(path: Path, header: AcqHeader, index: int, count: int) -> Iterator[npt.NDArray[Any]]:
    """Read the first samples of an uncompressed channel.

    Parameters
    ----------
    path : Path
    header : AcqHeader
    index : int
        Of the channel.
    count : int
        Samples to read (see `count_samples`).

    Raises
    ------
    TruncatedError
        The file became shorter.
    """
    channel = header.channels[index]
    # The bytes of a sample are contiguous; those of all channels are between two samples.
    step = max(1, min(_BLOCK_SAMPLES, _BLOCK_SAMPLES * 64 // max(1, _stride(header, channel))))
    with path.open("rb") as file:
        for low in range(0, count, step):
            places = _sample_offsets(header, index, low, min(low + step, count))
            first, size = int(places[0]), int(places[-1] - places[0]) + channel.size
            file.seek(header.data + first)
            data = np.frombuffer(file.read(size), np.uint8)
            if len(data) < size:
                raise TruncatedError(f"{path.name}: cut while it was read, at byte {file.tell()}", "copy it again")
            own = data[(places - first)[:, None] + np.arange(channel.size)]
            yield own.reshape(-1).view(header.order + channel.kind)


def _stride(header: AcqHeader, channel: AcqChannel) -> int:
    """Estimate the bytes from one sample of a channel to the next."""
    return sum(-(-channel.divider // other.divider) * other.size for other in header.channels if other.samples)


def _sample_offsets(header: AcqHeader, index: int, low: int, high: int) -> I64:
    """Return the offsets in bytes of samples ``low`` to ``high`` of a channel from the first sample of all.

    Each tick has samples of the channels with a divider that divides it, in their order.
    """
    ticks = np.arange(low, high, dtype=np.int64) * header.channels[index].divider
    places = np.zeros(len(ticks), np.int64)
    for at, other in enumerate(header.channels):
        if not other.samples:
            continue
        before = -(-ticks // other.divider)  # its samples at earlier ticks
        if at < index:
            before = before + (ticks % other.divider == 0)
        places += before * other.size
    return places


def read_compressed(path: Path, header: AcqHeader, index: int, place: int) -> Iterator[npt.NDArray[Any]]:
    """Read all samples of a channel of a compressed file; never more than the header states.

    Parameters
    ----------
    path : Path
    header : AcqHeader
    index : int
        Of the channel.
    place : int
        Offset after the markers (see `read_acq_markers`).

    Raises
    ------
    FormatError
        Sizes contradict each other, or the data are damaged.
    TruncatedError
        The data are cut.
    """
    channel = header.channels[index]
    left = channel.samples * channel.size
    with path.open("rb") as file:
        size = _seek_compressed(AcqFields(path, file, header.order), header, index, place, left)
        unpack = zlib.decompressobj()
        held = raw = b""
        while left:
            if not raw:
                raw = file.read(min(_COMPRESSED_READ_BYTES, size))
                size -= len(raw)
            if not raw or unpack.eof:
                raise TruncatedError(
                    f"{path.name}: {channel.name}: {left} bytes of its data are missing", "copy it again"
                )
            try:
                held += unpack.decompress(raw, _BLOCK_SAMPLES * channel.size)
            except zlib.error as error:
                raise FormatError(
                    f"{path.name}: {channel.name} cannot be unpacked: {error}", "copy it again"
                ) from error
            raw = unpack.unconsumed_tail
            whole = min(len(held) // channel.size * channel.size, left)
            yield np.frombuffer(held[:whole], "<" + channel.kind)  # in any byte order of the headers
            held, left = held[whole:], left - whole


def _seek_compressed(fields: AcqFields, header: AcqHeader, index: int, place: int, wanted: int) -> int:
    """Seek to a channel's compressed data, and return their size in bytes."""
    for at in range(index + 1):
        if at == 0:
            place = _skip_journal(fields, header, place)
        name, unit, size, packed = fields.at(place + 44, "4i")
        if min(name, unit, size, packed) < 0:
            raise FormatError(f"{fields.path.name}: a size below 0 at byte {place}", "copy the file again")
        place += 60 + name + unit
        if at < index:
            place += packed
    if size != wanted:
        raise FormatError(f"{fields.path.name}: {size} bytes of data, expected {wanted}", "copy the file again")
    fields.file.seek(place)
    return int(packed)


def _skip_journal(fields: AcqFields, header: AcqHeader, place: int) -> int:
    """Return the offset of the first compressed channel's header, after marker metadata, journal and main header."""
    if header.revision >= _V400:
        place = fields.after(place, fields.at(place, "i")[0])
        first, second = fields.at(place + 24, "2i")
        return fields.after(place, (58 if header.revision >= _V420 else 52) + first + second)
    if fields.bytes(place, 4) != _JOURNAL_TAG:
        place += _MARKER_METADATA_BYTES[0] + _MARKER_METADATA_BYTES[1] * fields.at(place + 4, "i")[0]
    place = fields.after(place, 10 + fields.at(place + 6, "i")[0])
    return fields.after(place, _JOURNAL_TEXT_OFFSET + 4 + fields.at(place + _JOURNAL_TEXT_OFFSET, "i")[0])
