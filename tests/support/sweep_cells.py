"""What cells of a test sweep run, in other processes: small, but fitted to real numbers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live.errors import DatasetError
from training.settings import TrainSettings


def fitted(table: Mapping[str, Any], settings: TrainSettings, folder: Path) -> dict[str, float]:
    """Ridge regression of noisy numbers: how well the strength and the length of training fit unseen ones."""
    rng = np.random.default_rng(settings.seed)
    x, true = rng.standard_normal((60, 10)), np.arange(10.0)
    y = x @ true + rng.standard_normal(60)
    strength, learnt = settings.pretext.strength.scale, x[: settings.pretext.batch]
    weights = np.linalg.solve(learnt.T @ learnt + strength * np.eye(10), learnt.T @ y[: len(learnt)])
    with (folder / "tries.txt").open("a") as file:
        file.write(f"{table['data']}\n")
    print("a line of progress")
    right = float(np.corrcoef(x[40:] @ weights, y[40:])[0, 1])
    return {"auroc": right, "auroc_low": right - 0.1, "auroc_high": right + 0.1, "brier": float("nan")}


def faulty(table: Mapping[str, Any], settings: TrainSettings, folder: Path) -> dict[str, float]:
    """Fails in three ways, by the seed, until a file ``mended`` lies beside the data."""
    if not Path(table["data"], "mended").exists():
        if settings.seed == 1:
            raise DatasetError("S2.pkl has no ECG", "bring it again")
        if settings.seed == 2:
            raise ZeroDivisionError("by [zero]")
        if settings.seed == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return fitted(table, settings, folder)


def interrupting(_table: Mapping[str, Any], _settings: TrainSettings, folder: Path) -> dict[str, float]:
    """Presses Ctrl-C, and would go on for a minute."""
    (folder / "process").write_text(str(os.getpid()))
    parent = multiprocessing.parent_process()
    assert parent is not None
    assert parent.pid is not None
    os.kill(parent.pid, signal.SIGINT)
    threading.Event().wait(60)
    return {"auroc": 1.0}
