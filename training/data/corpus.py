"""The windows of a whole data set, made once by the live signal path and kept on disk."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from filelock import FileLock

from devices.files.content_files import content_files
from ecg_live.errors import ConfigError, DatasetError, RecordingError
from ecg_live.events import F32
from ecg_live.model.baseline import WINDOW_S
from ecg_live.model.features import hrv_features
from training.data.feature_table import Names
from training.data.window_store import WINDOW_DTYPE, WindowRows, WindowStore, check_signal_path, signal_path
from training.data.windowing import PlacedWindow, offline_windows, session_windows
from training.datasets.dataset import Annotation, Classes, Dataset, SubjectSession
from training.parallel import Engine, local_engine
from training.settings import CorpusSettings

CORPUS_VERSION = 2  # of what a corpus holds; raise it with the quality gate's rules (its constants are in the key)
PARTIAL_FILE_PREFIX = "sitting-"  # of a session that is not in the store yet
MAX_NAMED = 10  # subjects in a remark
BuildProgress = Callable[[int, int, int], None]  # sessions done, sessions in all, windows so far


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """The usable windows of a data set.

    Parameters
    ----------
    dataset : Dataset
        Where they come from.
    key : str
        Changes with anything that changes windows or labels.
    windows : F32
        Windows (n, 2560), memory-mapped.
    rows : WindowRows
        Their table (n,) of `training.data.window_store.WINDOW_DTYPE`.
    unusable : int
        How many windows were dropped.
    dropped : mapping
        How many by reason; a window may have several.
    seconds : float
        Signal that the windows cover, unusable ones included.
    remarks : tuple of str
        Recordings that were left out or damaged, and subjects without a usable window.
    scale : str
        ``streaming`` or ``offline``: how the windows are normalised.
    """

    dataset: Dataset
    key: str
    windows: F32
    rows: WindowRows
    unusable: int
    dropped: Mapping[str, int]
    seconds: float
    remarks: tuple[str, ...]
    scale: Literal["streaming", "offline"] = "streaming"

    @property
    def subjects(self) -> Names:
        """The subject of each window (n,)."""
        subjects: Names = np.array([session.subject for session in self.dataset.sessions], np.str_)
        return np.asarray(subjects[self.rows["session"]])

    @property
    def stimuli(self) -> Names:
        """The stimulus (n,) of the annotation that each window lies within; empty where there is none."""
        names = {
            (i, j): annotation.stimulus
            for i, session in enumerate(self.dataset.sessions)
            for j, annotation in enumerate(session.annotations)
        }
        places = zip(self.rows["session"].tolist(), self.rows["annotation"].tolist(), strict=True)
        return np.array([names.get(place, "") for place in places], np.str_)

    @property
    def recordings(self) -> Names:
        """The file (n,) that each window was cut from; of one that holds several recordings, and which of them."""
        names = recording_names(self.dataset)
        places = zip(self.rows["session"].tolist(), self.rows["part"].tolist(), strict=True)
        return np.array([names[place] for place in places], np.str_)


def build_corpus(
    dataset: Dataset,
    folder: Path,
    settings: CorpusSettings | None = None,
    *,
    hop: float | None = None,
    report: BuildProgress | None = None,
    engine: Engine | None = None,
) -> Corpus:
    """Make the windows of all sessions, or those that an earlier build did not make.

    Parameters
    ----------
    dataset : Dataset
        From `training.datasets.open_dataset` or `open_unlabelled`.
    folder : Path
        Holds corpora; each has a folder named after a hash of its inputs (names, sizes and times of files,
        annotations) and settings.
    settings : CorpusSettings, optional
        Normalisation and the rule for labels; the defaults are those of ``ecg-live train``.
    hop : float, optional
        Seconds from one window to the next, in place of ``settings.hop``.
    report : callable, optional
        Called after each session with sessions done, sessions in all, and windows so far.
    engine : Engine, optional
        Where sessions are cut into windows; in as many processes as there are cores without it. Other computers see
        ``folder`` under the same path.

    Raises
    ------
    DatasetError
        If there is no usable window, the disk is full, or the folder holds windows of another signal path.
    """
    settings = settings or CorpusSettings()
    hop = settings.hop if hop is None else hop
    key = corpus_key(dataset, settings, hop)
    try:
        (folder / key).mkdir(parents=True, exist_ok=True)
        with FileLock(folder / key / "lock"):
            check_signal_path(folder / key)
            store = WindowStore(folder / key)
            _build_missing(store, dataset, settings, hop, report or _silent, engine or local_engine())
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "give another folder with --work") from error
    remarks = [remark for line in store.sessions for remark in line["remarks"]]
    if not len(store):
        found = "; ".join(remarks[:3]) or f"{len(dataset.sessions)} recordings were looked at"
        raise DatasetError(f"no usable window in {dataset.title}: {found}", "check the channel and the folder")
    remarks += _subjects_without_windows(dataset, store.sessions, store.rows())
    return Corpus(
        dataset,
        key,
        store.windows(),
        store.rows(),
        sum(line["unusable"] for line in store.sessions),
        sum((Counter(line["dropped"]) for line in store.sessions), Counter()),
        sum(line["seconds"] for line in store.sessions),
        tuple(remarks),
        settings.scale,
    )


def _subjects_without_windows(dataset: Dataset, built: Sequence[Mapping[str, Any]], rows: WindowRows) -> list[str]:
    """One remark on all subjects whose windows are all unusable; those that were left out have one already."""
    kept = {dataset.sessions[i].subject for i in np.unique(rows["session"]).tolist()}
    sessions = zip(dataset.sessions, built, strict=True)
    lost = dict.fromkeys(each.subject for each, line in sessions if line["unusable"] and each.subject not in kept)
    more = f" and {len(lost) - MAX_NAMED} more" if len(lost) > MAX_NAMED else ""
    return [f"no usable window of {', '.join([*lost][:MAX_NAMED])}{more}: left out"] if lost else []


class BuildJob(NamedTuple):
    """One session, its number, and the ranks of its annotations where the largest label wins."""

    number: int
    session: SubjectSession
    ranks: Sequence[float]


class BuiltWindows(NamedTuple):
    """A session's number, the path of its windows and rows (without ending), and its line of the store's log."""

    number: int
    part: Path
    about: dict[str, Any]


def _build_missing(
    store: WindowStore, dataset: Dataset, settings: CorpusSettings, hop: float, report: BuildProgress, engine: Engine
) -> None:
    """Make the sessions that a store lacks."""
    done, total = len(store.sessions), len(dataset.sessions)
    build = partial(_build, hop=hop, settings=settings, folder=store.folder)
    jobs = [BuildJob(i, session, _class_ranks(dataset, session)) for i, session in enumerate(dataset.sessions)]
    for left in store.folder.glob(f"{PARTIAL_FILE_PREFIX}*"):  # by a build that was stopped
        left.unlink()
    report(done, total, len(store))
    for built in _in_order(engine.map(build, jobs[done:]), done):
        store.append(built.part, built.about)
        report(len(store.sessions), total, len(store))
    store.sync()


def corpus_key(dataset: Dataset, settings: CorpusSettings, hop: float) -> str:
    """16 hexadecimal digits that change with anything that changes windows or labels."""
    inputs = [
        CORPUS_VERSION,
        signal_path(),
        hop,
        [settings.scale, settings.label],
        dataset.name,
        [_input_identity(session) for session in dataset.sessions],
    ]
    if settings.label == "largest":  # depends on the order of the classes
        inputs.append([_class_ranks(dataset, session) for session in dataset.sessions])
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def _input_identity(session: SubjectSession) -> list[Any]:
    stats = [each.stat() if each.exists() else None for part in session.parts for each in content_files(part.path)]
    return [
        session.subject,
        [(part.path.name, asdict(part.opening)) for part in session.parts],
        [(stat.st_size, stat.st_mtime_ns) if stat else None for stat in stats],
        [_what_labels(annotation) for annotation in session.annotations],
    ]


def _what_labels(annotation: Annotation) -> dict[str, Any]:
    """What of an annotation decides which windows it labels; its stimulus does not."""
    return {name: value for name, value in asdict(annotation).items() if name != "stimulus"}


def _class_ranks(dataset: Dataset, session: SubjectSession) -> list[float]:
    """Rank of each annotation by the data set's first label, -1 where it has none, for the rule ``largest``."""
    name, meaning = next(iter(dataset.labels.items()), ("", None))
    values = [annotation.labels.get(name, "") for annotation in session.annotations]
    if isinstance(meaning, Classes):
        return [meaning.names.index(str(value)) if value in meaning.names else -1.0 for value in values]
    return [value if isinstance(value, float) else -1.0 for value in values]


def _in_order(built: Iterable[BuiltWindows], first: int) -> Iterator[BuiltWindows]:
    """Sessions in the order of their numbers, from ``first`` on, in whatever order they are finished."""
    waiting: dict[int, BuiltWindows] = {}
    for each in built:
        waiting[each.number] = each
        while first in waiting:
            yield waiting.pop(first)
            first += 1


def _build(job: BuildJob, hop: float, settings: CorpusSettings, folder: Path) -> BuiltWindows:
    """Write the usable windows of one session to files of its own."""
    part = folder / f"{PARTIAL_FILE_PREFIX}{job.number}"
    remarks: list[str] = []
    dropped: Counter[str] = Counter()
    unusable, seconds = 0, 0.0
    try:
        with part.with_suffix(".f32").open("wb") as windows, part.with_suffix(".bin").open("wb") as rows:
            for placed, data in _iterate_windows(job.session, hop, settings, remarks):
                seconds += min(hop, WINDOW_S)
                if placed.window.quality.grade == "unusable":
                    unusable += 1
                    dropped.update(placed.window.quality.reasons)
                    continue
                windows.write(data.tobytes())
                rows.write(_window_row(job, placed, settings.label).tobytes())
    except (RecordingError, ConfigError, DatasetError) as error:
        remarks.append(f"{job.session.subject}: left out: {error.message}")
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "free some space, and give the same command again") from error
    about = {"unusable": unusable, "dropped": dropped, "seconds": seconds, "remarks": remarks}
    return BuiltWindows(job.number, part, about)


def _iterate_windows(
    session: SubjectSession, hop: float, settings: CorpusSettings, remarks: list[str]
) -> Iterator[tuple[PlacedWindow, F32]]:
    if settings.scale == "offline":
        return offline_windows(session, hop, remarks)
    return ((placed, placed.window.data) for placed in session_windows(session, hop, remarks))


def _window_row(job: BuildJob, placed: PlacedWindow, rule: str) -> WindowRows:
    start, stop = placed.start, placed.start + WINDOW_S
    grade = int(placed.window.quality.grade == "poor")
    annotation = annotation_of_window(job, placed.part, start, stop, rule)
    rest = rest_elapsed(job.session, placed.part, start, stop)
    return np.array(
        [(job.number, placed.part, start, grade, annotation, rest, hrv_features(placed.window))], WINDOW_DTYPE
    )


def annotation_of_window(job: BuildJob, part: int, start: float, stop: float, rule: str) -> int:
    """Index of the annotation that labels a window, -1 for none.

    Parameters
    ----------
    job : BuildJob
        The session and its annotations.
    part : int
        Index of the window's recording within the session.
    start, stop : float
        The window, in s of that recording.
    rule : str
        ``inside``: the annotation that the window is wholly within. ``largest``: of those that it overlaps, the one
        with the largest label.
    """
    annotations = [(i, each) for i, each in enumerate(job.session.annotations) if each.part == part and each.labels]
    if rule == "inside":
        return next((i for i, each in annotations if each.start <= start and stop <= each.stop), -1)
    overlapped = [i for i, each in annotations if each.start < stop and start < each.stop]
    return max(overlapped, key=lambda i: job.ranks[i], default=-1)


def rest_elapsed(session: SubjectSession, part: int, start: float, stop: float) -> float:
    """Seconds of a session's rest up to a window's end; infinite for a window that is not all rest."""
    elapsed = 0.0
    for each in session.annotations:
        if not each.rest:
            continue
        if each.part == part and each.start <= start and stop <= each.stop:
            return elapsed + stop - each.start
        elapsed += each.stop - each.start
    return float("inf")


def recording_names(dataset: Dataset) -> dict[tuple[int, int], str]:
    """Name of each recording's file by the numbers of session and part; of one that holds several, and which of them.

    Files of one name that a subject has in several folders have as many of these before it as distinguish them.
    """
    files: dict[tuple[str, str], set[Path]] = {}
    for session in dataset.sessions:
        for part in session.parts:
            files.setdefault((session.subject, part.path.name), set()).add(part.path)
    return {
        (i, j): _shortest_name(part.path, files[session.subject, part.path.name])
        + (f"#{part.opening.part}" if part.opening.part else "")
        for i, session in enumerate(dataset.sessions)
        for j, part in enumerate(session.parts)
    }


def _shortest_name(path: Path, alike: set[Path]) -> str:
    """The end of a path that none of the others has."""
    for count in range(1, len(path.parts)):
        if len({each.parts[-count:] for each in alike}) == len(alike):
            return "/".join(path.parts[-count:])
    return str(path)


def _silent(_done: int, _total: int, _windows: int) -> None:
    """Report nothing."""
