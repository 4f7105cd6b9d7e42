"""The windows of a whole data set, made once by the live signal path and kept on disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock

from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.errors import ConfigError, DatasetError, RecordingError
from ecg_live.events import F32
from ecg_live.model.features import hrv_features
from training.data.window_store import WINDOW_DTYPE, WindowRows, WindowStore, check_signal_path, signal_path
from training.data.windowing import PlacedWindow, offline_windows, sitting_windows
from training.datasets.dataset import Classes, Dataset, SubjectSession
from training.parallel import local_engine
from training.settings import CorpusSettings

CORPUS_VERSION = 2  # of what a corpus holds; raise it with the quality gate's rules (its numbers are in the key anyway)
PARTIAL_FILE_PREFIX = "sitting-"  # files of a sitting that is not in the store yet
WINDOW_S = WINDOW_SAMPLES / MODEL_RATE_HZ  # s
BuildProgress = Callable[[int, int, int], None]  # sittings done, sittings in all, windows by now


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Usable windows (n, 2560), memory-mapped, and their table (n,) of `training.data.window_store.WINDOW_DTYPE`.

    ``dropped`` counts unusable windows by reason (a window may have several); ``unusable`` is their number.
    """

    dataset: Dataset
    key: str
    windows: F32
    rows: WindowRows
    unusable: int
    dropped: Mapping[str, int]
    seconds: float
    remarks: tuple[str, ...]


def build_corpus(
    dataset: Dataset,
    settings: CorpusSettings,
    hop: float,
    folder: Path,
    report: BuildProgress,
    processes: int | None = None,
) -> Corpus:
    """Make the windows of all sittings, or what is missing of them, ``hop`` seconds apart.

    The folder within ``folder`` is named after a hash of inputs (names, sizes and times of files, spans) and settings.

    Raises
    ------
    DatasetError
        If there is no usable window, the disk takes no more, or the folder holds windows of another signal path.
    """
    key = corpus_key(dataset, settings, hop)
    try:
        (folder / key).mkdir(parents=True, exist_ok=True)
        with FileLock(folder / key / "lock"):
            check_signal_path(folder / key)
            store = WindowStore(folder / key)
            _build_missing(store, dataset, settings, hop, report, processes or os.cpu_count() or 1)
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "give another folder with --work") from error
    remarks = [remark for line in store.sessions for remark in line["remarks"]]
    if not len(store):
        found = "; ".join(remarks[:3]) or f"{len(dataset.sessions)} recordings were looked at"
        raise DatasetError(f"no usable window in {dataset.title}: {found}", "check the channel and the folder")
    return Corpus(
        dataset,
        key,
        store.windows(),
        store.rows(),
        sum(line["unusable"] for line in store.sessions),
        sum((Counter(line["dropped"]) for line in store.sessions), Counter()),
        sum(line["seconds"] for line in store.sessions),
        tuple(remarks),
    )


def _build_missing(
    store: WindowStore, dataset: Dataset, settings: CorpusSettings, hop: float, report: BuildProgress, processes: int
) -> None:
    """Make the sittings that a store lacks."""
    done, total = len(store.sessions), len(dataset.sessions)
    make = partial(_build, hop=hop, settings=settings, folder=store.folder)
    jobs = [BuildJob(i, sitting, _class_ranks(dataset, sitting)) for i, sitting in enumerate(dataset.sessions)]
    for left in store.folder.glob(f"{PARTIAL_FILE_PREFIX}*"):  # by a build that was stopped
        left.unlink()
    report(done, total, len(store))
    for made in _in_order(local_engine(processes).map(make, jobs[done:]), done):
        store.append(made.part, made.about)
        report(len(store.sessions), total, len(store))
    store.sync()


class BuildJob(NamedTuple):
    """One sitting to be made, its number, and its spans' ranks where the largest label counts."""

    number: int
    session: SubjectSession
    ranks: Sequence[float]


class BuiltWindows(NamedTuple):
    """A sitting's number, where its windows and rows lie, and what is to be said of it."""

    number: int
    part: Path
    about: dict[str, Any]


def corpus_key(dataset: Dataset, settings: CorpusSettings, hop: float) -> str:
    """16 hexadecimal digits that change with anything that changes windows or labels."""
    about = [
        CORPUS_VERSION,
        signal_path(),
        hop,
        [settings.scale, settings.label],
        dataset.name,
        [_input_identity(sitting) for sitting in dataset.sessions],
    ]
    if settings.label == "largest":  # goes by the order of the classes
        about.append([_class_ranks(dataset, sitting) for sitting in dataset.sessions])
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def _input_identity(sitting: SubjectSession) -> list[Any]:
    stats = [part.path.stat() if part.path.exists() else None for part in sitting.parts]
    return [
        sitting.subject,
        [(part.path.name, asdict(part.opening)) for part in sitting.parts],
        [(stat.st_size, stat.st_mtime_ns) if stat else None for stat in stats],
        [asdict(span) for span in sitting.annotations],
    ]


def _class_ranks(dataset: Dataset, sitting: SubjectSession) -> list[float]:
    """Of each span's first label its number, as `largest` compares them."""
    name, meaning = next(iter(dataset.labels.items()), ("", None))
    values = [span.labels.get(name, "") for span in sitting.annotations]
    if isinstance(meaning, Classes):
        return [meaning.names.index(str(value)) if value in meaning.names else -1.0 for value in values]
    return [value if isinstance(value, float) else -1.0 for value in values]


def _in_order(made: Iterable[BuiltWindows], first: int) -> Iterator[BuiltWindows]:
    """Sittings in the order of their numbers, from ``first`` on, whichever is whole before."""
    waiting: dict[int, BuiltWindows] = {}
    for each in made:
        waiting[each.number] = each
        while first in waiting:
            yield waiting.pop(first)
            first += 1


def _build(job: BuildJob, hop: float, settings: CorpusSettings, folder: Path) -> BuiltWindows:
    """Write the usable windows of one sitting to files of their own."""
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
    sitting: SubjectSession, hop: float, settings: CorpusSettings, remarks: list[str]
) -> Iterator[tuple[PlacedWindow, F32]]:
    if settings.scale == "offline":
        return offline_windows(sitting, hop, remarks)
    return ((placed, placed.window.data) for placed in sitting_windows(sitting, hop, remarks))


def _window_row(job: BuildJob, placed: PlacedWindow, rule: str) -> WindowRows:
    begin, end = placed.start, placed.start + WINDOW_S
    grade = int(placed.window.quality.grade == "poor")
    span = span_of_window(job, placed.part, begin, end, rule)
    rest = rest_elapsed(job.session, placed.part, begin, end)
    return np.array([(job.number, placed.part, begin, grade, span, rest, hrv_features(placed.window))], WINDOW_DTYPE)


def span_of_window(job: BuildJob, part: int, begin: float, end: float, rule: str) -> int:
    """The span that labels a window, -1 for none: the one it lies in, or the largest label of those that it touches."""
    spans = [(i, span) for i, span in enumerate(job.session.annotations) if span.part == part and span.labels]
    if rule == "inside":
        return next((i for i, span in spans if span.start <= begin and end <= span.stop), -1)
    touched = [i for i, span in spans if span.start < end and begin < span.stop]
    return max(touched, key=lambda i: job.ranks[i], default=-1)


def rest_elapsed(sitting: SubjectSession, part: int, begin: float, end: float) -> float:
    """Seconds of a sitting's rest up to a window's end; infinite for a window that is not all rest."""
    passed = 0.0
    for span in sitting.annotations:
        if not span.rest:
            continue
        if span.part == part and span.start <= begin and end <= span.stop:
            return passed + end - span.start
        passed += span.stop - span.start
    return float("inf")
