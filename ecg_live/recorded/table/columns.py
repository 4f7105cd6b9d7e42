"""Columns of a group table, each with what its codebook states: meaning, unit and source."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ecg_live.recorded.report.windows import HeadPredictions
from ecg_live.tables import ColumnKind, Columns
from ecg_live.text import unique_names

CODEBOOK_COLUMNS: Columns = dict.fromkeys(("column", "meaning", "unit", "kind", "source"), "text")
_NOT_OF_A_NAME = re.compile(r"\W+")
UNIT_JOINT = "; "  # between the scales of a column that has several
_JOINT = "\x1f"  # between the parts of a key: the unit separator of ASCII, which no name holds
_WINDOWS = "windows of 10 s that lie wholly in the row's span and touch no excluded stretch"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: key, kind of its values, and what they mean, are measured in and were made from.

    Values of a row are found by the key; the file has the name that `column_names` gives it.
    """

    name: str
    kind: ColumnKind
    meaning: str
    unit: str = ""
    source: str = ""


SPAN_COLUMNS = (
    TableColumn("participant_id", "text", "participant", source="file header"),
    TableColumn("session_id", "text", "session", source="file header"),
    TableColumn("block", "text", "name of the row's span; empty: the whole session", source="markers"),
    TableColumn("run", "integer", "number of this run of the block in the session, from 1", source="markers"),
    TableColumn("complete", "flag", "the span ran to its end: it was neither broken off nor cut", source="markers"),
    TableColumn("onset", "number", "beginning, from the first ECG sample of the recording", "s", "markers"),
    TableColumn("duration", "number", "length of the span", "s", "markers"),
    TableColumn("acq_time", "text", "date and time of the beginning; empty for a replay", "ISO 8601", "file header"),
)
QUALITY_COLUMNS = (
    TableColumn("n_windows", "integer", _WINDOWS, source="Signal quality"),
    TableColumn("good_share", "number", "share of n_windows graded good", "1", "Signal quality"),
    TableColumn("poor_share", "number", "share of n_windows graded poor", "1", "Signal quality"),
    TableColumn("unusable_share", "number", "share of n_windows graded unusable", "1", "Signal quality"),
    TableColumn("lost_samples", "integer", "ECG samples of the span that were lost", "samples", "Events (gap)"),
    TableColumn("lost_share", "number", "lost_samples over the samples that the span should have", "1", "Events (gap)"),
    TableColumn("excluded_duration", "number", "time of the span that was excluded", "s", "annotations"),
    TableColumn("n_windows_excluded", "integer", "windows left out since they touch it", source="annotations"),
    TableColumn("exclusion_reasons", "text", "reasons of the excluded stretches", source="annotations"),
)  # fmt: skip
RHYTHM_COLUMNS = (
    TableColumn("n_windows_hr", "integer", "usable windows with a heart rate", source="Heart rate"),
    TableColumn("hr_mean", "number", "mean heart rate of these windows", "bpm", "Heart rate"),
    TableColumn("hr_sd", "number", "standard deviation over these windows (n - 1)", "bpm", "Heart rate"),
    TableColumn("rmssd_10s_mean", "number", "mean of their RMSSD over 10 s, which is rough", "ms", "Heart rate"),
)  # fmt: skip
ORIGIN_COLUMNS = (
    TableColumn("study", "text", "name of the study", source="file header"),
    TableColumn("model", "text", "model that answered", source="model card"),
    TableColumn("device", "text", "device or file that gave the ECG", source="stream header"),
    TableColumn("sampling_rate", "number", "nominal rate of the ECG", "Hz", "stream header"),
    TableColumn("file", "text", "recording, its first file", source="file"),
)


def table_columns(measures: Iterable[TableColumn], answers: Iterable[TableColumn]) -> list[TableColumn]:
    """All columns of a table, with those of measures and of heads' answers in their place."""
    return [*SPAN_COLUMNS, *QUALITY_COLUMNS, *RHYTHM_COLUMNS, *measures, *answers, *ORIGIN_COLUMNS]


def head_columns(head: HeadPredictions) -> list[TableColumn]:
    """Columns of a head's answers."""

    def column(kind: ColumnKind, meaning: str, unit: str, *parts: str) -> TableColumn:
        source = f"Predictions, Decisions: {head.name}"
        return TableColumn(head_column(head, *parts), kind, f"{head.name}: {meaning}", unit, source)

    scale = f"{head.scale[0]:g} to {head.scale[1]:g}" if head.scale else ""
    numbers = [
        column("number", "mean value", scale, "value", "mean"),
        column("number", "standard deviation of the value (n - 1)", scale, "value", "sd"),
    ]
    return [
        column("text", "set that answered most windows; all means are over its answers", "", "set"),
        column("integer", "windows that this set answered", "", "n", "answered"),
        column("integer", "windows that another set answered; they are in no mean", "", "n", "other", "sets"),
        column("number", "share of n_windows without an answer", "1", "abstained", "share"),
        *(numbers if head.scale else ()),
        *(column("number", f"mean probability of {each}", "1", "prob", each, "mean") for each in head.classes),
        *(column("number", f"share of answers labelled {each}", "1", "label", each, "share") for each in head.classes),
    ]


def head_column(head: HeadPredictions, *parts: str) -> str:
    """Key of a head's column."""
    return column_key(head.name, *parts)


def column_key(*parts: str) -> str:
    """Key of a column whose name is made of parts, as others named them."""
    return _JOINT.join(parts)


def merged(one: TableColumn, other: TableColumn) -> TableColumn:
    """A column of two recordings: a text holds numbers as well, and each scale is stated."""
    text = next((each for each in (one, other) if each.kind == "text"), one)
    units = dict.fromkeys(unit for each in (one, other) for unit in each.unit.split(UNIT_JOINT) if unit)
    return replace(text, unit="" if text.kind == "text" else UNIT_JOINT.join(units))


def named_columns(columns: Sequence[TableColumn]) -> tuple[list[TableColumn], dict[str, str]]:
    """Columns with their names in the place of their keys, and the names by key."""
    names = column_names([column.name for column in columns])
    return [replace(column, name=names[column.name]) for column in columns], names


def column_names(keys: Iterable[str]) -> dict[str, str]:
    """Names by key: letters, digits and underscores, none twice.

    Names that differ in punctuation or case alone get a number from the second on; the first is the one that has
    none. A head's or a report's number is the same in all of its columns.
    """
    paths = sorted(tuple(key.split(_JOINT)) for key in keys)
    beginnings = {path[: depth + 1] for path in paths for depth in range(len(path))}
    siblings: defaultdict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
    for each in sorted(beginnings, key=lambda path: (_clean(path[-1]) != path[-1], path)):
        siblings[each[:-1]].append(each)
    words: dict[tuple[str, ...], str] = {}
    for group in siblings.values():
        words |= zip(group, unique_names([_clean(each[-1]) for each in group], "_"), strict=True)
    names = ["_".join(words[path[: depth + 1]] for depth in range(len(path))) for path in paths]
    return {_JOINT.join(path): name for path, name in zip(paths, unique_names(names, "_"), strict=True)}


def plain_name(key: str) -> str:
    """The name that a column has if no other has it."""
    return "_".join(map(_clean, key.split(_JOINT)))


def _clean(text: str) -> str:
    return _NOT_OF_A_NAME.sub("_", text).strip("_") or "x"


def codebook_rows(columns: Sequence[TableColumn]) -> Iterator[dict[str, str]]:
    """Rows of the codebook, one a column."""
    for each in columns:
        yield {
            "column": each.name,
            "meaning": each.meaning,
            "unit": each.unit,
            "kind": each.kind,
            "source": each.source,
        }
