"""Small recordings on disk, and data sets over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.support.synthetic_signals import ecg
from training.data.corpus import Corpus
from training.data.window_store import WINDOW_DTYPE
from training.datasets.dataset import Annotation, Classes, Dataset, Rating, RecordingPart, SubjectSession

TITLE = "made for tests"


def csv(path: Path, seconds: float, rate: int = 256, level: float = 1.0) -> Path:
    """A file with time stamps, which the CSV decoder reads without being told anything."""
    x = ecg(seconds, rate)[:, 0] * level
    path.write_text("time,ECG\n" + "".join(f"{i / rate:.6f},{v:.6f}\n" for i, v in enumerate(x)))
    return path


def flat(path: Path, seconds: float) -> Path:
    """A file without any heart in it."""
    path.write_text("time,ECG\n" + "".join(f"{i / 256:.6f},0.5\n" for i in np.arange(seconds * 256)))
    return path


def dataset(*sessions: SubjectSession) -> Dataset:
    """A data set with one label of two classes."""
    return Dataset("made", TITLE, "none", sessions, {"task": Classes(("rest", "load"))})


def rest_load_session(folder: Path, name: str, seconds: float = 45.0) -> SubjectSession:
    """Rest, then load, each so long, in two files."""
    parts = tuple(RecordingPart(csv(folder / f"{name}_{i}.csv", seconds, level=1 + 0.1 * i)) for i in (1, 2))
    annotations = (
        Annotation(0, 0.0, float("inf"), {"task": "rest"}, rest=True),
        Annotation(1, 5.0, seconds, {"task": "load"}),
    )
    return SubjectSession(name, parts, annotations)


def corpus(rests: Sequence[Sequence[float]], annotations: Sequence[Sequence[int]] | None = None) -> Corpus:
    """One session per subject with windows at ``rests`` seconds of rest, and their annotations; no files exist."""
    labelled = (
        Annotation(0, 0, 60, {"valence": 7.0, "task": "rest"}),
        Annotation(0, 60, 120, {"valence": 3.0, "task": "load"}),
    )
    sessions = tuple(
        SubjectSession(f"p{i}", (RecordingPart(Path(f"p{i}.csv")),), (*labelled, Annotation(0, 120, 180)))
        for i in range(len(rests))
    )
    data = Dataset("made", "made", "none", sessions, {"task": Classes(("rest", "load")), "valence": Rating(1, 9)})
    rows = np.zeros(sum(map(len, rests)), WINDOW_DTYPE)
    rows["session"] = np.repeat(np.arange(len(rests)), [len(rest) for rest in rests])
    rows["rest"] = np.concatenate(rests)
    rows["start"] = [1000.0 + 10 * i if np.isinf(rest) else rest - 10 for i, rest in enumerate(rows["rest"])]
    rows["annotation"] = np.concatenate(annotations) if annotations else 0
    return Corpus(data, "key", np.zeros((len(rows), 2560), np.float32), rows, 0, {}, 0.0, ())
