"""Is a recording whole, and is every byte of it as it was written? Ours are sealed; LabRecorder's are only counted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree as ET

import numpy as np

from devices.files.recording import UNDECODABLE, undecodable
from devices.files.xdf_chunks import ChunkAt, Stream, Torn, chunks, read_rows, read_samples, read_stream
from ecg_live.errors import FormatError, RecordingError
from ecg_live.sinks.xdf_chunks import DIGEST, FOOTER, FORMATS, HEADER, MAGIC, PLACE, SAMPLES

COPIED = 1 << 20  # bytes read at once
TOLD = 20  # problems that are named; a file that is damaged all over has as many as chunks
CLOSE = "ecg-live export FILE --to xdf closes it"


@dataclass(slots=True)
class Count:
    """What a stream holds: samples, those that its footer counts (None without one), values that are no number.

    ``first`` and ``stop`` are raw counters, None where nobody counted.
    """

    stream: Stream
    samples: int = 0
    footer: int | None = None
    empty: int = 0
    first: int | None = None
    stop: int | None = None

    @property
    def missing(self) -> int:
        """Samples between the first and the last that never came."""
        return 0 if self.first is None or self.stop is None else self.stop - self.first - self.samples


@dataclass(slots=True)
class Report:
    """What was found: ``problems`` in words, ``torn`` bytes at the end that are no whole chunk, ``digests`` that hold.

    ``whole`` is where the last whole chunk ends, ``reported`` the lost samples that the session told; ``damaged`` says
    that more is wrong than a missing end.
    """

    path: Path
    size: int
    counts: dict[int, Count] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    torn: int = 0
    whole: int = len(MAGIC)
    digests: int = 0
    sealed: bool = False
    reported: int = 0
    damaged: bool = False

    @property
    def sound(self) -> bool:
        """Nothing is wrong."""
        return not self.problems

    @property
    def closed(self) -> bool:
        """Every stream has its footer."""
        return bool(self.counts) and all(each.footer is not None for each in self.counts.values())

    def blame(self, problem: str, *, end: bool = False) -> None:
        """Note what is wrong; ``end`` where the file only lacks one."""
        self.damaged |= not end
        if len(self.problems) < TOLD:
            self.problems.append(problem)

    def lines(self) -> Iterator[str]:
        """For people."""
        seal = f"{self.digests} digests hold" if self.sealed else "no digests: damage inside a chunk cannot be seen"
        yield f"{self.path}: {'sound' if self.sound else 'NOT SOUND'}, {self.size} bytes, {seal}"
        for count in self.counts.values():
            lost = f", {count.missing} missing between them" if count.first is not None else ""
            yield f"  {count.stream.name} [{count.stream.kind}]: {count.samples} samples{lost}"
            if count.stream.own.get("key") == "ecg":
                yield f"    {count.empty} of them no numbers; the session told of {self.reported} lost"
        yield from (f"  problem: {problem}" for problem in self.problems)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        streams = [
            {
                "name": each.stream.name,
                "key": each.stream.own.get("key"),
                "samples": each.samples,
                "footer": each.footer,
                "missing": each.missing,
                "not_numbers": each.empty,
            }
            for each in self.counts.values()
        ]
        fields = ("size", "torn", "whole", "digests", "sealed", "reported", "sound", "closed", "problems")
        return {"path": str(self.path), **{name: getattr(self, name) for name in fields}, "streams": streams}


def verify(path: Path) -> Report:
    """Check a file from its first byte to its last.

    Raises
    ------
    FormatError
        It is no XDF file.
    RecordingError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            if (found := file.read(len(MAGIC))) != MAGIC:
                raise FormatError(f"{path.name}: begins with {found!r}, expected {MAGIC!r}", "give an XDF file")
            report = Report(path, path.stat().st_size)
            _walk(report, file)
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}", "check the path") from error
    _judge(report)
    return report


def _walk(report: Report, raw: BinaryIO) -> None:
    seal = _Seal(raw)
    try:
        for file, chunk in chunks(report.path):
            if isinstance(chunk, Torn):
                report.torn = chunk.there
                report.blame(f"cut: the last {chunk.there} bytes are no whole chunk; {CLOSE}", end=True)
                return
            if chunk.tag == DIGEST:
                _check(report, seal, chunk, file.read(chunk.size))
            else:
                _take(report, file, chunk)
            report.whole = chunk.end
    except FormatError as error:
        report.blame(f"{error.message}; {report.size - report.whole} bytes behind byte {report.whole} are not read")
        return
    if report.sealed and seal.at != report.whole:
        report.blame(f"{report.whole - seal.at} bytes at the end have no digest")


class _Seal:
    """Digests, each over the one before it and what lies between."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.at, self._last = file, 0, b""

    def holds(self, begin: int, end: int, digest: bytes) -> bool:
        """Whether a digest that lies from ``begin`` to ``end`` is that of the bytes before it."""
        sha = hashlib.sha256(self._last)
        self._file.seek(self.at)
        left = begin - self.at
        while left > 0 and (data := self._file.read(min(COPIED, left))):
            sha.update(data)
            left -= len(data)
        self.at, self._last = end, digest
        return sha.digest() == digest


def _check(report: Report, seal: _Seal, chunk: ChunkAt, digest: bytes) -> None:
    report.sealed, begin = True, seal.at
    if seal.holds(chunk.begin, chunk.end, digest):
        report.digests += 1
    else:
        report.blame(f"bytes {begin} to {chunk.begin} are not as they were written")


def _take(report: Report, file: BinaryIO, chunk: ChunkAt) -> None:
    """Count what a chunk holds; one that makes no sense is a problem, and the next may be whole."""
    try:
        if chunk.tag == HEADER:
            report.counts[chunk.stream] = Count(read_stream(report.path, chunk.stream, file.read(chunk.size)))
            return
        count = report.counts.get(chunk.stream)
        if count is None:
            if chunk.tag in {SAMPLES, FOOTER}:
                report.blame(f"byte {chunk.begin}: of stream {chunk.stream}, which has no header")
        elif chunk.tag == SAMPLES:
            _count(report, count, file.read(chunk.size))
        elif chunk.tag == PLACE:
            count.stop = int.from_bytes(file.read(chunk.size), "little")
            count.first = count.stop if count.first is None else count.first
        elif chunk.tag == FOOTER:
            count.footer = _footer(file.read(chunk.size))
    except (RecordingError, *UNDECODABLE) as error:
        why = error.message if isinstance(error, RecordingError) else undecodable(report.path.name, error).message
        report.blame(f"byte {chunk.begin}: {why}")


def _count(report: Report, count: Count, data: bytes) -> None:
    stream = count.stream
    if stream.form == "string":
        count.samples += len(read_rows(data, len(stream.labels)))
        return
    if stream.form not in FORMATS:
        raise FormatError(f"stream {stream.name!r} has the format {stream.form!r}, which XDF does not know")
    _, values = read_samples(report.path, stream, data)
    count.samples += len(values)
    if stream.own.get("key") == "ecg":
        count.empty += int(np.isnan(values).any(axis=1).sum())
    elif stream.own.get("key") == "gaps" and values.shape[1] > 1:
        report.reported += int(np.nan_to_num(values[:, 1]).clip(0, 1e15).sum())
    if count.stop is not None:
        count.stop += len(values)


def _footer(data: bytes) -> int:
    try:
        root = ET.fromstring(data.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
    except ET.ParseError as error:
        raise FormatError(f"the footer is no XML: {error}") from error
    return int(root.findtext("sample_count") or 0)


def _judge(report: Report) -> None:
    """What only shows when all was seen."""
    if not report.counts:
        report.blame("no stream has a header")
    elif not report.closed and not report.torn:
        report.blame(f"not closed: the recording ended without its footers; {CLOSE}", end=True)
    for count in report.counts.values():
        if count.footer not in {None, count.samples}:
            report.blame(f"{count.stream.name}: {count.samples} samples, but its footer counts {count.footer}")
        if count.missing < 0:
            report.blame(f"{count.stream.name}: {-count.missing} samples more than its counter has places for")
