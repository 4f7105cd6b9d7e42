"""Write one recording into a data set: all its files appear together, or none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from devices.files.channels import ECG, kind_of
from ecg_live import __version__
from ecg_live.annotations.current import SessionAnnotation
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.events import F64, Chunk, Gap, Marker
from ecg_live.recorded.annotated_file import event_text
from ecg_live.recorded.auxiliary_samples import auxiliary_name, auxiliary_streams, read_auxiliary
from ecg_live.recorded.export.bids.affect_rating import RATING_COLUMNS, RATING_HZ, rating_rows
from ecg_live.recorded.export.bids.dataset import FileContent, as_json, check_dataset, dataset_files, locked_dataset
from ecg_live.recorded.export.bids.labels import (
    DATATYPES,
    RATING_LABEL,
    RR_LABEL,
    BidsEntities,
    BidsNames,
    check_task,
    choose_label,
    column_names,
    recording_labels,
)
from ecg_live.recorded.export.bids.physio import AuxiliaryTable, PhysioTable, packed_file
from ecg_live.recorded.export.bids.tachogram import TACHOGRAM_COLUMNS, TACHOGRAM_HZ, tachogram_rows
from ecg_live.recorded.export.bids.tsv import NOT_AVAILABLE, join_rows, text_cell
from ecg_live.recorded.export.self_report_tables import SelfReportSpan, self_report_spans
from ecg_live.recorded.open_signal import RecordedSignal
from ecg_live.recorded.output_file import atomic_output
from ecg_live.recorded.recording_files import later_files, part_number
from ecg_live.recorded.rr_intervals import RrSeries
from ecg_live.recorded.self_reports import read_affect_ratings
from ecg_live.recorded.session_file import SessionContents
from ecg_live.xdf.decode import StreamHeader
from ecg_live.xdf.encode import SAMPLE_FORMATS
from ecg_live.xdf.self_reports import scale_text

MANUFACTURERS = {"Polar": "Polar Electro", "Shimmer": "Shimmer", "Movesense": "Movesense", "BITalino": "PLUX"}
_MAX_SIDECAR_BYTES = 1 << 24  # a list of gaps may be long
_OWN_MARKS = (b'"ecg-live ', b"first ECG sample")  # in the JSON files of all versions
_EVENT_COLUMNS = ("onset", "duration", "trial_type")
_EVENTS_DESCRIPTION = {
    "onset": {"Description": "Time of the marker from the first ECG sample.", "Units": "s"},
    "duration": {"Description": "Not known: a marker is a point in time.", "Units": "s"},
    "trial_type": {"Description": "Text of the marker. An apostrophe is put before what a spreadsheet would compute."},
}
_ANSWER_COLUMNS = ("value", "text", "scale", "missing", "block")
_ANSWERS_DESCRIPTION = {
    "onset": {
        "Description": "Time from the first ECG sample: of the marker, or when a question was shown.",
        "Units": "s",
    },
    "duration": {"Description": "Time until a question was answered; not known of a marker.", "Units": "s"},
    "trial_type": {
        "Description": "Text of the marker, or self-report/NAME/ITEM of an answer. An apostrophe is put before what a "
        "spreadsheet would compute."
    },
    "value": {"Description": "The participant's answer, on the scale of the row."},
    "text": {"Description": "The participant's answer in free text."},
    "scale": {"Description": "The least and the largest value that there can be."},
    "missing": {"Description": "Why there is no answer."},
    "block": {"Description": "Block of the study to which the self-report belongs."},
}
_ANNOTATED_DESCRIPTION = {
    "duration": {
        "Description": "Of an annotation, or until a question was answered; not known of a marker.",
        "Units": "s",
    },
    "trial_type": {
        "Description": "Text of the marker or annotation, or self-report/NAME/ITEM of an answer. Stretches that were "
        "excluded from the analysis begin with BAD. An apostrophe is put before what a spreadsheet would compute."
    },
}


class BidsExport(NamedTuple):
    """Files of the recording, and remarks on them."""

    files: list[Path]
    remarks: list[str]


def write_bids(
    signal: RecordedSignal,
    contents: SessionContents | None,
    intervals: RrSeries,
    names: BidsNames,
    folder: Path,
    source: Path,
    *,
    force: bool,
) -> BidsExport:
    """Add a recording to a data set, which is made if there is none.

    Parameters
    ----------
    signal : RecordedSignal
    contents : SessionContents, optional
        Headers of a session's recording.
    intervals : RrSeries
        RR intervals.
    names : BidsNames
    folder : Path
        Of the data set.
    source : Path
        The recording.
    force : bool
        Replace the recording's files.

    Raises
    ------
    ConfigError
        No task or participant is known, or a name does not fit.
    RecordingError
        The folder is something else, a file exists, or cannot be written.
    """
    entities = _entities(names, contents, source)
    with _own_folders_removed(folder / entities.folder), locked_dataset(folder):
        check_dataset(folder)
        about = list(dataset_files(folder, entities))
        there = _files_there(folder, entities)
        if there and not force:
            raise RecordingError(
                f"{there[0]} is there already", "give another --task, --session or --out, or replace it with --force"
            )
        others = frozenset(path for path in there if not _is_own(path))
        writer = _RecordingWriter(folder / entities.folder, entities, source, others, force=force)
        with writer:
            writer.write(signal, contents, intervals)
            for file in about:
                writer.write_about(file)
        for path in set(there) - set(writer.files) - others:  # of the recording that was replaced
            path.unlink(missing_ok=True)
    return BidsExport(writer.files, writer.remarks)


def _entities(names: BidsNames, contents: SessionContents | None, source: Path) -> BidsEntities:
    task = check_task(names.task)
    if names.datatype not in DATATYPES:
        raise ConfigError(f"--datatype is {names.datatype!r}; it is beh or func", "for example --datatype beh")
    texts = contents.header_texts if contents else {}
    participant = names.participant or texts.get("participant", "")
    if not participant:
        raise ConfigError(f"{source.name} names no participant, whom BIDS needs", "give --participant ID")
    session = names.session or texts.get("session", "")
    part = part_number(contents.file_header.get("part", "")) if contents else 0
    run = part if contents and (part > 1 or later_files(contents.path)) else 0
    return BidsEntities(
        choose_label(participant, "--participant"),
        choose_label(session, "--session") if session else None,
        task,
        run,
        names.datatype,
    )


def _files_there(folder: Path, entities: BidsEntities) -> list[Path]:
    """Files of the same recording, which an earlier export left, or another program."""
    where, stem = folder / entities.folder, entities.stem
    patterns = (f"{stem}_recording-*_physio.*", f"{stem}_events.*")
    return sorted(path for pattern in patterns for path in where.glob(pattern) if path.suffix != ".part")


def _is_own(path: Path) -> bool:
    """Whether we exported a file: its JSON file names us as the software, or describes markers in our words."""
    sidecar = path.with_name(f"{path.name.partition('.')[0]}.json")
    try:
        with sidecar.open("rb") as file:
            content = file.read(_MAX_SIDECAR_BYTES)
    except OSError:
        return False
    return any(mark in content for mark in _OWN_MARKS)


@contextlib.contextmanager
def _own_folders_removed(folder: Path) -> Iterator[None]:
    """Remove the folders that are made in the block if it fails."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        yield
    except BaseException:
        for each in missing:
            with contextlib.suppress(OSError):
                each.rmdir()
        raise


class _RecordingWriter(contextlib.ExitStack):
    """Writes files beside their places; they get their names when the block ends well."""

    def __init__(
        self, folder: Path, entities: BidsEntities, source: Path, others: frozenset[Path], *, force: bool
    ) -> None:
        super().__init__()
        self.files: list[Path] = []
        self.remarks: list[str] = []
        self._folder = folder
        self._entities = entities
        self._source = source
        self._others = others  # files of other programs
        self._force = force

    def write(self, signal: RecordedSignal, contents: SessionContents | None, intervals: RrSeries) -> None:
        """Write the recording's own files."""
        markers = self._ecg(signal, contents)
        self._regular(RR_LABEL, TACHOGRAM_HZ, TACHOGRAM_COLUMNS, tachogram_rows(intervals))
        if contents is not None:
            self._regular(RATING_LABEL, RATING_HZ, RATING_COLUMNS, rating_rows(read_affect_ratings(contents)))
        self._events(markers, list(self_report_spans(contents)), signal.annotated.standing())
        if contents is not None and (streams := auxiliary_streams(contents)):
            self._auxiliary(contents, streams)

    def _events(
        self, markers: Sequence[Marker], answers: Sequence[SelfReportSpan], annotations: Sequence[SessionAnnotation]
    ) -> None:
        """Write markers, self-reports and annotations by time; without self-reports, their columns are left out."""
        more = _ANSWER_COLUMNS if answers else ()
        none = (NOT_AVAILABLE,) * len(more)
        rows = [(each.time, (NOT_AVAILABLE, text_cell(each.text), *none)) for each in markers]
        rows += [(each.onset, _answer_cells(each)) for each in answers]
        rows += [
            (each.onset, (repr(round(each.duration, 6)), text_cell(event_text(each)), *none)) for each in annotations
        ]
        rows.sort(key=lambda row: row[0])
        if rows:
            table = [(*_EVENT_COLUMNS, *more), *((repr(round(time, 6)), *cells) for time, cells in rows)]
            self._small("events.tsv", join_rows(table))
            described = _EVENTS_DESCRIPTION | (_ANSWERS_DESCRIPTION if answers else {})
            described |= _ANNOTATED_DESCRIPTION if annotations else {}
            self._small("events.json", as_json({"TaskName": self._entities.task} | described))

    def write_about(self, file: FileContent) -> None:
        """Write a file of the data set, which may be there with a row less."""
        part = self.enter_context(atomic_output(file.path, self._source, force=True))
        part.write_bytes(file.content)
        with contextlib.suppress(FileNotFoundError):  # others may read it as before
            part.chmod(file.path.stat().st_mode & 0o777)

    def _own_part(self, ending: str) -> Path:
        path = self._folder / f"{self._entities.stem}_{ending}"
        if path in self._others:
            raise RecordingError(f"{path} is of another program", "give another --task, --session or --out")
        self.files.append(path)
        return self.enter_context(atomic_output(path, self._source, force=self._force))

    def _small(self, ending: str, content: bytes) -> None:
        self._own_part(ending).write_bytes(content)

    def _ecg(self, signal: RecordedSignal, contents: SessionContents | None) -> list[Marker]:
        """Write the ECG, and return the markers in order of time."""
        labels = signal.channels if len(signal.channels) > 1 else tuple(filter(_is_ecg, signal.channels)) or ("ecg",)
        columns = column_names(labels, "channel")
        markers: list[Marker] = []
        with packed_file(self._own_part("recording-ecg_physio.tsv.gz")) as file:
            table = PhysioTable(file, len(columns), signal.rate)
            for item in signal.items():
                if isinstance(item, Chunk):
                    table.add(item.samples.tolist())
                elif isinstance(item, Gap):
                    table.skip(item.lost, item.cause)
                elif isinstance(item, Marker):
                    markers.append(item)
        if not table.rows:
            raise FormatError(f"{self._source.name}: there is no sample to export", "choose another file")
        described = [(column, label, "mV") for column, label in zip(columns, signal.channels, strict=True)]
        device = contents.streams.get("ecg") if contents else None
        self._sidecar("ecg", signal.rate, 0.0, described, table, device)
        return sorted(markers, key=lambda marker: marker.time)

    def _regular(self, label: str, rate: float, columns: Sequence[tuple[str, str, str]], rows: F64) -> None:
        """Write what has times of its own at a rate (Hz), as rows (n, columns): BIDS has no place for other times."""
        if not len(rows):
            return
        with packed_file(self._own_part(f"recording-{label}_physio.tsv.gz")) as file:
            table = PhysioTable(file, len(columns), rate)
            table.add(rows.tolist())
        self._sidecar(label, rate, 0.0, columns, table, None)

    def _auxiliary(self, contents: SessionContents, streams: Sequence[StreamHeader]) -> None:
        """Write the streams beside the ECG that have a regular rate."""
        regular = [each for each in streams if each.rate > 0 and each.form in SAMPLE_FORMATS and each.labels]
        labels = recording_labels(map(auxiliary_name, regular))
        self.remarks += [
            f"stream {auxiliary_name(each)!r} has no regular rate, and is not exported to BIDS; --to csv exports it"
            for each in streams
            if each not in regular
        ]
        with contextlib.ExitStack() as files:
            tables = {
                stream.number: AuxiliaryTable(
                    files.enter_context(packed_file(self._own_part(f"recording-{label}_physio.tsv.gz"))),
                    len(stream.labels),
                    stream.rate,
                )
                for stream, label in zip(regular, labels, strict=True)
            }
            for block in read_auxiliary(contents, regular):
                tables[block.stream.number].add(block)
        for stream, label in zip(regular, labels, strict=True):
            table, columns = tables[stream.number], column_names(stream.labels, "channel")
            described = list(zip(columns, stream.labels, stream.units, strict=True))
            self._sidecar(label, table.rate, table.start, described, table.table, stream)

    def _sidecar(
        self,
        recording: str,
        rate: float,
        start: float,
        columns: Sequence[tuple[str, str, str]],
        table: PhysioTable,
        device: StreamHeader | None,
    ) -> None:
        """Write a signal's JSON file; ``columns`` are name, own label and unit of each."""
        described = {
            name: {"Description": text_cell(label)} | ({"Units": text_cell(unit)} if unit else {})
            for name, label, unit in columns
        }
        content = {
            "SamplingFrequency": rate,
            "StartTime": round(start, 6),
            "Columns": [name for name, _, _ in columns],
            "PhysioType": "generic",
            "TaskName": self._entities.task,
            **_hardware(device),
            **described,
            **({"Gaps": table.gaps} if table.gaps else {}),
        }
        self._small(f"recording-{recording}_physio.json", as_json(content))


def _answer_cells(answer: SelfReportSpan) -> tuple[str, ...]:
    """Cells of an answer after its onset."""
    row = answer.row
    return (
        repr(round(answer.duration, 6)),
        text_cell(answer.name),
        NOT_AVAILABLE if row.value is None else f"{row.value:g}",
        text_cell(row.text),
        NOT_AVAILABLE if row.scale is None else scale_text(row.scale),
        text_cell(row.missing),
        text_cell(row.block),
    )


def _is_ecg(label: str) -> bool:
    return kind_of(column_names([label], "channel")[0]) == ECG


def _hardware(device: StreamHeader | None) -> Mapping[str, str]:
    """What the recording tells of the device and the software."""
    if device is None:
        return {"SoftwareVersions": f"ecg-live {__version__} (export)"}
    texts = {
        "Manufacturer": next((maker for word, maker in MANUFACTURERS.items() if device.name.startswith(word)), ""),
        "ManufacturersModelName": device.name,
        "SoftwareVersions": device.own.get("software", ""),
    }
    return {key: text_cell(text) for key, text in texts.items() if text}
