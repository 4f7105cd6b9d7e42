"""The table of a group: one row for each participant, session and block of any number of recordings."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecg_live.annotations.current import Annotations
from ecg_live.errors import EcgLiveError, FormatError
from ecg_live.recorded.output_file import check_output_path
from ecg_live.recorded.report.session import RecordedSession, parse_json_object
from ecg_live.recorded.report.time_axis import wall_clock
from ecg_live.recorded.table.columns import (
    CODEBOOK_COLUMNS,
    UNIT_JOINT,
    TableColumn,
    codebook_rows,
    head_columns,
    merged,
    named_columns,
    plain_name,
    table_columns,
)
from ecg_live.recorded.table.later_answers import RECORDING, LaterAnswer, add_later_answers, later_answers
from ecg_live.recorded.table.measures import (
    HRV_COLUMNS,
    SessionMeasures,
    measure_columns,
    measure_values,
    next_run,
    read_measures,
)
from ecg_live.recorded.table.recordings import RecordingFiles, is_ours, load_recording
from ecg_live.recorded.table.row_spans import RowKind, row_spans
from ecg_live.recorded.table.row_values import rounded, row_values
from ecg_live.tables import Columns, Row, check_table_path, write_rows

FILES_COLUMNS: Columns = {
    "file": "text",
    "participant_id": "text",
    "session_id": "text",
    "rows": "integer",
    "left_out": "text",  # why it gives no row
    "remarks": "text",
}


@dataclass(frozen=True, slots=True)
class TablePaths:
    """The table, its codebook, and the table of the recordings that it was made from."""

    table: Path
    codebook: Path
    files: Path

    @classmethod
    def of(cls, table: Path) -> TablePaths:
        """Paths beside a table."""
        return cls(table, table.with_suffix(".codebook.csv"), table.with_suffix(".files.csv"))


@dataclass(slots=True)
class GroupTable:
    """What was written: paths, number of rows and of recordings with rows, remarks, and why others have none."""

    paths: TablePaths
    rows: int = 0
    recordings: int = 0
    remarks: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    exit_code: int = 0


@dataclass(slots=True)
class _Gathered:
    """Rows of the recordings so far, columns of their measures and heads, and what became of each recording."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    measures: dict[str, TableColumn] = field(default_factory=lambda: {each.name: each for each in HRV_COLUMNS})
    answers: dict[tuple[str, str], TableColumn] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    later: list[LaterAnswer] = field(default_factory=list)
    remedy: str = ""  # of the first recording that was left out


def write_group_table(
    recordings: Sequence[RecordingFiles],
    out: Path,
    kind: RowKind = "block",
    *,
    force: bool = False,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> GroupTable:
    """Write one row for each participant, session and span, a codebook, and a table of the recordings.

    Rows are in the order of participant, session and time, whatever the order of the files. A recording that cannot
    be read is left out with its reason.

    Parameters
    ----------
    recordings : sequence of RecordingFiles
        See `find_recordings`.
    out : Path
        ``.csv`` or ``.parquet``; codebook and files are named after it.
    kind : str
        What a row is about; see `row_spans`.
    force : bool
        Replace existing files.
    report : callable
        Called with the number of recordings that are done, and of all.

    Raises
    ------
    ConfigError
        No table can be written there.
    RecordingError
        A file exists, cannot be written, or no recording gives a row.
    """
    written = GroupTable(TablePaths.of(out))
    check_table_path(out)
    _check_paths(written.paths, recordings, force=force)
    gathered = _Gathered()
    for done, recording in enumerate(recordings):
        report(done, len(recordings))
        _add_recording(recording, kind, gathered, written)
    report(len(recordings), len(recordings))
    if not gathered.rows:
        raise FormatError(f"none of {len(recordings)} recordings gives a row: {written.problems[0]}", gathered.remedy)
    if kind == "block":
        add_later_answers(gathered.rows, gathered.later)
    written.rows = len(gathered.rows)
    written.remarks += _group_remarks(gathered.rows)
    answers = [gathered.answers[key] for key in sorted(gathered.answers, key=lambda key: key[0])]
    columns, names = named_columns(table_columns(gathered.measures.values(), answers))
    written.remarks += [*_alike_remarks(names), *_scale_remarks(columns)]
    about = {"ecg_live_rows": kind}
    _check_paths(written.paths, recordings, force=force)  # another program may have been faster
    rows = ({names.get(key, key): value for key, value in row.items()} for row in _numbered(gathered.rows))
    write_rows(out, {column.name: column.kind for column in columns}, rows, about)
    write_rows(written.paths.codebook, CODEBOOK_COLUMNS, codebook_rows(columns))
    write_rows(written.paths.files, FILES_COLUMNS, sorted(gathered.files, key=lambda row: str(row["file"])))
    return written


def _check_paths(paths: TablePaths, recordings: Sequence[RecordingFiles], *, force: bool) -> None:
    for path in (paths.table, paths.codebook, paths.files):
        check_output_path(path, recordings[0].paths[0], force=force)


def _add_recording(recording: RecordingFiles, kind: RowKind, gathered: _Gathered, written: GroupTable) -> None:
    try:
        annotated = load_recording(recording)
    except EcgLiveError as error:
        gathered.files.append({"file": str(recording.paths[0]), "rows": 0, "left_out": error.message})
        written.problems.append(f"{recording.paths[0]}: left out: {error.message}")
        gathered.remedy = gathered.remedy or error.remedy
        if recording.named or is_ours(recording):
            written.exit_code = error.exit_code
        return
    session = annotated.session
    measures = read_measures(session)
    rows = list(_session_rows(session, measures, kind, annotated.annotations))
    remarks = [] if rows[0]["participant_id"] else ["names no participant"]
    remarks += [warning for each in session.files for warning in each.checked.warnings]
    origin = {name: rows[0][name] for name in ("participant_id", "session_id")}
    gathered.files.append({"file": str(recording.paths[0]), **origin, "rows": len(rows), "remarks": "; ".join(remarks)})
    gathered.rows += rows
    gathered.later += later_answers(measures, rows)
    for column in measure_columns(measures):
        known = gathered.measures.get(column.name)
        gathered.measures[column.name] = column if known is None else merged(known, column)
    gathered.answers |= {
        (head.name, column.name): column for head in session.windows.heads for column in head_columns(head)
    }
    written.recordings += 1
    written.remarks += [f"{recording.paths[0].name}: {remark}" for remark in remarks]


def _session_rows(
    session: RecordedSession, measures: SessionMeasures, kind: RowKind, annotations: Annotations
) -> Iterator[dict[str, Any]]:
    """Rows of a session, with what is the same in all of them."""
    texts, first = session.header_texts, session.files[0].contents
    card = parse_json_object(texts.get("model", ""))
    ecg = first.streams.get("ecg")
    same = {
        "participant_id": texts.get("participant", ""),
        "session_id": texts.get("session", ""),
        "study": texts.get("study", ""),
        "model": " ".join(str(card[key]) for key in ("name", "created") if card.get(key)),
        "device": ecg.name if ecg else "",
        "sampling_rate": ecg.rate if ecg else None,
        "file": first.path.name,
        RECORDING: (_utc(first.file_header.get("datetime", "")), str(first.path)),
    }
    markers = [(marker.time, marker.text) for marker in session.markers]
    spans, excluded = row_spans(markers, session.duration, kind, annotations.standing("interval")), annotations.excluded
    for index, span in enumerate(spans):
        began = wall_clock(first, first.first_timestamp + span.start)
        moment = began.isoformat(timespec="milliseconds") if began else ""
        added = rounded(measure_values(measures, span, next_run(spans, index), excluded))
        yield same | row_values(session, span, excluded) | added | {"acq_time": moment}


def _numbered(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows in order, each with its run: how many of this participant, session and block there were by then."""
    runs: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for row in sorted(rows, key=_row_order):
        unnamed = "" if row["participant_id"] else row[RECORDING]  # two of them may be two participants
        key = row["participant_id"], row["session_id"], row["block"], unnamed
        runs[key] += 1
        yield {**row, "run": runs[key]}


def _row_order(row: Row) -> tuple[str, str, tuple[str, str], float]:
    return row["participant_id"], row["session_id"], row[RECORDING], row["onset"]


def _utc(text: str) -> str:
    """Date and time of a file header in UTC, so that its text sorts; empty if it states none."""
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat()
    except ValueError:
        return ""


def _group_remarks(rows: Sequence[Row]) -> Iterator[str]:
    """What a reader of the whole table should know."""
    for row in _numbered(rows):
        if row["run"] > 1:
            what = f"{row['participant_id'] or 'no participant'}, {row['session_id'] or 'no session'}, "
            yield f"{what}{row['block'] or 'whole session'}: there is more than one; column run numbers them"
            break
    models = sorted({str(row["model"]) for row in rows if row["model"]})
    if len(models) > 1:
        yield f"{len(models)} models answered ({', '.join(models)}): do not compare probabilities across them"


def _scale_remarks(columns: Iterable[TableColumn]) -> Iterator[str]:
    """Columns whose answers were given on several scales."""
    for column in columns:
        if UNIT_JOINT in column.unit:
            yield f"column {column.name}: answers on several scales ({column.unit}): do not compare them as they are"


def _alike_remarks(names: Mapping[str, str]) -> Iterator[str]:
    """Columns that would have another's name."""
    alike = sorted(name for key, name in names.items() if name != plain_name(key))
    if alike:
        more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        yield f"column {alike[0]}{more}: numbered, as names differ in punctuation or case alone; see the codebook"
