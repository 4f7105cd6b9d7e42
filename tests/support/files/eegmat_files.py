"""Recordings as the data set eegmat has them: rest and mental arithmetic, an EDF file each."""

from pathlib import Path

import edfio

from ecg_live.events import F64

RATE = 500


def write(folder: Path, subject: int, rest: F64, load: F64) -> None:
    """Two files of one subject, of samples (n,) in mV."""
    folder.mkdir(exist_ok=True)
    for part, samples in ((1, rest), (2, load)):
        ranges = {"physical_dimension": "mV", "physical_range": (-4.0, 4.0)}
        signal = edfio.EdfSignal(samples, RATE, label="ECG ECG", **ranges)  # type: ignore[arg-type]  # of several types
        edfio.Edf([signal], data_record_duration=1).write(folder / f"Subject{subject:02d}_{part}.edf")
