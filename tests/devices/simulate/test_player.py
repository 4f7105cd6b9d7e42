from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from devices.simulate.player import Player
from ecg_live.errors import RecordingError
from ecg_live.events import Chunk

RECORDING = Path(__file__).parents[3] / "recordings" / "supine_1min.txt"


def test_samples_by_index_again_and_again() -> None:
    player = Player(np.arange(5.0), 10.0)
    assert [float(player.sample(k)[0]) for k in (0, 4, 5, 13)] == [0, 4, 0, 3]
    assert len(player) == 5


@pytest.mark.parametrize(("seconds", "due"), [(-0.1, 0), (0.0, 1), (0.0999, 1), (0.1, 2), (0.3, 4), (1000.0, 10001)])
def test_count(seconds: float, due: int) -> None:
    assert Player(np.arange(5.0), 10.0).count(seconds) == due


def test_recording_sample_for_sample() -> None:
    player = Player.load(RECORDING)
    recording = open_recording(RECORDING, ReadOptions())
    samples = np.concatenate([one.samples for one in recording.chunks(1000) if isinstance(one, Chunk)])
    recording.close()
    np.testing.assert_array_equal(player.samples, samples)
    assert player.rate == recording.info.rate


def test_nothing_to_play() -> None:
    with pytest.raises(RecordingError, match="no sample"):
        Player(np.empty((0, 3)), 10.0)
    with pytest.raises(RecordingError, match="NaN or infinite"):
        Player(np.array([1.0, np.inf]), 10.0)
