"""A store of many windows needs little more memory than one of a few: windows stay on disk."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np

from tests.support.small_datasets import dataset
from training.data.corpus import Corpus
from training.data.subset import train_validation_split
from training.data.window_store import WINDOW_BYTES, WINDOW_DTYPE, WindowStore
from training.datasets.dataset import SubjectSession

SITTINGS = 40  # of which every twentieth is kept back
EACH = 100  # bytes of a window's row and of its place in a choice; the window itself is a hundred times as large


def filled(folder: Path, windows: int) -> Path:
    """A store whose windows are a hole in a file: as long as real ones, but no burden to the disk."""
    folder.mkdir()
    with (folder / "windows.f32").open("wb") as file:
        file.truncate(windows * WINDOW_BYTES)
    rows = np.zeros(windows, WINDOW_DTYPE)
    rows["session"] = np.arange(windows) * SITTINGS // windows
    rows.tofile(folder / "rows.bin")
    about = {"unusable": 0, "dropped": {}, "seconds": 0.0, "remarks": []}
    totals = [about | {"total": windows * (i + 1) // SITTINGS} for i in range(SITTINGS)]
    (folder / "sittings.jsonl").write_text("".join(json.dumps(line) + "\n" for line in totals))
    return folder


def peak(folder: Path, windows: int) -> int:
    """Memory that learning takes for windows: to choose them, and to read some batches from all over."""
    rng = np.random.default_rng(0)
    tracemalloc.start()
    store = WindowStore(folder)
    data = dataset(*[SubjectSession(f"p{i}", ()) for i in range(SITTINGS)])
    corpus = Corpus(data, "key", store.windows(), store.rows(), 0, {}, 0.0, ())
    learnt, _ = train_validation_split([(corpus, {"p0"})])
    assert (len(corpus.windows), len(learnt)) == (windows, windows * (SITTINGS - 3) // SITTINGS)
    for _ in range(20):
        assert learnt[rng.integers(0, len(learnt), 32)].shape == (32, 2560)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_windows_stay_on_disk(tmp_path: Path) -> None:
    few, many = 1_000, 20_000  # the latter 200 MB
    short, long = filled(tmp_path / "few", few), filled(tmp_path / "many", many)
    peak(short, few)  # what loads once is loaded
    assert peak(long, many) - peak(short, few) < EACH * (many - few)
