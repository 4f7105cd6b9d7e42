"""Small recordings on disk, and data sets over them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.contracts.signals import ecg
from training.datasets.dataset import Classes, Dataset, Part, Sitting, Span

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


def dataset(*sittings: Sitting) -> Dataset:
    """A data set with one label of two classes."""
    return Dataset("made", TITLE, "none", sittings, {"task": Classes(("rest", "load"))})


def person(folder: Path, name: str, seconds: float = 45.0) -> Sitting:
    """Rest, then load, each so long, in two files."""
    parts = tuple(Part(csv(folder / f"{name}_{i}.csv", seconds, level=1 + 0.1 * i)) for i in (1, 2))
    spans = (
        Span(0, 0.0, float("inf"), {"task": "rest"}, rest=True),
        Span(1, 5.0, seconds, {"task": "load"}),
    )
    return Sitting(name, parts, spans)
