"""Make a file of each wearer out of a file of several."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

from ecg_live.errors import FormatError
from ecg_live.participant_profile import file_name_of
from ecg_live.recorded.joined.session_streams import COPIED_TAGS, Footer, StreamsWriter, file_date, stream_chunks
from ecg_live.xdf import encode
from ecg_live.xdf.decode import StreamHeader, read_stream_header
from ecg_live.xdf.wearer_streams import WEARER_DATE_FIELD, WEARER_FIELD, single_header, wearers_of


def split_recording(path: Path, folder: Path | None = None) -> list[Path]:
    """Write a file for each wearer, as it was recorded; the synchrony, which can be made again, is left out.

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
        A file is there already, or cannot be written.
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
        _write(path, out, streams.keys(), date)
        written.append(out)
    return written


def _headers(path: Path) -> dict[int, StreamHeader]:
    chunks = stream_chunks(path)
    return {
        chunk.stream: read_stream_header(path, chunk.stream, chunk.content)
        for chunk in chunks
        if chunk.tag == encode.STREAM_HEADER_TAG
    }


def _write(path: Path, out: Path, streams: AbstractSet[int], date: str) -> None:
    writer = StreamsWriter.begin(out, date)
    try:
        for chunk in stream_chunks(path):
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
    except BaseException:
        writer.discard()
        raise
