"""Score recordings: tasks for those that are not done, then one table of windows, one of files, and a page."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from devices.files.search import FoundFile
from ecg_live.atomic_write import write_whole
from ecg_live.errors import ConfigError, EcgLiveError, FormatError, RecordingError
from ecg_live.model.bundle import load_bundle
from ecg_live.recorded.score.columns import FILE_COLUMNS, window_columns
from ecg_live.recorded.score.page import PAGE_TITLE, score_page
from ecg_live.recorded.score.parts import PartStore, recording_key
from ecg_live.recorded.score.shard import WHOLE, Shard
from ecg_live.recorded.score.task import ScoreOptions, ScoreTask, score_recording
from ecg_live.tables import Columns, check_replaceable, write_table

SHARD_PATIENCE_S = 60.0  # for other shards that begin
PAGE_HEAD_BYTES = 4096  # the head of a page is within them


class TaskEngine(Protocol):
    """Applies a function to tasks, anywhere and in any order; see `training.parallel`."""

    def map(
        self, function: Callable[[ScoreTask], dict[str, Any]], items: Iterable[ScoreTask]
    ) -> Generator[dict[str, Any], None, None]:
        """Results as they finish."""


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What was scored.

    ``recordings`` are those with a window, ``windows`` all of them, ``done`` recordings that an earlier run had
    scored, ``problems`` one line for each recording with an error, ``exit_code`` that of an error that concerns a
    recording which the user named, or one that is damaged.
    """

    recordings: int
    windows: int
    done: int
    problems: tuple[str, ...]
    exit_code: int


def score_recordings(
    files: Sequence[FoundFile],
    out: Path,
    options: ScoreOptions,
    engine: TaskEngine,
    *,
    shard: Shard = WHOLE,
    fresh: bool = False,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> ScoreSummary:
    """Score recordings into a table of windows (``OUT``), one of files (``OUT_files``) and a page (``OUT.html``).

    What an earlier run has done is kept. One of several shards makes its parts only: once all are done, a run without
    a shard has nothing left to do but the tables.

    Parameters
    ----------
    files : sequence of FoundFile
        Recordings.
    out : Path
        Table of windows, ``.parquet`` or ``.csv``.
    options : ScoreOptions
        What the numbers depend on.
    engine : TaskEngine
        Where tasks run.
    shard : Shard
        Which of the recordings.
    fresh : bool
        Score all of them again.
    report : callable
        Called with the number of recordings that are done, and of all.

    Raises
    ------
    ConfigError
        The parts were made with other options, another run makes this table, or a file that is no result of scores
        would be replaced.
    RecordingError
        No recording has a window, or a table cannot be written.
    """
    page = out.with_suffix(".html")
    columns = window_columns(load_bundle(options.model).head_infos)
    check_replaceable(out, columns)
    check_replaceable(files_table(out), FILE_COLUMNS)
    _check_page(page)
    store = PartStore.beside(out.absolute())
    own = {path.resolve() for path in (out, files_table(out), page, store.folder)}
    wanted = [each for each in files if not own & {each.path.resolve(), each.path.resolve().parent}]
    store.make()
    if shard.count > 1:  # shards begin at the same time, and none holds the folder for long
        with store.locked(SHARD_PATIENCE_S):
            store.open(options.as_text(), fresh=fresh, keep=True)
        return _score(shard.of(wanted), store, options, engine, report, fresh=fresh)[1]
    with store.locked():  # before parts are removed: another run may need them
        store.open(options.as_text(), fresh=fresh)
        keys, summary = _score(wanted, store, options, engine, report)
        _write_tables(wanted, keys, store, out, columns, options)
    return summary


def files_table(out: Path) -> Path:
    """Name of the table of files beside a table of windows."""
    return out.with_name(f"{out.stem}_files{out.suffix}")


def _score(
    files: Sequence[FoundFile],
    store: PartStore,
    options: ScoreOptions,
    engine: TaskEngine,
    report: Callable[[int, int], None],
    *,
    fresh: bool = False,
) -> tuple[dict[Path, str], ScoreSummary]:
    """Run the tasks that are not done, or all if ``fresh``; the parts' keys by recording."""
    text = options.as_text()
    keys: dict[Path, str] = {}
    errors: dict[Path, EcgLiveError] = {}
    for file in files:
        try:
            keys[file.path] = recording_key(file.path, text)
        except EcgLiveError as error:
            errors[file.path] = error
    open_keys = {key: path for path, key in reversed(keys.items()) if fresh or not store.finished(key)}
    tasks = [ScoreTask(path.absolute(), key, options, store) for key, path in open_keys.items()]
    done = len(files) - len(tasks)
    report(done, len(files))
    for finished, _ in enumerate(engine.map(score_recording, reversed(tasks)), start=1):
        report(done + finished, len(files))
    if gone := next((path for path, key in keys.items() if not store.outcome(key)), None):
        raise RecordingError(f"{store.folder}: another program removed the part of {gone}", "run it again")
    return keys, _summary(files, keys, errors, store, len(keys) - len(open_keys))


def _summary(
    files: Sequence[FoundFile],
    keys: Mapping[Path, str],
    errors: Mapping[Path, EcgLiveError],
    store: PartStore,
    done: int,
) -> ScoreSummary:
    rows = {path: store.outcome(key) for path, key in keys.items()}
    problems, exit_code = [], 0
    for file in files:
        row = rows.get(file.path, {})
        error = str(errors[file.path]) if file.path in errors else row.get("error")
        if error is not None:
            used = f"used up to the damage, {row['windows']} windows" if row.get("windows") else "left out"
            problems.append(f"{file.path}: {used}: {error}")
            exit_code = RecordingError.exit_code if file.named or row.get("windows") else exit_code
    counts = [row.get("windows", 0) for row in rows.values()]
    if files and not any(counts):
        why = f": {problems[0]}" if problems else "; a window lasts 10 s"
        raise RecordingError(f"no window in {len(files)} files{why}", "give recordings, and --channel or --rate")
    return ScoreSummary(sum(map(bool, counts)), sum(counts), done, tuple(problems), exit_code)


def _check_page(page: Path) -> None:
    """Refuse to replace a page that is none of scores, such as the report on a recording."""
    try:
        with page.open("rb") as file:
            beginning = file.read(PAGE_HEAD_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"{page} cannot be read: {error.strerror}", "choose another --out") from error
    if beginning and f"<title>{PAGE_TITLE}</title>".encode() not in beginning:
        raise ConfigError(f"{page} is there already, and is no page of scores", "choose another --out, or remove it")


def _write_tables(
    files: Sequence[FoundFile],
    keys: Mapping[Path, str],
    store: PartStore,
    out: Path,
    columns: Columns,
    options: ScoreOptions,
) -> None:
    """Join the parts."""
    own = {name: kind for name, kind in columns.items() if name != "recording"}
    about = {f"ecg_live.{name}": value for name, value in options.as_text().items()}
    rows: list[dict[str, Any]] = []
    with write_table(out, columns, about) as table:
        for file in files:
            key = keys.get(file.path)
            found = {"error": "cannot be read"} if key is None else store.outcome(key)
            rows.append({"recording": str(file.path), **found})
            if key is None or not found.get("windows"):
                continue
            try:
                for row in store.rows(key, own):
                    table.write({"recording": str(file.path), **row})
            except FormatError as error:
                raise FormatError(error.message, "run it again with --fresh") from error
    with write_table(files_table(out), FILE_COLUMNS, about) as table:
        for row in rows:
            table.write(row)
    page = out.with_suffix(".html")
    try:
        write_whole(page, score_page(rows, options.as_text()).encode(), private=True)
    except OSError as error:
        raise RecordingError(f"{page}: {error.strerror}", "free space, or choose another --out") from error
