"""EDF and BDF files for tests, whose samples are their own index."""

from pathlib import Path

import edfio
import numpy as np


def counts(label: str = "ECG", unit: str = "mV", seconds: int = 8, rate: int = 250) -> edfio.EdfSignal:
    """Digital value = index; 0.001 of the unit a count, as far as the header's eight characters hold it."""
    data = np.arange(seconds * rate, dtype=np.int16)
    return edfio.EdfSignal.from_digital(
        data,
        rate,
        label=label,
        physical_dimension=unit,
        physical_range=(-32.768, 32.767),
        digital_range=(-32768, 32767),
    )


def write(path: Path, *signals: edfio.EdfSignal, notes: bool = False) -> Path:
    annotations = [edfio.EdfAnnotation(1.0, None, "stimulus")] if notes else None
    edfio.Edf(signals, data_record_duration=1, annotations=annotations).write(path)
    return path


def write_bdf(path: Path) -> Path:
    signal = edfio.BdfSignal(np.arange(500) / 1000, 250, label="ECG", physical_dimension="mV", physical_range=(-9, 9))
    edfio.Bdf([signal], data_record_duration=1, annotations=[edfio.EdfAnnotation(1.0, 0.5, "stimulus")]).write(path)
    return path
