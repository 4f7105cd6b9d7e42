"""The chunks of a recording that are copied to another file: stream headers, samples, offsets, indices, footers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4
from xml.etree import ElementTree as ET

from ecg_live.errors import FormatError, RecordingError
from ecg_live.recorded.session_file import read_file_header
from ecg_live.sinks.xdf_file import XdfFile
from ecg_live.xdf import encode
from ecg_live.xdf.decode import DAMAGED_REMEDY, TruncatedChunk, iter_chunks
from ecg_live.xdf.headers import file_header, stream_footer

COPIED_TAGS = (encode.SAMPLES_TAG, encode.CLOCK_OFFSET_TAG, encode.SAMPLE_INDEX_TAG)
SEALED_BYTES = 1 << 20  # written and sealed at once, about


class CopiedChunk(NamedTuple):
    """A chunk of a stream: its content without the stream's number."""

    tag: int
    stream: int
    content: bytes


@dataclass(slots=True)
class Footer:
    """Sum of a stream's footers over the files of a recording."""

    first: float = 0.0
    last: float = 0.0
    count: int = 0

    def add(self, content: bytes) -> None:
        """Add a footer's XML."""
        try:
            root = ET.fromstring(content.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
            count = int(root.findtext("sample_count") or 0)
            first, last = (float(root.findtext(name) or 0) for name in ("first_timestamp", "last_timestamp"))
        except (ET.ParseError, ValueError) as error:
            raise FormatError(f"a stream footer is damaged: {error}", DAMAGED_REMEDY) from error
        if count:
            self.first = self.first if self.count else first
            self.last = last
            self.count += count


def stream_chunks(path: Path) -> Iterator[CopiedChunk]:
    """All chunks of streams of a file, headers and footers included.

    Raises
    ------
    RecordingError
        The file is cut or damaged.
    """
    for file, chunk in iter_chunks(path):
        if isinstance(chunk, TruncatedChunk):
            raise RecordingError(
                f"{path.name} is cut: its last chunk is not whole", f"ecg-live export {path.name} --to xdf closes it"
            )
        if chunk.tag in (*COPIED_TAGS, encode.STREAM_HEADER_TAG, encode.STREAM_FOOTER_TAG):
            yield CopiedChunk(chunk.tag, chunk.stream, file.read(chunk.size))


@dataclass(slots=True)
class StreamsWriter:
    """Writes streams to a new file, sealed piece by piece; `close` gives it its name."""

    path: Path
    file: XdfFile
    footers: dict[int, Footer] = field(default_factory=dict)
    pending: bytearray = field(default_factory=bytearray)

    @classmethod
    def begin(cls, path: Path, date: str) -> StreamsWriter:
        """Begin a file with a date, as a file header has it.

        Raises
        ------
        RecordingError
            It is there already, or cannot be made.
        """
        writer = cls(path, XdfFile(path))
        writer.add(encode.FILE_HEADER_TAG, file_header(_parsed(date), 1, str(uuid4())))
        return writer

    def add(self, tag: int, content: bytes, stream: int | None = None) -> None:
        """Add a chunk of this content."""
        self.add_whole(encode.chunk(tag, content, stream))

    def add_whole(self, chunk: bytes) -> None:
        """Add an encoded chunk."""
        self.pending += chunk
        if len(self.pending) >= SEALED_BYTES:
            self._seal()

    def close(self) -> None:
        """Write the footers, and give the file its name once the disk has it."""
        for number, footer in self.footers.items():
            self.add(encode.STREAM_FOOTER_TAG, stream_footer(footer.first, footer.last, footer.count), number)
        self._seal()
        self.file.sync()
        self.file.appear()
        self.file.close()

    def discard(self) -> None:
        """Remove what was written."""
        self.file.discard()

    def _seal(self) -> None:
        if self.pending:
            self.file.append(bytes(self.pending))
            self.pending.clear()


def file_date(path: Path) -> str:
    """Date and time in a file's header; empty if it has none."""
    return read_file_header(path).get("datetime", "")


def _parsed(date: str) -> datetime:
    try:
        return datetime.fromisoformat(date)
    except ValueError:
        return datetime.now().astimezone()
