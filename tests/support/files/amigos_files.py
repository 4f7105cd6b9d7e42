"""AMIGOS' MATLAB files, with samples and scores that name subject, video and column."""

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


def score(subject: int, video: int, column: int) -> int:
    """1 to 9; each column, subject and video has its own series."""
    return (2 * subject + 3 * video + (0, 4, 7, 1, 5)[column] * (video + 1)) % 9 + 1


def level(subject: int, video: int) -> float:
    """Baseline of a video in mV; its first five seconds are 0.05 higher."""
    return (subject * VIDEOS + video) / 10


def video(subject: int, number: int) -> F64:
    right = beats(9 + number, RATE, level(subject, number))
    right[: 5 * RATE] += 0.05
    return amigos_video(right, right + 50)


def write(
    folder: Path, subject: int, videos: dict[int, F64] | None = None, ratings: dict[int, F64] | None = None
) -> Path:
    shown = [(videos or {}).get(k, video(subject, k)) for k in range(VIDEOS)]
    rating_arrays = [(ratings or {}).get(k, rated(*[score(subject, k, c) for c in range(5)])) for k in range(VIDEOS)]
    folder.mkdir(exist_ok=True, parents=True)
    return write_amigos(folder / f"Data_Preprocessed_P{subject:02d}.mat", shown, rating_arrays)
