"""One file of a recorded session as a data set needs it: blocks, baselines, answers and ratings, in stream time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree as ET

import numpy as np

from devices.files.unreadable import regular_file
from devices.files.xdf.damage import intact_chunks
from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import AFFECT_DIMENSIONS, F64
from ecg_live.study.marker_texts import TimedText
from ecg_live.xdf.decode import ChunkLocation, StreamHeader, read_rows, read_samples, read_stream_header
from ecg_live.xdf.encode import DIGEST_TAG, FILE_HEADER_TAG, MAGIC, SAMPLE_INDEX_TAG, SAMPLES_TAG, STREAM_HEADER_TAG
from ecg_live.xdf.self_reports import SelfReportRow, parse_self_report_rows

DIGEST_DIGITS = 12  # of SHA-256 in hexadecimal, as for a data set's other fingerprints
MAX_STATE_GAP_S = 5.0  # between two states of one baseline, which come with each window
_READ_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class SessionFile:
    """A file of our recorder; all times are seconds of stream time.

    ``recording`` is the same in all files of a recording, ``part`` counts them from 1; ``began`` is when the file was
    begun, as ISO 8601. ``texts`` are those of the ECG's header: participant, session, study. ``digest`` begins the
    SHA-256 of the file; ``seal`` is that over its headers, as the recorder wrote it. ``start`` and ``stop`` are those
    of its ECG. ``rests`` are resting baselines. ``ratings`` (n, 2) are samples of a continuous rating at ``rated``
    (n,).
    """

    path: Path
    recording: str
    part: int
    began: str
    texts: Mapping[str, str]
    digest: str
    seal: str
    start: float
    stop: float
    markers: tuple[TimedText, ...]
    rests: tuple[tuple[float, float], ...]
    answers: tuple[SelfReportRow, ...]
    rated: F64
    ratings: F64


def read_session_file(path: Path) -> SessionFile | None:
    """Read a file; None for one of another program, or without ECG.

    Raises
    ------
    RecordingError
        It cannot be read.
    """
    try:
        with regular_file(path).open("rb") as raw:
            if raw.read(len(MAGIC)) != MAGIC:
                return None
        reader = _AnsweredFileReader(path)
        for file, chunk in intact_chunks(path):
            if isinstance(chunk, ChunkLocation):
                reader.add(file, chunk)
        return reader.session_file(file_digest(path))
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}", "check the file") from error


class _AnsweredFileReader:
    """Collects what the chunks of a file hold; ECG chunks give pairs of session clock and stream time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._header: dict[str, str] = {}
        self._seal = ""
        self._streams: dict[int, StreamHeader] = {}
        self._counter = 0  # sample index after the newest ECG sample
        self._first: int | None = None  # sample index of the first one
        self._clock: list[tuple[float, float]] = []  # session clock and stream time of ECG samples
        self._rows: dict[str, list[tuple[float, tuple[str, ...]]]] = {}
        self._stamps: list[F64] = []
        self._ratings: list[F64] = []

    def add(self, file: BinaryIO, chunk: ChunkLocation) -> None:
        """Read a chunk; the file is positioned at its content."""
        stream = self._streams.get(chunk.stream)
        key = None if stream is None else stream.own.get("key")
        if chunk.tag == FILE_HEADER_TAG:
            self._header = _texts(file.read(chunk.size))
        elif chunk.tag == DIGEST_TAG and not self._seal:
            self._seal = file.read(chunk.size).hex()
        elif chunk.tag == STREAM_HEADER_TAG:
            self._streams[chunk.stream] = read_stream_header(self._path, chunk.stream, file.read(chunk.size))
        elif chunk.tag == SAMPLE_INDEX_TAG and key == "ecg":
            self._counter = int.from_bytes(file.read(8), "little")
        elif chunk.tag == SAMPLES_TAG and stream is not None and key == "ecg":
            self._add_ecg(stream, file.read(chunk.size))
        elif chunk.tag == SAMPLES_TAG and stream is not None and key in {"events", "markers", "self_reports"}:
            self._rows.setdefault(key, []).extend(read_rows(file.read(chunk.size), len(stream.labels)))
        elif chunk.tag == SAMPLES_TAG and stream is not None and key == "affect_ratings":
            stamps, values = read_samples(self._path, stream, file.read(chunk.size))
            self._stamps.append(stamps)
            self._ratings.append(values)

    def session_file(self, digest: str) -> SessionFile | None:
        """All of it; None without an ECG sample."""
        keys = {stream.own.get("key"): stream for stream in self._streams.values()}
        ecg = keys.get("ecg")
        if ecg is None or self._first is None:
            return None
        answers = self._rows.get("self_reports", [])
        labels = keys["self_reports"].labels if "self_reports" in keys else ()
        texts, stamps = [row for _, row in answers], [stamp for stamp, _ in answers]
        began = -self._times(np.zeros(1))[0]  # session clock at stream time 0
        rated, ratings = self._rated()
        return SessionFile(
            self._path,
            self._header.get("recording") or str(self._path),
            int(part) if (part := self._header.get("part", "1")).isdigit() else 1,
            self._header.get("datetime", ""),
            ecg.own,
            digest,
            self._seal,
            self._first / ecg.rate,
            self._counter / ecg.rate,
            tuple(self._timed_rows("markers")),
            tuple(self._rests()),
            parse_self_report_rows(labels, texts, stamps, 0.0, float(began)),
            rated,
            ratings,
        )

    def _add_ecg(self, stream: StreamHeader, data: bytes) -> None:
        stamps, _ = read_samples(self._path, stream, data)
        if stream.rate <= 0 or not len(stamps):
            return
        self._first = self._counter if self._first is None else self._first
        if np.isfinite(stamps[0]):
            self._clock.append((float(stamps[0]), self._counter / stream.rate))
        self._counter += len(stamps)

    def _times(self, stamps: F64) -> F64:
        """Stream time of session-clock times (n,), by the newest ECG chunk before each."""
        if not self._clock:
            return np.full(len(stamps), np.nan)
        known = np.array(self._clock)
        at = np.clip(np.searchsorted(known[:, 0], stamps, side="right") - 1, 0, None)
        return np.asarray(known[at, 1] + stamps - known[at, 0])

    def _timed_rows(self, key: str) -> Iterator[tuple[float, str]]:
        """Stream time of each row of a stream of texts, and its text."""
        rows = self._rows.get(key, [])
        times = self._times(np.array([stamp for stamp, _ in rows])).tolist()
        return zip(times, ("".join(texts) for _, texts in rows), strict=True)

    def _states(self) -> Iterator[tuple[float, Mapping[str, Any]]]:
        """The session's states, each with its stream time."""
        for time, line in self._timed_rows("events"):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict) and event.get("type") == "state":
                yield time, event

    def _rests(self) -> Iterator[tuple[float, float]]:
        """From the first to the last state of each resting baseline."""
        times = [time for time, event in self._states() if event.get("state") == "baseline"]
        edges = [0, *(k for k, (a, b) in enumerate(pairwise(times), 1) if b - a > MAX_STATE_GAP_S), len(times)]
        yield from ((times[a], times[b - 1]) for a, b in pairwise(edges) if b - a > 1)

    def _rated(self) -> tuple[F64, F64]:
        """Times (n,) and values (n, 2) of the rating, ascending."""
        times = self._times(np.concatenate([np.empty(0), *self._stamps]))
        values = np.concatenate([np.empty((0, len(AFFECT_DIMENSIONS))), *self._ratings])
        order = np.unique(times, return_index=True)[1]
        usable = order[np.isfinite(times[order]) & np.isfinite(values[order]).all(axis=1)]
        return times[usable], values[usable]


def file_digest(path: Path) -> str:
    """The first digits of a file's SHA-256."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_READ_BLOCK_BYTES):
            sha.update(data)
    return sha.hexdigest()[:DIGEST_DIGITS]


def _texts(data: bytes) -> dict[str, str]:
    """Texts of a file header by element name."""
    try:
        root = ET.fromstring(data.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
    except ET.ParseError as error:
        raise FormatError(f"the file header is not XML: {error}", "the file is damaged") from error
    return {each.tag: (each.text or "").strip() for each in root}
