"""Join the recordings of several wearers in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg_live.errors import ConfigError, RecordingError
from ecg_live.events import StreamInfo
from ecg_live.recorded.joined.annotation_stream import recorded_changes, write_annotations
from ecg_live.recorded.joined.session_streams import COPIED_TAGS, Footer, StreamsWriter, file_date, stream_chunks
from ecg_live.recorded.recording_files import later_files, part_number
from ecg_live.recorded.session_file import read_file_header
from ecg_live.recorded.synchrony import recorded_synchrony
from ecg_live.recorded.verify import verify
from ecg_live.results import Synchrony
from ecg_live.signal.synchrony import DEFAULT_WIDTH_S
from ecg_live.text import unique_names
from ecg_live.xdf import encode
from ecg_live.xdf.headers import stream_header
from ecg_live.xdf.stream_spec import ChannelSpec, StreamSpec
from ecg_live.xdf.wearer_streams import joined_header

SYNCHRONY_KEY = "synchrony"


class WearerRecording(NamedTuple):
    """A wearer, and the first file of their recording."""

    wearer: str
    path: Path


def join_recordings(recordings: Sequence[WearerRecording], out: Path, width: int = DEFAULT_WIDTH_S) -> list[Path]:
    """Join recordings; streams are named after their wearers, and the synchrony of all pairs is one more.

    A wearer of several recordings has a number from the second on. Annotations go along, as one more stream of their
    wearer. The file has been read and checked when this returns.

    Parameters
    ----------
    recordings : sequence of WearerRecording
    out : Path
        The new file.
    width : int
        Seconds of the window of synchrony.

    Returns
    -------
    list of Path
        All files that are in it.

    Raises
    ------
    RecordingError
        A recording is cut or damaged, its annotations are not its own, or the file cannot be written.
    ConfigError
        There is none.
    """
    if not recordings:
        raise ConfigError("no recording to join", "name one or more")
    names = unique_names([each.wearer for each in recordings], " ")
    files = [[each.path, *sorted(later_files(each.path), key=_part)] for each in recordings]
    for path in (path for paths in files for path in paths):
        _check(path)
    named = [WearerRecording(name, paths[0]) for name, paths in zip(names, files, strict=True)]
    synchrony = recorded_synchrony(named, width)
    changes = [recorded_changes(paths[0]) for paths in files]
    writer = StreamsWriter.begin(out, file_date(files[0][0]))
    try:
        numbers = _write_headers(writer, names, files)
        _write_synchrony(writer, synchrony.values, len(numbers) + 1)
        for number, (name, paths, own) in enumerate(zip(names, files, changes, strict=True), len(numbers) + 2):
            write_annotations(writer, own, name, file_date(paths[0]), number)
        for place, paths in enumerate(files):
            for path in paths:
                for chunk in stream_chunks(path):
                    if chunk.tag in COPIED_TAGS:
                        writer.add(chunk.tag, chunk.content, numbers[place, chunk.stream])
                    elif chunk.tag == encode.STREAM_FOOTER_TAG:
                        writer.footers[numbers[place, chunk.stream]].add(chunk.content)
        writer.close()
    except BaseException:
        writer.discard()
        raise
    _check(out)
    return [path for paths in files for path in paths]


def _part(path: Path) -> int:
    return part_number(read_file_header(path).get("part", ""))


def _check(path: Path) -> None:
    """Refuse a file that is not sound and closed."""
    found = verify(path)
    if not found.sound:
        raise RecordingError(f"{path.name} is damaged: {found.problems[0]}", "ecg-live verify shows what is left")
    if not found.closed:
        raise RecordingError(f"{path.name} is not closed", f"ecg-live export {path.name} --to xdf closes it; then join")


def _write_headers(
    writer: StreamsWriter, names: Sequence[str], files: Sequence[Sequence[Path]]
) -> dict[tuple[int, int], int]:
    """Write the stream headers of all recordings; return the new number of each recording's streams."""
    numbers: dict[tuple[int, int], int] = {}
    for place, (name, paths) in enumerate(zip(names, files, strict=True)):
        date = file_date(paths[0])
        for chunk in stream_chunks(paths[0]):
            if chunk.tag == encode.STREAM_HEADER_TAG:
                number = numbers[place, chunk.stream] = len(numbers) + 1
                writer.add(chunk.tag, joined_header(chunk.content, name, date), number)
                writer.footers[number] = Footer()
    return numbers


def _write_synchrony(writer: StreamsWriter, values: Sequence[Synchrony], number: int) -> None:
    """Write r and its limit of all pairs as one stream, a row each time; NaN where a pair has no value."""
    if not values:
        return
    columns = {pair: place for place, pair in enumerate(dict.fromkeys((each.wearers, each.measure) for each in values))}
    labels = [f"{a} and {b}: {measure}" for (a, b), measure in columns]
    channels = [ChannelSpec(f"{label}{field}") for label in labels for field in ("", ", limit of chance")]
    spec = StreamSpec(SYNCHRONY_KEY, "Synchrony", "Synchrony", tuple(channels), "double64")
    times = sorted({each.time for each in values})
    place_of = {time: place for place, time in enumerate(times)}
    rows = np.full((len(times), len(columns), 2), np.nan)
    for each in values:
        rows[place_of[each.time], columns[each.wearers, each.measure]] = each.r, each.limit
    info = StreamInfo(0.0, (), source_id="ecg-live synchrony")
    seconds = {"window": str(values[0].seconds)}
    writer.add(encode.STREAM_HEADER_TAG, stream_header(spec, info, times[0], seconds), number)
    writer.add_whole(encode.clock_offset_chunk(number, times[0]))
    writer.add_whole(encode.stamped_samples_chunk(number, spec.form, np.array(times), rows.reshape(len(times), -1)))
    writer.footers[number] = Footer(times[0], times[-1], len(times))
