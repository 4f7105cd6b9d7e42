"""DEAP: pulse and ratings of each video, from MATLAB files made here in its layout; its signal is no ECG."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError, FormatError, IncompatibleBundle
from ecg_live.events import Chunk
from ecg_live.model.bundle import load_bundle
from ecg_live.model.card import check_signal
from ecg_live.resources import DEFAULT_MODEL
from training.datasets import open_dataset
from training.datasets.dataset import Rating
from training.datasets.deap import load
from training.evaluation.score_bundle import score_loaded
from training.progress import ProgressDisplay

VIDEOS, SAMPLES, PULSE_ROW = 4, 63 * 128, 38


def made(folder: Path, *, channels: int = 40, rated: int = 4) -> Path:
    """A file whose pulse is the video's number, and whose other channels are 99."""
    folder.mkdir(parents=True, exist_ok=True)
    data = np.full((VIDEOS, channels, SAMPLES), 99.0)
    data[:, min(PULSE_ROW, channels - 1)] = np.arange(1, VIDEOS + 1)[:, None] / 10
    labels = np.stack([np.arange(1, VIDEOS + 1) + i for i in range(rated)], axis=1).astype(np.float64)
    savemat(folder / "s01.mat", {"data": data, "labels": labels})
    return folder


@pytest.mark.parametrize("place", ["", "data_preprocessed_matlab"])
def test_each_video_has_its_own_pulse_and_ratings(tmp_path: Path, place: str) -> None:
    made(tmp_path / place)
    data = open_dataset("deap", tmp_path)
    assert (data.signal, data.labels["valence"]) == ("ppg", Rating(1, 9))
    assert data.remarks == ("1 subjects, expected 32",)
    session = data.sessions[0]
    recording = open_recording(session.parts[0].path, session.parts[0].opening)
    assert (recording.info.signal, recording.info.rate) == ("ppg", 128.0)
    items = [each for each in recording.chunks(1) if isinstance(each, Chunk)]
    for i, annotation in enumerate(session.annotations, 1):
        assert annotation.stop - annotation.start == 60.0
        assert annotation.labels == {"valence": i, "arousal": i + 1, "dominance": i + 2, "liking": i + 3}
        own = [x.samples[0, 0] for x in items if annotation.start <= x.start / 128 < annotation.stop]
        assert len(own) == 60 * 128
        assert set(own) == {i / 10}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 32}, r"data has the shape \(4, 32, 8064\), expected \(trials, 40, samples\)"),
        ({"rated": 3}, "labels has 12 values, expected 4 for each of 4 trials"),
    ],
)
def test_another_layout_is_one_line(tmp_path: Path, options: dict[str, int], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        open_recording(made(tmp_path, **options) / "s01.mat", ReadOptions())
    with pytest.raises(DatasetError, match=message):
        load(tmp_path)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "s01.dat").write_bytes(b"cos\nsystem\n(S'exit'\ntR.")
    with pytest.raises(DatasetError, match="only pickles"):
        load(tmp_path)


def test_a_model_of_ecg_refuses_pulse_and_the_other_way_round(tmp_path: Path) -> None:
    ours = load_bundle(DEFAULT_MODEL)
    assert ours.card.signal == "ecg"  # an older bundle states nothing
    data = load(made(tmp_path))
    with pytest.raises(IncompatibleBundle, match=r"deap is pulse \(PPG\), and the model .* was trained on ECG"):
        score_loaded(ours, "ours", data, 0.0, ProgressDisplay(quiet=True))
    pulse = replace(ours.card, signal="ppg")
    with pytest.raises(IncompatibleBundle, match=r"strap is ECG, and the model .* was trained on pulse \(PPG\)"):
        check_signal(pulse, "ecg", "strap")
    check_signal(pulse, "ppg", "clip")


def test_a_cards_signal_is_known_or_refused() -> None:
    with pytest.raises(ValueError, match="signal eeg: neither ecg nor ppg"):
        replace(load_bundle(DEFAULT_MODEL).card, signal="eeg")  # type: ignore[arg-type]
