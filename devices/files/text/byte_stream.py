"""Read the bytes of a text file: unzipped, one byte for an ASCII character, lines that end in LF."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from devices.files.units import decode_text
from ecg_live.errors import FormatError

READ_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 20  # a longer line is not a row of numbers
_HEAD_READ_BYTES = 1 << 16  # at once, for the first lines
_GZIP_MAGIC = b"\x1f\x8b"
# UTF-16 with a byte order mark, as spreadsheets save "Unicode text"; supersets of ASCII are left as they are.
_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LINE_END_PROBE_BYTES = 1 << 16  # that show the line ends


class TruncatedGzip(Exception):
    """A gzip file ends before its end mark; all that could be unpacked has been read."""


def read_pieces(path: Path, size: int = READ_BYTES) -> Iterator[bytes]:
    """Read a text file from its start.

    Yields
    ------
    bytes
        Up to about ``size``, in UTF-8 or another superset of ASCII, with LF at the line ends (after a CR where the
        file has both).

    Raises
    ------
    TruncatedGzip
        A gzip file ends too early.
    FormatError
        A gzip file is damaged.
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
    """Convert UTF-16 to UTF-8."""
    decoder: codecs.IncrementalDecoder | None = None
    first = True
    for data in raw:
        if first:
            first = False
            encoding = _UTF16_MARKS.get(data[:2])
            decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        yield data if decoder is None else decoder.decode(data).encode("utf-8", "replace")


def _normalise_line_ends(raw: Iterable[bytes]) -> Iterator[bytes]:
    """Replace CR by LF in a file with CR alone at its line ends."""
    bare: bool | None = None
    for data in raw:
        if bare is None:
            head = data[:_LINE_END_PROBE_BYTES]
            bare = b"\r" in head[:-1] and b"\n" not in head
        yield data.replace(b"\r", b"\n") if bare else data


def head_lines(path: Path, count: int) -> list[str]:
    """Read up to ``count`` lines from the start, decoded, without line ends and byte order mark.

    Raises
    ------
    FormatError
        The file is empty, or not text.
    """
    data = b""
    with suppress(TruncatedGzip):
        for piece in read_pieces(path, _HEAD_READ_BYTES):
            data += piece
            if data.count(b"\n") >= count or len(data) > MAX_LINE_BYTES:
                break
    if not data.strip():
        raise FormatError(f"{path.name}: the file is empty", "choose another file, or record it again")
    lines = data.split(b"\n", count)[:count]
    if b"\0" in b"".join(lines):
        raise FormatError(f"{path.name}: found bytes that are no text", "export it again as UTF-8 text")
    text = [decode_text(line).rstrip("\r") for line in lines]
    return [text[0].removeprefix("\ufeff"), *text[1:]] if text[-1] else text[:-1]
