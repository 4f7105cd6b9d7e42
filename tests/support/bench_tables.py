"""Small tables of windows for the benchmark: subjects whose features say something about their labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.bench.inputs import BenchInputs
from training.data.feature_table import FeatureTable

SUBJECTS, WINDOWS = 6, 20  # of each


def examples(*, numbers: bool = False, effect: float = 1.5, seed: int = 0) -> FeatureTable:
    """Windows of six subjects, rest first, whose features rise with the label by ``effect`` standard deviations."""
    rng = np.random.default_rng(seed)
    n = SUBJECTS * WINDOWS
    label = np.tile(np.repeat([0, 1], WINDOWS // 2), SUBJECTS)
    value = np.clip(3 * label + rng.normal(2, 1, n), 0, 10)
    x = rng.normal(size=(n, 131)) + effect * label[:, None] * (np.arange(131) < 8)
    return FeatureTable(
        x[:, :128],
        60 + 5 * x[:, :3] + 0.0,
        np.zeros(n, np.int64) if numbers else label,
        np.repeat([f"S{i}" for i in range(SUBJECTS)], WINDOWS),
        label == 0,
        np.zeros(n, np.bool_),
        np.repeat([f"S{i}.csv" for i in range(SUBJECTS)], WINDOWS),
        np.tile(10.0 * np.arange(WINDOWS), SUBJECTS),
        () if numbers else ("rest", "load"),
        value if numbers else None,
        (0.0, 10.0) if numbers else (0.0, 1.0),
    )


def inputs(folder: Path, table: FeatureTable) -> BenchInputs:
    """A table with random windows of 2560 samples in a file."""
    windows = np.random.default_rng(1).normal(size=(len(table), 2560)).astype(np.float32)
    path = folder / "windows.f32"
    path.write_bytes(windows.tobytes())
    random = np.random.default_rng(2).normal(size=(len(table), 128))
    return BenchInputs("made", "task", table, random, path, np.arange(len(table)))
