"""Files laid out as DREAMER's and AMIGOS', written with scipy from plain cells and structs; nothing of the readers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from ecg_live.events import F64


def cells(items: Sequence[object], *, column: bool = False) -> Any:
    """A row, or a column, of cells."""
    made = np.empty((len(items), 1) if column else (1, len(items)), dtype=object)
    for i, item in enumerate(items):
        made[(i, 0) if column else (0, i)] = item
    return made


def beats(seconds: float, rate: float, mark: float = 0.0, size: float = 1.0) -> F64:
    """Something like an ECG in mV, (n,): a sharp peak a second on a line at ``mark``."""
    at = np.arange(round(seconds * rate)) / rate
    return mark + size * np.exp(-(((at % 1.0 - 0.5) / 0.02) ** 2))


def counts(millivolts: F64) -> F64:
    """As a Shimmer 2R gives it: 12 bits, 2060 for nothing, 3 V, a gain of 175."""
    return np.round(2060 + millivolts * 175 * 4095 / 3000)


def dreamer_subject(
    films: Sequence[Any], baselines: Sequence[Any], scores: Mapping[str, Sequence[float]]
) -> dict[str, object]:
    """A subject of DREAMER; EEG beside the ECG, as long as every trial."""

    def eeg(trials: Sequence[Any]) -> Any:
        return cells([np.full((max(1, len(trial) // 2), 14), 4000.0) for trial in trials], column=True)

    return {
        "Age": "22",
        "Gender": "male",
        "EEG": {"baseline": eeg(baselines), "stimuli": eeg(films)},
        "ECG": {"baseline": cells(baselines, column=True), "stimuli": cells(films, column=True)},
        **{name: np.array(values, dtype=np.float64)[:, None] for name, values in scores.items()},
    }


def write_dreamer(path: Path, subjects: Sequence[Mapping[str, object]], rate: float = 256) -> Path:
    """DREAMER.mat: one variable."""
    whole = {
        "Data": cells(subjects),
        "EEG_SamplingRate": 128.0,
        "ECG_SamplingRate": float(rate),
        "EEG_Electrodes": cells(["AF3"] * 14),
        "noOfSubjects": float(len(subjects)),
        "noOfVideoSequences": 18.0,
        "Disclaimer": "none",
    }
    savemat(path, {"DREAMER": whole}, do_compression=True)
    return path


def amigos_video(right: F64, left: F64) -> F64:
    """Fourteen channels of EEG, two of ECG, one of GSR: (n, 17)."""
    table = np.full((len(right), 17), 4000.0)
    table[:, 14], table[:, 15], table[:, 16] = right, left, 9.0
    return table


def rated(arousal: float, valence: float, dominance: float, liking: float, familiarity: float) -> F64:
    """A self-assessment: (1, 12), of which the last seven are emotions."""
    return np.array([[arousal, valence, dominance, liking, familiarity, 0, 1, 0, 1, 0, 1, 0]], dtype=np.float64)


def write_amigos(
    path: Path, videos: Sequence[Any], ratings: Sequence[Any], annotations: Sequence[Any] | None = None
) -> Path:
    """Data_Preprocessed_PNN.mat."""
    savemat(
        path,
        {
            "VideoIDs": cells([str(i) for i in range(len(videos))]),
            "joined_data": cells(videos),
            "labels_selfassessment": cells(ratings),
            "labels_ext_annotation": cells(annotations or [np.array([[1.0, 0.1, 0.2]])] * len(videos)),
        },
    )
    return path


def write_amigos_original(path: Path, videos: Sequence[Any]) -> Path:
    """Data_Original_PNN.mat: ECG beside EEG and GSR."""
    savemat(
        path, {"ECG_DATA": cells(videos), "EEG_DATA": cells([np.ones((3, 25))]), "GSR_DATA": cells([np.ones((3, 2))])}
    )
    return path


def original_video(right: F64, left: F64, times: F64) -> F64:
    """Time, two channels of ECG, three of acceleration: (n, 6)."""
    return np.stack([times, right, left, *[np.full(len(right), 7.0)] * 3], axis=1)
