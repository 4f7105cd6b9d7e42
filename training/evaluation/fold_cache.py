"""Fold cache: folds run in parallel, and the arrays of each finished one are kept in a file by its digest."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from ecg_live.atomic_write import write_whole
from ecg_live.errors import DatasetError, EcgLiveError
from ecg_live.events import F64
from training.parallel import Engine

FOLD_VERSION = 2  # of the arrays of a fold; a new version runs all folds again
FoldArrays = Mapping[str, F64]


class NamedJob(Protocol):
    """A fold's input: a dataclass with a name."""

    @property
    def name(self) -> str:
        """The name that messages use."""


JobT = TypeVar("JobT", bound=NamedJob)


@dataclass(frozen=True, slots=True, eq=False)
class _FoldOutcome:
    name: str
    key: str
    arrays: FoldArrays
    problem: EcgLiveError | None = None


def run_folds(
    work: Callable[[JobT], FoldArrays],
    jobs: Iterable[JobT],
    total: int,
    folder: Path,
    engine: Engine,
    report: Callable[[int, int], None],
) -> dict[str, FoldArrays]:
    """Arrays of each fold by its name; folds that ``folder`` holds are not run again.

    Parameters
    ----------
    work : callable
        Runs one job; a function that another process can import.
    jobs : iterable
        The folds; each is made only when it is its turn.
    total : int
        How many they are.
    folder : Path
        Where arrays of finished folds are kept.
    engine : Engine
        Runs jobs in parallel.
    report : callable
        Called with the number of finished folds and ``total``.

    Raises
    ------
    EcgLiveError
        If a fold fails, named; those that were done before are kept.
    DatasetError
        If nothing can be written to the folder.
    """
    arrays: dict[str, FoldArrays] = {}
    report(0, total)

    def missing() -> Iterator[tuple[str, JobT]]:
        for job in jobs:
            key = job_digest(job)
            cached = _read(folder / f"{key}.npz")
            if cached is None:
                yield key, job
            else:
                arrays[job.name] = cached
                report(len(arrays), total)

    with closing(engine.map(partial(_guarded, work), missing())) as outcomes:
        for outcome in outcomes:
            if outcome.problem is not None:
                raise outcome.problem
            _write(folder / f"{outcome.key}.npz", outcome.arrays)
            arrays[outcome.name] = outcome.arrays
            report(len(arrays), total)
    return arrays


def job_digest(job: object) -> str:
    """16 hexadecimal digits that change with anything in a job."""
    sha = hashlib.sha256(repr(FOLD_VERSION).encode())
    for part in _parts(job):
        sha.update(part)
    return sha.hexdigest()[:16]


def _parts(value: Any) -> Iterator[bytes]:
    if is_dataclass(value):
        for field in fields(value):
            yield field.name.encode()
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, np.ndarray):
        yield repr((value.dtype, value.shape)).encode()
        yield np.ascontiguousarray(value).tobytes()
    else:
        yield repr(value).encode()


def _guarded(work: Callable[[JobT], FoldArrays], item: tuple[str, JobT]) -> _FoldOutcome:
    """A fold's arrays, or the error that ended it, with the fold's name."""
    key, job = item
    try:
        return _FoldOutcome(job.name, key, work(job))
    except EcgLiveError as error:
        return _FoldOutcome(job.name, key, {}, type(error)(f"fold {job.name}: {error.message}", error.remedy))
    except Exception as error:  # noqa: BLE001 - whatever it is, the fold is named
        problem = EcgLiveError(
            f"fold {job.name} failed: {type(error).__name__}: {error}", "run it again; folds that are done are kept"
        )
        return _FoldOutcome(job.name, key, {}, problem)


def _read(path: Path) -> FoldArrays | None:
    """Arrays that were kept of a fold; None if there is no file, or it is truncated."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def _write(path: Path, arrays: FoldArrays) -> None:
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        raise DatasetError(
            f"{path}: {error.strerror}", "make room, or give another folder; folds that are done are kept"
        ) from error
