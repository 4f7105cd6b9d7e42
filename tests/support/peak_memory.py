"""How much memory reading a file needs at most."""

import tracemalloc
from pathlib import Path

from devices.files import open_recording
from devices.read_options import ReadOptions

SLACK = 200_000  # bytes; the samples by which the files differ would take half a MB and more


def opening(path: Path) -> ReadOptions:
    with path.open("rb") as file:  # not the whole of it: its memory is measured
        return ReadOptions(rate=1000) if file.read(3) == b"ECG" else ReadOptions()


def peak(path: Path) -> float:
    tracemalloc.start()
    for _ in open_recording(path, opening(path)).chunks(1000):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most
