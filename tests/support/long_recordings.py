"""Recordings of any length, made of the bundled one."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from ecg_live.resources import recordings_folder

RATE = 1000


def long_recording(path: Path, minutes: int) -> Path:
    """The bundled minute over and over, as OpenSignals HDF5."""
    lines = (recordings_folder() / "supine_1min.txt").read_text().splitlines()[3:]
    minute = np.array([int(line.split("\t")[2]) for line in lines if line], dtype=np.uint16)
    samples = np.tile(minute, minutes)[:, None]
    with h5py.File(path, "w") as file:
        group = file.create_group("00:00:00:00:00:01")
        for name, value in {
            "sampling rate": RATE,
            "resolution": [16],
            "channels": [1],
            "device": "biosignalsplux",
        }.items():
            group.attrs[name] = value
        channel = group.create_dataset("raw/channel_1", data=samples)
        channel.attrs["sensor"], channel.attrs["label"] = "ECG", "CH1"
        counter = np.minimum(np.arange(len(samples)), 65535).astype(np.uint16)
        group.create_dataset("raw/nSeq", data=counter[:, None])
    return path
