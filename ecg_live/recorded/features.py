"""Features of recordings as a table: one row a window, with the numbers of a live session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.files import open_recording
from devices.files.search import FoundFile
from devices.read_options import ReadOptions
from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.model.window_features import FeatureExtractor
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.pipeline import windows as path_windows
from ecg_live.tables import Columns, check_replaceable, write_table

READ_BLOCK_S = 60.0  # windows are then assessed many at once
PLACE_COLUMNS: Columns = {"recording": "text", "onset": "number"}  # before those of a window


@dataclass(frozen=True, slots=True)
class FeatureSummary:
    """What was written: windows, recordings that have one, files left out or damaged, and an error's exit code.

    ``problems`` are one line each; ``exit_code`` is 0 if every file that the user named could be read to its end, and
    no recording is damaged.
    """

    windows: int
    recordings: int
    problems: tuple[str, ...]
    exit_code: int


def write_features(
    files: Sequence[FoundFile],
    out: Path,
    options: ReadOptions,
    extractor: FeatureExtractor,
    hop: float,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> FeatureSummary:
    """Write the features of all windows of recordings.

    A file that cannot be read is left out; one that is damaged is used up to the damage. The table itself is no
    recording if it lies in a folder of them.

    Parameters
    ----------
    files : sequence of FoundFile
        The recordings.
    out : Path
        The table, ``.parquet`` or ``.csv``.
    options : ReadOptions
        Channel, rate, unit and gain of all of them.
    extractor : FeatureExtractor
        Makes the features.
    hop : float
        Seconds from one window to the next.
    report : callable
        Called with the number of files that are done, and of all.

    Raises
    ------
    ConfigError, RecordingError
        Nothing can be read, the table cannot be written, or a file that is no such table would be replaced.
    """
    columns = {**PLACE_COLUMNS, **extractor.columns}
    check_replaceable(out, columns)
    files = [each for each in files if each.path.resolve() != out.resolve()]
    counts: list[int] = []
    problems: list[str] = []
    exit_code = 0
    with write_table(out, columns) as table:
        for done, file in enumerate(files):
            report(done, len(files))
            count, errors = 0, list[EcgLiveError]()
            for row in _until_error(_rows(file.path, options, extractor, hop), errors):
                table.write(row)
                count += 1
            for error in errors:
                how = f"used up to the damage, {count} windows" if count else "left out"
                problems.append(f"{file.path}: {how}: {error}")
                exit_code = error.exit_code if file.named or count else exit_code
            counts.append(count)
        report(len(files), len(files))
        if not any(counts):
            why = f": {problems[0]}" if problems else "; a window lasts 10 s"
            raise RecordingError(f"no window in {len(files)} files{why}", "give recordings, and --channel or --rate")
    return FeatureSummary(sum(counts), sum(map(bool, counts)), tuple(problems), exit_code)


def _until_error(rows: Iterator[dict[str, Any]], errors: list[EcgLiveError]) -> Iterator[dict[str, Any]]:
    """Rows up to an error of the file that they come from, which goes to ``errors``."""
    try:
        yield from rows
    except EcgLiveError as error:
        errors.append(error)


def _rows(path: Path, options: ReadOptions, extractor: FeatureExtractor, hop: float) -> Iterator[dict[str, Any]]:
    extractor.restart()
    with closing(open_recording(path, options)) as recording:
        signal = SignalPath(recording.info, hop)
        items = recording.chunks(max(1, round(READ_BLOCK_S * recording.info.rate)))
        for window in path_windows(items, signal):
            yield {"recording": str(path), "onset": window.start, **extractor.row(window)}
