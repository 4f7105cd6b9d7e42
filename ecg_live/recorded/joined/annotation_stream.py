"""Annotations in a file of several wearers: a text stream for each wearer, a change of the log a sample.

The samples are the lines of the log without its header, and stand at the session clock of what they are about; split
makes the wearer's log of them again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ecg_live.annotations.change import Change, MarkerKey, Target, parse_change
from ecg_live.errors import FormatError
from ecg_live.events import StreamInfo
from ecg_live.recorded.annotated import read_annotated_file
from ecg_live.recorded.annotated_file import AnnotatedFile
from ecg_live.recorded.joined.session_streams import CopiedChunk, Footer, StreamsWriter
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.session_file import read_contents
from ecg_live.xdf import encode
from ecg_live.xdf.decode import DAMAGED_REMEDY, read_rows
from ecg_live.xdf.headers import stream_header
from ecg_live.xdf.stream_spec import ChannelSpec, StreamSpec
from ecg_live.xdf.wearer_streams import joined_header

ANNOTATIONS_KEY = "annotations"
_OWNER_FIELDS = "participant", "session"
_SPEC = StreamSpec(ANNOTATIONS_KEY, "Annotations", "Annotations", (ChannelSpec("change"),), "string")


class RecordedChanges(NamedTuple):
    """Changes of the annotations of a recording, each with the session clock (s) of what it is about.

    ``texts`` are those of its headers that name its participant and session.
    """

    changes: Sequence[tuple[float, Change]] = ()
    texts: Mapping[str, str] = MappingProxyType({})


def recorded_changes(path: Path) -> RecordedChanges:
    """Read the changes of a recording.

    Times count from the first sample of this file. It need not be the recording's first: what ends before it is left
    out.

    Raises
    ------
    RecordingError
        The annotations are damaged, or belong to another recording.
    """
    contents = read_contents(path, ())
    found = read_annotated_file(path, contents)
    changes = _since(found) if found.shift else list(found.annotations.changes)
    if contents is None or not changes:
        return RecordedChanges()
    stamps = TimeAxis(read_recording_files([path])).to_stamps(list(_onsets(changes))).tolist()
    texts = {name: text for name, text in contents.header_texts.items() if name in _OWNER_FIELDS}
    return RecordedChanges(list(zip(stamps, changes, strict=True)), texts)


def _since(file: AnnotatedFile) -> list[Change]:
    """Changes of what lies in a later file of a recording, on its axis and numbered anew."""
    now = file.annotations.from_second(file.shift)
    standing = {each.id for each in now.by_id.values() if each.stop >= 0}
    standing_markers = {each.recorded for each in now.markers.values() if each.stop >= 0}
    kept = [each for each in file.annotations.changes if each.target in standing or each.target in standing_markers]
    return [replace(each.moved(-file.shift), number=number) for number, each in enumerate(kept, 1)]


def _onsets(changes: Iterable[Change]) -> Iterator[float]:
    """Where each change leaves what it is about, s."""
    known: dict[Target, float] = {}
    for each in changes:
        recorded = each.target.onset if isinstance(each.target, MarkerKey) else 0.0
        known[each.target] = known.get(each.target, recorded) if each.onset is None else each.onset
        yield known[each.target]


def write_annotations(writer: StreamsWriter, recorded: RecordedChanges, wearer: str, date: str, number: int) -> None:
    """Write a wearer's stream; parameters as of `joined_header`."""
    stamps: list[float] = []
    for stamp, change in recorded.changes:
        if not stamps:
            header = stream_header(_SPEC, StreamInfo(0.0, (), source_id="ecg-live annotations"), stamp, recorded.texts)
            writer.add(encode.STREAM_HEADER_TAG, joined_header(header, wearer, date), number)
            writer.add_whole(encode.clock_offset_chunk(number, stamp))
        stamps.append(stamp)
        writer.add_whole(encode.text_samples_chunk(number, stamp, [[change.line().decode("utf-8").rstrip("\n")]]))
    if stamps:
        writer.footers[number] = Footer(min(stamps), max(stamps), len(stamps))


def parse_changes(name: str, chunk: CopiedChunk) -> Iterator[Change]:
    """Changes of a chunk of samples.

    Raises
    ------
    FormatError
        One is none; ``name`` is that of the file.
    """
    for _, row in read_rows(chunk.content, 1):
        try:
            yield parse_change(json.loads(row[0]))
        except (ValueError, AttributeError, RecursionError) as error:
            raise FormatError(f"{name}: an annotation cannot be read: {str(error)[:120]}", DAMAGED_REMEDY) from error
