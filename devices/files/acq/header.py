"""Parse headers and markers of AcqKnowledge files (``.acq``), from revision 30 (version 2.0) to version 5.

Not bioread: it needs pytest, returns bytes of one channel as values of another at the end of a file of several rates
(394 of them in ``physio-3.8.1.acq`` of its own tests), and allocates memory for any count. Source of the layout:
BIOPAC's Application Note 156 for versions 2 and 3; for later ones, the agreement of bioread and public files.
"""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from devices.files.units import decode_text
from ecg_live.errors import FormatError

SUPPORTED_REVISIONS = range(30, 256)  # 2.0.0 is 30, 5.0.1 is 132
_V35X, _V370, _V381, _V400, _V42X, _V430, _V440 = 36, 38, 41, 61, 121, 124, 128  # revisions that changed the layout
_MAX_CHANNELS = 512
_MAX_MARKERS = 1 << 20
_MAX_HEADER_BYTES = 1 << 20  # of any one header
_TYPE_SCAN_BYTES = 4096  # after the foreign data, searched for the sample types
_SAMPLE_TYPES = {(8, 0): "f8", (8, 1): "f8", (2, 2): "i2"}
_APPENDED_STYLE = "apnd"  # of a marker at which recording started or resumed
_SEGMENT_TEXT = re.compile(r"Segment \d+")  # the text of such a marker in versions without styles


class AcqChannel(NamedTuple):
    """A channel: every ``divider``-th tick has a sample; value in ``unit`` = sample x ``scale`` + ``offset``."""

    name: str
    unit: str
    samples: int
    divider: int
    scale: float
    offset: float
    kind: str  # numpy type code without byte order

    @property
    def size(self) -> int:
        """Bytes of a sample."""
        return int(self.kind[1])


class AcqMarker(NamedTuple):
    """An event marker, in ticks after the first sample; at a ``segment`` marker recording started or resumed."""

    tick: int
    text: str
    segment: bool


class AcqHeader(NamedTuple):
    """Header of an AcqKnowledge file: ``tick`` in s; ``data`` is the offset of uncompressed samples in bytes."""

    revision: int
    order: str
    tick: float
    compressed: bool
    channels: tuple[AcqChannel, ...]
    data: int

    @property
    def length(self) -> int:
        """Bytes of all uncompressed samples."""
        return 0 if self.compressed else sum(channel.samples * channel.size for channel in self.channels)


def is_acq(head: bytes) -> bool:
    """Whether a file's first bytes are those of AcqKnowledge."""
    if len(head) < 24:
        return False
    order, revision = _byte_order(head)
    _, channels = struct.unpack_from(order + "ih", head, 6)
    return revision in SUPPORTED_REVISIONS and 1 <= channels <= _MAX_CHANNELS


def _byte_order(head: bytes) -> tuple[str, int]:
    """Return byte order and revision: the right order gives the small number."""
    revisions = [(struct.unpack_from(order + "i", head, 2)[0], order) for order in "<>"]
    revision, order = min((revision if revision > 0 else 1 << 31, order) for revision, order in revisions)
    return order, revision


def read_acq_header(path: Path) -> AcqHeader:
    """Read the header of an AcqKnowledge file.

    Raises
    ------
    FormatError
        It is cut, or its fields contradict each other.
    """
    with path.open("rb") as file:
        order, revision = _byte_order(file.read(24))
        fields = AcqFields(path, file, order)
        if revision not in SUPPORTED_REVISIONS:
            raise FormatError(
                f"{path.name}: AcqKnowledge's revision {revision}, expected 30 to 255", "export it as EDF"
            )
        length, count, tick = fields.at(6, "i")[0], fields.at(10, "h")[0], fields.at(16, "d")[0]
        late = revision >= _V400
        compressed = revision >= _V381 and fields.at(972 if late else 1936, "i")[0] != 0
        padded = fields.at(2398, "h")[0] if revision >= _V430 else 0
        if not (1 <= count <= _MAX_CHANNELS and math.isfinite(tick) and tick > 0 and 0 <= padded <= _MAX_CHANNELS):
            raise FormatError(
                f"{path.name}: {count} channels, {tick:g} ms a tick; expected 1 to {_MAX_CHANNELS}, and more than 0",
                "export it from AcqKnowledge as EDF",
            )
        place = fields.after(0, length)
        for _ in range(padded):
            place = fields.after(place, fields.at(place, "i")[0])
        found: list[AcqChannel] = []
        for _ in range(count):
            found.append(_channel(fields, place, revision))
            place = fields.after(place, fields.at(place, "i")[0])
        place = fields.after(place, fields.at(place, "i" if late else "h")[0])
        kinds, data = _find_sample_types(fields, place, count)
    return AcqHeader(
        revision, order, tick / 1000, compressed,
        tuple(channel._replace(kind=kind) for channel, kind in zip(found, kinds, strict=True)), data,
    )  # fmt: skip


class AcqFields:
    """Reads fields at offsets of a file, which may be damaged."""

    def __init__(self, path: Path, file: BinaryIO, order: str) -> None:
        self.path = path
        self.file = file
        self.order = order

    def at(self, place: int, form: str) -> tuple[Any, ...]:
        """Unpack the fields at an offset."""
        layout = struct.Struct(self.order + form)
        return layout.unpack(self.bytes(place, layout.size))

    def bytes(self, place: int, size: int) -> bytes:
        """Read so many bytes at an offset."""
        self.file.seek(place)
        data = self.file.read(size)
        if len(data) < size:
            raise FormatError(f"{self.path.name}: a header is cut at byte {place + len(data)}", "copy the file again")
        return data

    def after(self, place: int, size: int) -> int:
        """Return the offset after a header of so many bytes."""
        if not 0 < size <= _MAX_HEADER_BYTES:
            raise FormatError(f"{self.path.name}: a header of {size} bytes at byte {place}", "copy the file again")
        return place + size


def _channel(fields: AcqFields, place: int, revision: int) -> AcqChannel:
    name, unit = (
        decode_text(fields.bytes(place + at, size).split(b"\0")[0]).strip() for at, size in ((6, 40), (68, 20))
    )
    count, scale, offset = fields.at(place + 88, "idd")
    divided = 152 if revision >= _V400 else 250
    divider = fields.at(place + divided, "h")[0] if revision >= _V370 else 1
    if count < 0 or divider < 0:
        raise FormatError(f"{fields.path.name}: {name}: {count} samples, every {divider}th", "copy the file again")
    return AcqChannel(name, unit, count, divider or 1, scale, offset, "i2")


def _find_sample_types(fields: AcqFields, place: int, count: int) -> tuple[list[str], int]:
    """Find the sample types of all channels, and the offset after them; some files have other data before them."""
    fields.file.seek(place)
    data = fields.file.read(_TYPE_SCAN_BYTES + 4 * count)
    for at in range(len(data) - 4 * count + 1):
        numbers = struct.unpack_from(f"{fields.order}{2 * count}h", data, at)
        kinds = [_SAMPLE_TYPES.get(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
        if all(kinds):
            return [kind for kind in kinds if kind is not None], place + at + 4 * count
    raise FormatError(f"{fields.path.name}: no types of samples from byte {place} on", "export it as EDF")


def read_acq_markers(path: Path, header: AcqHeader) -> tuple[list[AcqMarker], int]:
    """Read the event markers in order of time, and return the offset after them as well.

    Raises
    ------
    FormatError
        They are cut or damaged.
    """
    late = header.revision >= _V400
    dated = 8 * ((header.revision >= _V42X) + (header.revision >= _V440))
    begin = header.data + header.length
    with path.open("rb") as file:
        fields = AcqFields(path, file, header.order)
        length, count = fields.at(begin, "ii")
        count, place = (count - 1, begin + 25 + dated) if late else (count, begin + 8)
        if not (0 <= length <= path.stat().st_size and -1 <= count <= _MAX_MARKERS):
            raise FormatError(f"{path.name}: {count} event markers in {length} bytes", "copy the file again")
        found: list[AcqMarker] = []
        for _ in range(count):
            (tick,) = fields.at(place, "i")
            style = fields.bytes(place + 10, 4).decode("latin-1") if late else ""
            place += 14 + dated if late else (10 if header.revision >= _V35X else 8)
            (size,) = fields.at(place, "h")
            size += not late and header.revision >= _V35X
            text = decode_text(fields.bytes(place + 2, max(0, size)).split(b"\0")[0]).strip()
            place += 2 + max(0, size)
            found.append(
                AcqMarker(tick, text, style == _APPENDED_STYLE if late else _SEGMENT_TEXT.fullmatch(text) is not None)
            )
    # The first segment begins with the first sample: if its marker is elsewhere, all are off by as much
    # (physio-5.0.1-c.acq has -34304 for it, and the same recording saved by version 3.8.1 has 0).
    origin = min((marker.tick for marker in found if marker.segment), default=0)
    found = sorted((marker._replace(tick=marker.tick - origin) for marker in found), key=lambda marker: marker.tick)
    return found, begin + length + (0 if late else 8)
