"""What the latency test says of the edges that it found."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.cli.latency_test import _column, _edge_note
from ecg_live.errors import ConfigError
from ecg_live.events import StreamInfo


def test_edges_of_one_delay_and_edges_that_scatter() -> None:
    close, apart = np.array([0.05, 0.06, np.nan, 0.07]), np.array([0.02, 0.3, 0.55, 0.4])
    assert _edge_note(close, "flashes", "AUX") == "3 of 4 flashes show in AUX"
    assert _edge_note(apart, "keys", "ECG") == "4 of 4 keys show in ECG, but scatter: is the sensor in that channel?"
    assert _edge_note(np.array([np.nan]), "keys", "ECG") == "0 of 1 keys show in ECG"


def test_a_channel_by_name_or_number() -> None:
    info = StreamInfo(500.0, ("ECG", "Photo", "3"))
    assert [_column(info, wanted) for wanted in ("photo", "1", "3")] == [1, 0, 2]
    with pytest.raises(ConfigError, match="no channel 'AUX'") as caught:
        _column(info, "AUX")
    assert "ECG, Photo, 3" in str(caught.value.remedy)
