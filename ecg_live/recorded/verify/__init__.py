"""Is a recording whole, and is every byte of it as it was written? Ours are sealed; LabRecorder's are only counted."""

from __future__ import annotations

import hashlib
import mmap
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree as ET

from devices.files.recording import UNDECODABLE, undecodable
from devices.files.regular import regular_file
from ecg_live.errors import FormatError, RecordingError
from ecg_live.recorded.verify.result import CLOSE_REMEDY, StreamCount, VerifyReport
from ecg_live.xdf.decode import DAMAGED, ChunkAt, Torn, chunks, read_rows, read_samples, read_stream
from ecg_live.xdf.encode import DIGEST, FOOTER, FORMATS, HEADER, MAGIC, PLACE, SAMPLES, UUID, chunk

READ_BLOCK_BYTES = 1 << 20  # bytes read at once
_DIGEST_HEAD = chunk(DIGEST, bytes(32))[:4]


def verify(path: Path) -> VerifyReport:
    """Check a file from its first byte to its last.

    Bytes at the end that are no whole chunk are a torn tail, unless whole chunks lie behind its begin: then they are
    damage.

    Raises
    ------
    FormatError
        It is no XDF file.
    RecordingError
        It cannot be read.
    """
    try:
        with regular_file(path).open("rb") as file:
            if (found := file.read(len(MAGIC))) != MAGIC:
                what = f"begins with {found!r}, expected {MAGIC!r}" if found else "it is empty"
                raise FormatError(f"{path.name}: {what}", "give an XDF file")
            report = VerifyReport(path, path.stat().st_size)
            _check_chunks(report, file)
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}", "check the path") from error
    _check_totals(report)
    return report


def _check_chunks(report: VerifyReport, raw: BinaryIO) -> None:
    seal = _DigestChain(raw)
    try:
        for file, found in chunks(report.path):
            if isinstance(found, Torn):
                _report_cut(report, raw, found)
                break
            if found.tag == DIGEST:
                _check_digest(report, seal, found, file.read(found.size))
            else:
                _count_chunk(report, file, found)
            report.whole = found.end
    except FormatError as error:
        report.blame(f"{error.message}; {report.size - report.whole} bytes behind byte {report.whole} are not read")
        return
    if report.sealed and report.sound and seal.at != report.whole:
        unsealed = f"{report.whole - seal.at} bytes at the end have no digest"
        report.blame(unsealed) if report.closed else report.warnings.append(unsealed)


def _report_cut(report: VerifyReport, raw: BinaryIO, torn: Torn) -> None:
    """A write that was cut off holds no digest, which ends each write, and LabRecorder's holds no boundary."""
    report.torn = torn.there
    with mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        if any(whole.find(mark, torn.begin + 1) >= 0 for mark in (_DIGEST_HEAD, UUID)):
            report.blame(f"byte {torn.begin}: a chunk of {torn.size} bytes, but whole chunks lie in it: {DAMAGED}")
    report.warnings.append(f"cut: the last {torn.there} bytes are no whole chunk and are left out; {CLOSE_REMEDY}")


class _DigestChain:
    """Digests, each over the one before it and what lies between."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.at, self._last = file, 0, b""

    def holds(self, begin: int, end: int, digest: bytes) -> bool:
        """Whether a digest that lies from ``begin`` to ``end`` is that of the bytes before it."""
        sha = hashlib.sha256(self._last)
        self._file.seek(self.at)
        left = begin - self.at
        while left > 0 and (data := self._file.read(min(READ_BLOCK_BYTES, left))):
            sha.update(data)
            left -= len(data)
        self.at, self._last = end, digest
        return sha.digest() == digest


def _check_digest(report: VerifyReport, seal: _DigestChain, chunk: ChunkAt, digest: bytes) -> None:
    report.sealed, begin = True, seal.at
    if seal.holds(chunk.begin, chunk.end, digest):
        report.digests += 1
    else:
        report.blame(f"bytes {begin} to {chunk.begin} are not as they were written")


def _count_chunk(report: VerifyReport, file: BinaryIO, chunk: ChunkAt) -> None:
    """Count what a chunk holds; one that makes no sense is a problem, and the next may be whole."""
    try:
        if chunk.tag == HEADER:
            report.counts[chunk.stream] = StreamCount(read_stream(report.path, chunk.stream, file.read(chunk.size)))
            return
        count = report.counts.get(chunk.stream)
        if count is None:
            if chunk.tag in {SAMPLES, FOOTER}:
                report.blame(f"byte {chunk.begin}: of stream {chunk.stream}, which has no header")
        elif chunk.tag == SAMPLES:
            _count_samples(report, count, file.read(chunk.size))
        elif chunk.tag == PLACE:
            count.stop = int.from_bytes(file.read(chunk.size), "little")
            count.first = count.stop if count.first is None else count.first
            if _ecg_column(count) is not None:
                report.lost.place(count.stop)
        elif chunk.tag == FOOTER:
            count.footer = _footer_sample_count(file.read(chunk.size))
    except (RecordingError, *UNDECODABLE) as error:
        why = error.message if isinstance(error, RecordingError) else undecodable(report.path.name, error).message
        report.blame(f"byte {chunk.begin}: {why}")


def _count_samples(report: VerifyReport, count: StreamCount, data: bytes) -> None:
    stream = count.stream
    if stream.form == "string":
        count.samples += len(read_rows(data, len(stream.labels)))
        return
    if stream.form not in FORMATS:
        raise FormatError(f"stream {stream.name!r} has the format {stream.form!r}, which XDF does not know")
    _, values = read_samples(report.path, stream, data)
    count.samples += len(values)
    if (judged := _ecg_column(count)) is not None:
        count.empty += report.lost.samples(values[:, judged])
    elif count.key == "gaps" and values.shape[1] > 1:
        report.lost.gaps(values[:, :2])
    if count.stop is not None:
        count.stop += len(values)


def _ecg_column(count: StreamCount) -> int | None:
    """The column of the ECG that was judged; None if two have its name."""
    name, labels = count.stream.own.get("ecg", ""), count.stream.labels
    return labels.index(name) if count.key == "ecg" and labels.count(name) == 1 else None


def _footer_sample_count(data: bytes) -> int:
    try:
        root = ET.fromstring(data.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
    except ET.ParseError as error:
        raise FormatError(f"the footer is no XML: {error}") from error
    return int(root.findtext("sample_count") or 0)


def _check_totals(report: VerifyReport) -> None:
    """What only shows when all was seen."""
    if not report.counts:
        report.blame("no stream has a header")
    elif not (report.sealed or report.closed) and any(count.key is not None for count in report.counts.values()):
        report.blame("cut inside its headers, which our recorder writes and seals at once: nothing was recorded")
    elif not report.closed and not report.torn:
        report.warnings.append(f"not closed: the recording ended without its footers; {CLOSE_REMEDY}")
    for count in report.counts.values():
        if count.footer not in {None, count.samples}:
            report.blame(f"{count.stream.name}: {count.samples} samples, but its footer counts {count.footer}")
        if count.missing < 0:
            report.blame(f"{count.stream.name}: {-count.missing} samples more than its counter has places for")
    if report.sound and (problem := report.lost.problem()):
        report.blame(problem)
