"""OpenSignals' HDF5 files for tests."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

PLUX: dict[str, Any] = {
    "device": "biosignalsplux", "sampling rate": np.int32(1000), "resolution": np.array([16], np.int32),
    "duration": "1m0s", "firmware version": np.int32(773), "channels": np.array([1], np.int32), "time": "15:11:20.455",
}  # fmt: skip


def write(path: Path, numbers: list[int], attrs: dict[str, Any] | None = None, sensor: str = "ECG") -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("AA")
        for key, value in (PLUX | {"nsamples": np.int32(len(numbers))} | (attrs or {})).items():
            group.attrs[key] = value
        count = np.arange(len(numbers), dtype=np.uint16)[:, None]
        channel = group.create_dataset("raw/channel_1", data=count)
        group.create_dataset("raw/nSeq", data=np.array(numbers, dtype=np.uint16)[:, None])
        for key, text in {"sensor": sensor, "label": "CH1", "special": "{u'SpO2': [80, 40]}"}.items():
            channel.attrs[key] = text
    return path
