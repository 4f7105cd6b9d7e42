"""Made-up examples, and folds that a test can follow. Here, because other processes import them by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from training.data.feature_table import FeatureTable
from training.evaluation.cross_validation import CrossValidationPlan
from training.parallel import local_engine
from training.settings import EvaluateSettings, HeadSettings


def made(
    subjects: int = 8, windows: int = 20, classes: int = 2, rest: int = 0, strength: float = 3.0, seed: int = 0
) -> FeatureTable:
    """Each subject has all classes in turn; sixteen columns of the embedding and one of the HRV separate them.

    Each subject has an offset of its own. The first ``rest`` windows of class 0 are its baseline.
    """
    rng = np.random.default_rng(seed)
    label = np.tile(np.arange(windows) % classes, subjects)
    subject = np.repeat([f"p{i:02}" for i in range(subjects)], windows)
    embedding = rng.standard_normal((len(label), 128))
    embedding += np.repeat(rng.standard_normal((subjects, 128)), windows, axis=0)
    embedding[:, :16] += (strength * label)[:, None]
    hrv = rng.standard_normal((len(label), 3))
    hrv[:, 0] += strength * label
    within = np.tile((np.arange(windows) % classes == 0) & (np.arange(windows) < rest * classes), subjects)
    recording = np.char.add(subject, ".edf")
    onset = np.tile(10.0 * np.arange(windows), subjects)
    names = tuple("abcdefghi"[:classes])
    return FeatureTable(embedding, hrv, label, subject, within, within, recording, onset, names)


def random(examples: FeatureTable) -> F64:
    """Embeddings of three untrained encoders."""
    return np.random.default_rng(99).standard_normal((3, *examples.embedding.shape))


def plan(folder: Path, head: HeadSettings | None = None, **settings: Any) -> CrossValidationPlan:
    """In this process, with few draws."""
    defaults: dict[str, Any] = {"baseline": 0.0, "draws": 50}
    return CrossValidationPlan(
        EvaluateSettings(**(defaults | settings)), head or HeadSettings(), 0, folder, local_engine(1)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A fold that adds up, and notes that it ran."""

    name: str
    x: F64
    notes: str
    fails: str = ""


def work(job: Job) -> dict[str, F64]:
    """Something that depends on the number of threads, on a note's existence, and on the job."""
    if job.fails == "typed":
        raise DatasetError("it has no heart", "give one")
    if job.fails == "bug":
        raise ZeroDivisionError("by nought")
    if job.fails == "killed":
        os._exit(9)
    if job.fails == "stopped":
        raise KeyboardInterrupt
    with (Path(job.notes) / "ran").open("a", encoding="utf-8") as file:
        file.write(f"{job.name}\n")
    return {"product": job.x @ job.x.T}


def refuse(item: str) -> str:
    """Take nothing."""
    raise DatasetError(f"{item} is no good", "give another")


def jobs(notes: Path, count: int = 4, fails: str = "") -> Iterator[Job]:
    """The third one may fail."""
    for i in range(count):
        x = np.random.default_rng(i).standard_normal((64, 128))
        yield Job(f"p{i}", x, str(notes), fails if i == 2 else "")


def ran(notes: Path) -> list[str]:
    """Which folds were worked out, in order."""
    path = notes / "ran"
    return path.read_text(encoding="utf-8").split() if path.exists() else []
