"""DREAMER's MATLAB file, with samples and scores that name subject and film."""

from pathlib import Path

import numpy as np

from ecg_live.events import F64
from tests.support.files.mat_files import beats, counts, dreamer_subject, write_dreamer

SUBJECT_COUNT, FILMS, RATE = 3, 5, 256


def score(name: str, subject: int, film: int) -> int:
    """1 to 5; each column, subject and film has its own series."""
    return {"Valence": 3 * film + subject, "Arousal": film + 2 * subject + 2, "Dominance": 4 * film + 1}[name] % 5 + 1


def level(subject: int, film: int) -> float:
    """Baseline of a film in mV."""
    return (subject * FILMS + film) / 10 - 1


def signal(seconds: float, mark: float) -> F64:
    return np.stack([counts(beats(seconds, RATE, mark)), counts(beats(seconds, RATE, mark + 5))], axis=1)


def write(folder: Path, *, holes: bool = False) -> Path:
    subjects = []
    for p in range(SUBJECT_COUNT):
        films: list[F64] = [signal(3 + k, level(p, k)) for k in range(FILMS)]
        scores: dict[str, list[float]] = {
            f"Score{name}": [score(name, p, k) for k in range(FILMS)] for name in ("Valence", "Arousal", "Dominance")
        }
        if holes and p == 0:
            films[1] = np.empty((0, 0))
            scores["ScoreValence"][2], scores["ScoreArousal"][3] = np.nan, 6
        if holes and p == 1:
            films = [np.empty((0, 0))] * FILMS
        subjects.append(dreamer_subject(films, [signal(2, -1.5)] * FILMS, scores))
    return write_dreamer(folder / "DREAMER.mat", subjects)
