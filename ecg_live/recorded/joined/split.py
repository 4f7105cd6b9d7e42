"""Make a file of each wearer out of a file of several."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

from ecg_live.annotations.change import Change
from ecg_live.errors import FormatError, RecordingError
from ecg_live.participant_profile import file_name_of
from ecg_live.recorded.annotated import annotations_path, begin_annotations
from ecg_live.recorded.joined.annotation_stream import ANNOTATIONS_KEY, parse_changes
from ecg_live.recorded.joined.session_streams import COPIED_TAGS, Footer, StreamsWriter, file_date, stream_chunks
from ecg_live.xdf import encode
from ecg_live.xdf.decode import StreamHeader, read_stream_header
from ecg_live.xdf.wearer_streams import (
    WEARER_DATE_FIELD,
    WEARER_FIELD,
    WEARER_KEY_FIELD,
    single_header,
    wearers_of,
)


def split_recording(path: Path, folder: Path | None = None) -> list[Path]:
    """Write a file for each wearer, as it was recorded, and its annotations beside it.

    The synchrony, which can be made again, is left out.

    Parameters
    ----------
    path : Path
        File of several wearers.
    folder : Path, optional
        Where the files go; beside it without one.

    Returns
    -------
    list of Path
        The new files, NAME_WEARER.xdf.

    Raises
    ------
    FormatError
        The file holds no wearers' streams, or is damaged.
    RecordingError
        A file, or annotations of its name, are there already, or cannot be written.
    """
    headers = _headers(path)
    wearers = wearers_of(headers.values())
    if not wearers:
        raise FormatError(f"{path.name} names no wearers: it is not a joined recording", "give a file that join made")
    written: list[Path] = []
    for wearer in wearers:
        streams = {number: header for number, header in headers.items() if header.own.get(WEARER_FIELD) == wearer}
        date = next(iter(streams.values())).own.get(WEARER_DATE_FIELD) or file_date(path)
        out = (folder or path.parent) / f"{path.stem}_{file_name_of(wearer)}{path.suffix}"
        noted = {number for number, header in streams.items() if header.own.get(WEARER_KEY_FIELD) == ANNOTATIONS_KEY}
        _write(path, out, streams.keys() - noted, date, noted)
        written.append(out)
    return written


def _headers(path: Path) -> dict[int, StreamHeader]:
    chunks = stream_chunks(path)
    return {
        chunk.stream: read_stream_header(path, chunk.stream, chunk.content)
        for chunk in chunks
        if chunk.tag == encode.STREAM_HEADER_TAG
    }


def _write(path: Path, out: Path, streams: AbstractSet[int], date: str, noted: AbstractSet[int]) -> None:
    """Write streams of a file to another, and the changes in those that are ``noted`` to the annotations beside it."""
    if annotations_path(out).exists():
        raise RecordingError(f"{annotations_path(out)} is there already", "move it away, or name another --out")
    changes: list[Change] = []
    writer = StreamsWriter.begin(out, date)
    try:
        for chunk in stream_chunks(path):
            if chunk.stream in noted and chunk.tag == encode.SAMPLES_TAG:
                changes += parse_changes(path.name, chunk)
            if chunk.stream not in streams:
                continue
            if chunk.tag == encode.STREAM_HEADER_TAG:
                writer.add(chunk.tag, single_header(chunk.content), chunk.stream)
                writer.footers[chunk.stream] = Footer()
            elif chunk.tag in COPIED_TAGS:
                writer.add(chunk.tag, chunk.content, chunk.stream)
            else:
                writer.footers[chunk.stream].add(chunk.content)
        writer.close()
        begin_annotations(out, changes)
    except BaseException:
        writer.discard()
        raise
