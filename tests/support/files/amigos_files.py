"""AMIGOS' MATLAB files, whose samples and scores name their person, video and column."""

from pathlib import Path

from ecg_live.events import F64
from tests.support.files.mat_files import (
    amigos_video,
    beats,
    rated,
    write_amigos,
)

VIDEOS, RATE = 6, 128
ORDER = ("arousal", "valence", "dominance", "liking", "familiarity")


def score(person: int, video: int, column: int) -> int:
    """1 to 9; each column, person and video has its own series."""
    return (2 * person + 3 * video + (0, 4, 7, 1, 5)[column] * (video + 1)) % 9 + 1


def level(person: int, video: int) -> float:
    """Where a video's line lies in mV; its first five seconds lie 0.05 higher."""
    return (person * VIDEOS + video) / 10


def video(person: int, number: int) -> F64:
    right = beats(9 + number, RATE, level(person, number))
    right[: 5 * RATE] += 0.05
    return amigos_video(right, right + 50)


def write(
    folder: Path, person: int, videos: dict[int, F64] | None = None, ratings: dict[int, F64] | None = None
) -> Path:
    shown = [(videos or {}).get(k, video(person, k)) for k in range(VIDEOS)]
    said = [(ratings or {}).get(k, rated(*[score(person, k, c) for c in range(5)])) for k in range(VIDEOS)]
    folder.mkdir(exist_ok=True, parents=True)
    return write_amigos(folder / f"Data_Preprocessed_P{person:02d}.mat", shown, said)
