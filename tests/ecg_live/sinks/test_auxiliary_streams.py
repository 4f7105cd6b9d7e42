"""Streams that are recorded beside the ECG: pyxdf reads each sample with its time, and the ECG stays as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyxdf

from ecg_live.events import AuxiliarySamples, AuxiliaryStream
from ecg_live.recorded.verify import verify
from ecg_live.results import Item
from tests.support.xdf_recordings import BEGAN, INFO, counted, record

EDA = AuxiliaryStream("EDA left", "EDA", (("EDA", "microsiemens"), ("temperature", "celsius")), 32.0, source_id="E4")
RATINGS = AuxiliaryStream("ratings", "Rating", (("valence", ""),))
NOTES = AuxiliaryStream("notes", "Notes", (("who", ""), ("text", "")), text=True)


def _auxiliary(count: int) -> list[Item]:
    index = np.arange(count, dtype=np.float64)
    numbers = np.stack((index, -index), axis=1)
    stamps = BEGAN + index / EDA.rate
    irregular = BEGAN + np.cumsum(0.1 + 0.01 * index)
    chunks = [AuxiliarySamples(EDA, stamps[k : k + 8], numbers[k : k + 8]) for k in range(0, count, 8)]
    texts = (("A", "Grüße"), ("B", "<b>"), ("", ""))
    return [
        *chunks,
        AuxiliarySamples(RATINGS, irregular, index[:, None]),
        AuxiliarySamples(NOTES, BEGAN + np.array([0.5, 0.75, 2.0]), texts),
    ]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """ECG of 3,000 samples in chunks of 20, with the samples of other streams between."""
    ecg, others = list(counted(0, 3000)), _auxiliary(64)
    mixed: list[Item] = []
    for k, chunk in enumerate(ecg):
        mixed += [chunk, *others[k : k + 1]]
    path = tmp_path / "also.xdf"
    record(path, mixed, replace(INFO, auxiliary=(EDA, RATINGS, NOTES)))
    return path


def test_all_samples_with_their_times(recording: Path) -> None:
    streams = {
        stream["info"]["name"][0]: stream for stream in pyxdf.load_xdf(str(recording), dejitter_timestamps=False)[0]
    }
    index = np.arange(64.0)
    eda, ratings, notes = streams["EDA left"], streams["ratings"], streams["notes"]
    assert np.array_equal(eda["time_series"], np.stack((index, -index), axis=1))
    assert eda["time_stamps"] == pytest.approx(BEGAN + index / 32)
    assert ratings["time_stamps"] == pytest.approx(BEGAN + np.cumsum(0.1 + 0.01 * index))
    assert notes["time_series"] == [["A", "Grüße"], ["B", "<b>"], ["", ""]]
    assert notes["time_stamps"] == pytest.approx(BEGAN + np.array([0.5, 0.75, 2.0]))
    assert np.array_equal(streams["Made up"]["time_series"][:, 0], np.arange(3000.0))


def test_headers_say_what_the_streams_are(recording: Path) -> None:
    streams = {stream["info"]["name"][0]: stream["info"] for stream in pyxdf.load_xdf(str(recording))[0]}
    channels = streams["EDA left"]["desc"][0]["channels"][0]["channel"]
    assert [(channel["label"][0], channel["unit"][0]) for channel in channels] == list(EDA.channels)
    assert streams["EDA left"]["source_id"] == ["E4"]
    assert streams["EDA left"]["type"] == ["EDA"]
    assert float(streams["EDA left"]["nominal_srate"][0]) == 32.0
    assert streams["notes"]["channel_format"] == ["string"]
    assert float(streams["ratings"]["nominal_srate"][0]) == 0.0


def test_verify_finds_the_recording_sound(recording: Path) -> None:
    assert verify(recording).sound
