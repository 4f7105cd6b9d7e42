"""The bytes of a text file in pieces, whatever packs, encodes or ends its lines: single bytes, lines that end in LF."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from ecg_live.errors import FormatError

READ_BYTES = 1 << 20  # bytes read at once
_GZIP_MAGIC = b"\x1f\x8b"
# UTF-16 with a byte order mark, as spreadsheets save "Unicode text"; other encodings with one byte for ASCII pass.
_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LINE_END_PROBE_BYTES = 1 << 16  # bytes that show how lines end


class TruncatedGzip(Exception):
    """A packed file ends before its end mark; all that could be unpacked has been given."""


def read_pieces(path: Path, size: int = READ_BYTES) -> Iterator[bytes]:
    """Read a text file from its start.

    Yields
    ------
    bytes
        Up to about ``size`` at once, in UTF-8 or another encoding in which ASCII is ASCII, with LF at the line ends
        (behind a CR where the file has both).

    Raises
    ------
    TruncatedGzip
        A packed file ends too early.
    FormatError
        A packed file is damaged.
    """
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        raw = _decompress(path, size) if packed else iter(lambda: file.read(size), b"")
        yield from _normalise_line_ends(_to_utf8(raw))


def _decompress(path: Path, size: int) -> Iterator[bytes]:
    with gzip.open(path) as file:
        try:
            while data := file.read1(size):
                yield data
        except EOFError as error:
            raise TruncatedGzip from error
        except (zlib.error, gzip.BadGzipFile) as error:
            raise FormatError(f"{path.name}: cannot be unpacked: {error}", "copy or export it again") from error


def _to_utf8(raw: Iterable[bytes]) -> Iterator[bytes]:
    """UTF-16 to UTF-8."""
    decoder: codecs.IncrementalDecoder | None = None
    first = True
    for data in raw:
        if first:
            first = False
            encoding = _UTF16_MARKS.get(data[:2])
            decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        yield data if decoder is None else decoder.decode(data).encode("utf-8", "replace")


def _normalise_line_ends(raw: Iterable[bytes]) -> Iterator[bytes]:
    """Make LF of CR in a file whose lines end in CR alone."""
    bare: bool | None = None
    for data in raw:
        if bare is None:
            head = data[:_LINE_END_PROBE_BYTES]
            bare = b"\r" in head[:-1] and b"\n" not in head
        yield data.replace(b"\r", b"\n") if bare else data
