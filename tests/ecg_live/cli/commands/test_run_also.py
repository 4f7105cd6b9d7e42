"""``run --also``: further live streams beside the ECG, in the same file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pylsl
import pytest
import pyxdf

from ecg_live.recorded.verify import verify
from tests.emulators.lsl_outlets import outlet
from tests.support.command_line import ECG, ecg_live
from tests.support.lsl_streams import name


def test_two_streams_are_in_the_file_and_only_the_ecg_is_judged(tmp_path: Path) -> None:
    ecg, eda, path = name(), name(), tmp_path / "s.xdf"
    origin = str(pylsl.local_clock() - 1)
    with (
        outlet("--name", ecg, "--origin", origin),
        outlet("--name", eda, "--rate", "32", "--channels", "2", "--unit", "microsiemens", "--origin", origin),
    ):
        done = ecg_live("run", f"lsl:{ecg}", "--also", f"lsl:{eda}", "--headless", "--json",
                        "--seconds", "4", "--record", str(path))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert verify(path).sound
    streams = {stream["info"]["name"][0]: stream for stream in pyxdf.load_xdf(str(path), dejitter_timestamps=False)[0]}
    taken = streams[eda]
    index = taken["time_series"][:, 0]
    assert len(index) > 64
    assert np.array_equal(index, index[0] + np.arange(len(index)))
    origins = [
        np.median(streams[each]["time_stamps"] - streams[each]["time_series"][:, 0] / rate)
        for each, rate in ((ecg, 256), (eda, 32))
    ]
    assert origins[0] == pytest.approx(origins[1], abs=0.01)  # on one clock
    assert '"type": "summary"' in done.stdout.splitlines()[-1]


def test_a_missing_stream_ends_the_session_before_it_begins(tmp_path: Path) -> None:
    path, ecg = tmp_path / "s.xdf", name()
    with outlet("--name", ecg):
        done = ecg_live("run", f"lsl:{ecg}", "--also", "lsl:nowhere", "--headless", "--json", "--record", str(path))
    assert done.returncode == 3
    assert "'nowhere'" in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("also", ["lsl:other", str(ECG)])
def test_beside_a_file_or_as_a_file_it_is_refused(also: str) -> None:
    other = name()
    with outlet("--name", other):
        done = ecg_live("run", ECG, "--also", also.replace("other", other), "--headless")
    assert done.returncode == 2
    assert "--also" in done.stderr
    assert "Traceback" not in done.stderr
