"""Verify a recording: whether it is complete, and whether every byte is as it was written.

Our recorder seals each write with a digest; in LabRecorder's files the samples are only counted.
"""

from __future__ import annotations

import hashlib
import mmap
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree as ET

import numpy as np

from devices.files.unreadable import DECODE_ERRORS, damaged_file_error, regular_file
from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import F64
from ecg_live.recorded.verify.result import CLOSE_REMEDY, StreamCount, VerifyReport
from ecg_live.results import RR_FLAGS
from ecg_live.xdf.decode import (
    DAMAGED_REMEDY,
    ChunkLocation,
    TruncatedChunk,
    iter_chunks,
    read_rows,
    read_samples,
    read_stream_header,
)
from ecg_live.xdf.encode import (
    BOUNDARY_UUID,
    DIGEST_TAG,
    MAGIC,
    SAMPLE_FORMATS,
    SAMPLE_INDEX_TAG,
    SAMPLES_TAG,
    STREAM_FOOTER_TAG,
    STREAM_HEADER_TAG,
    chunk,
)

READ_BLOCK_BYTES = 1 << 20
_DIGEST_HEAD = chunk(DIGEST_TAG, bytes(32))[:4]


def verify(path: Path) -> VerifyReport:
    """Check a file from its first byte to its last.

    Bytes at the end that are not a whole chunk are a torn tail, unless whole chunks follow within them: then they are
    damage.

    Raises
    ------
    FormatError
        It is not an XDF file.
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
    digests = _DigestChain(raw)
    try:
        for file, found in iter_chunks(report.path):
            if isinstance(found, TruncatedChunk):
                _report_cut(report, raw, found)
                break
            if found.tag == DIGEST_TAG:
                _check_digest(report, digests, found, file.read(found.size))
            else:
                _count_chunk(report, file, found)
            report.intact_bytes = found.end
    except FormatError as error:
        unread = report.size - report.intact_bytes
        report.add_problem(f"{error.message}; {unread} bytes after byte {report.intact_bytes} are not read")
        return
    if report.has_digests and report.sound and digests.stop != report.intact_bytes:
        unsealed = f"{report.intact_bytes - digests.stop} bytes at the end have no digest"
        if report.closed:
            report.add_problem(unsealed)
        else:
            report.warnings.append(unsealed)


def _report_cut(report: VerifyReport, raw: BinaryIO, torn: TruncatedChunk) -> None:
    """Distinguish a cut from damage.

    A write that was cut off has no digest, which ends each write; LabRecorder's has no boundary chunk.
    """
    report.torn_bytes = torn.there
    with mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if any(content.find(mark, torn.begin + 1) >= 0 for mark in (_DIGEST_HEAD, BOUNDARY_UUID)):
            what = f"a chunk of {torn.size} bytes, but whole chunks are inside it"
            report.add_problem(f"byte {torn.begin}: {what}: {DAMAGED_REMEDY}")
    report.warnings.append(f"cut: the last {torn.there} bytes are not a whole chunk and are left out; {CLOSE_REMEDY}")


class _DigestChain:
    """SHA-256 digests, each over the previous digest and the bytes between the two; ``stop`` ends the last one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._last_digest = b""
        self.stop = 0

    def matches(self, begin: int, end: int, digest: bytes) -> bool:
        """Whether the digest stored from byte ``begin`` to ``end`` fits the bytes before it."""
        sha = hashlib.sha256(self._last_digest)
        self._file.seek(self.stop)
        left = begin - self.stop
        while left > 0 and (data := self._file.read(min(READ_BLOCK_BYTES, left))):
            sha.update(data)
            left -= len(data)
        self.stop, self._last_digest = end, digest
        return sha.digest() == digest


def _check_digest(report: VerifyReport, digests: _DigestChain, chunk: ChunkLocation, digest: bytes) -> None:
    report.has_digests, begin = True, digests.stop
    if digests.matches(chunk.begin, chunk.end, digest):
        report.valid_digests += 1
    else:
        report.add_problem(f"bytes {begin} to {chunk.begin} are not as they were written")


def _count_chunk(report: VerifyReport, file: BinaryIO, chunk: ChunkLocation) -> None:
    """Count what a chunk holds; one that cannot be decoded is a problem, and the next may be intact."""
    try:
        if chunk.tag == STREAM_HEADER_TAG:
            report.counts[chunk.stream] = StreamCount(
                read_stream_header(report.path, chunk.stream, file.read(chunk.size))
            )
            return
        count = report.counts.get(chunk.stream)
        if count is None:
            if chunk.tag in {SAMPLES_TAG, STREAM_FOOTER_TAG}:
                report.add_problem(f"byte {chunk.begin}: of stream {chunk.stream}, which has no header")
        elif chunk.tag == SAMPLES_TAG:
            _count_samples(report, count, file.read(chunk.size))
        elif chunk.tag == SAMPLE_INDEX_TAG:
            count.stop = int.from_bytes(file.read(chunk.size), "little")
            count.start = count.stop if count.start is None else count.start
            if _ecg_column(count) is not None:
                report.gap_audit.move_to(count.stop)
        elif chunk.tag == STREAM_FOOTER_TAG:
            count.footer_samples = _footer_sample_count(file.read(chunk.size))
    except (RecordingError, *DECODE_ERRORS) as error:
        why = (
            error.message if isinstance(error, RecordingError) else damaged_file_error(report.path.name, error).message
        )
        report.add_problem(f"byte {chunk.begin}: {why}")


def _count_samples(report: VerifyReport, count: StreamCount, data: bytes) -> None:
    stream = count.stream
    if stream.form == "string":
        count.samples += len(read_rows(data, len(stream.labels)))
        return
    if stream.form not in SAMPLE_FORMATS:
        raise FormatError(f"stream {stream.name!r} has the format {stream.form!r}, which XDF does not know")
    _, values = read_samples(report.path, stream, data)
    count.samples += len(values)
    if (column := _ecg_column(count)) is not None:
        count.invalid += report.gap_audit.add_samples(values[:, column])
    elif count.key == "gaps" and values.shape[1] > 1:
        report.gap_audit.add_reported(values[:, :2])
    elif count.key == "rr_intervals":
        _count_intervals(count, values)
    if count.stop is not None:
        count.stop += len(values)


def _count_intervals(count: StreamCount, values: F64) -> None:
    """Count RR intervals by their flags."""
    rr, flags = values[:, 0], values[:, 1]
    known = (rr > 0) & np.isin(flags, range(len(RR_FLAGS)))
    for code in range(len(RR_FLAGS)):
        count.rr_flags[code] += int((known & (flags == code)).sum())
    if not known.all():
        worst = values[~known][0].tolist()
        raise FormatError(
            f"stream {count.stream.name!r} has an RR interval of {worst[0]:g} s with the flag {worst[1]:g}"
        )


def _ecg_column(count: StreamCount) -> int | None:
    """Column of the judged ECG channel; None if two channels have its name."""
    name, labels = count.stream.own.get("ecg", ""), count.stream.labels
    return labels.index(name) if count.key == "ecg" and labels.count(name) == 1 else None


def _footer_sample_count(data: bytes) -> int:
    try:
        root = ET.fromstring(data.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
    except ET.ParseError as error:
        raise FormatError(f"the footer is not XML: {error}") from error
    return int(root.findtext("sample_count") or 0)


def _check_totals(report: VerifyReport) -> None:
    """Check what only the whole file shows."""
    recorded_by_us = any(count.key is not None for count in report.counts.values())
    if not report.counts:
        report.add_problem("no stream has a header")
    elif recorded_by_us and not (report.has_digests or report.closed):
        report.add_problem("cut inside its headers, which our recorder writes and seals at once: nothing was recorded")
    elif not report.closed and not report.torn_bytes:
        report.warnings.append(f"not closed: the recording ended without its footers; {CLOSE_REMEDY}")
    for count in report.counts.values():
        name = count.stream.name
        if count.footer_samples not in {None, count.samples}:
            report.add_problem(f"{name}: {count.samples} samples, but its footer counts {count.footer_samples}")
        if count.missing < 0:
            report.add_problem(f"{name}: {-count.missing} samples more than its sample indices allow")
    if report.sound and (problem := report.gap_audit.problem()):
        report.add_problem(problem)
