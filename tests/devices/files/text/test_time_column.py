"""The time column of a channel's own device, in tables of several devices."""

from __future__ import annotations

import pytest

from devices.files.text.time_column import own_time_columns


@pytest.mark.parametrize(
    ("names", "column", "own"),
    [
        (["GSR_Timestamp_Unix_CAL", "GSR_Skin_CAL", "ECG1_Timestamp_Unix_CAL", "ECG1_ECG_LL-RA_24BIT_CAL"], 3, [2]),
        (["Shimmer_86A5_Timestamp_Unix_CAL", "Shimmer_9F01_Timestamp_Unix_CAL", "Shimmer_9F01_ECG_LL-RA_CAL"], 2, [1]),
        (["ECG_Timestamp", "ECG_2_Timestamp", "ECG_ECG_LL-RA", "ECG_2_ECG_LL-RA"], 2, [0]),
        (["ECG_Timestamp", "ECG_2_Timestamp", "ECG_ECG_LL-RA", "ECG_2_ECG_LL-RA"], 3, [1]),
        (["time_acc", "acc_x", "time_ecg", "ecg"], 3, [2]),
        (["time (ecg)", "ecg [mV]", "time (acc)", "acc [g]"], 1, [0]),
        (["time", "acc", "time", "ecg"], 3, [2]),
        (["time", "ecg", "time", "acc"], 1, [0]),
        (["ecg", "time"], 0, [1]),
        (["ECG", "time", "unix timestamp"], 0, [1, 2]),
    ],
)
def test_own_times(names: list[str], column: int, own: list[int]) -> None:
    times = [i for i, name in enumerate(names) if "time" in name.casefold()]
    assert own_time_columns(names, times, column) == own
