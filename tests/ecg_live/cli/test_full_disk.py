"""A disk that somebody fills while the program records onto it: nothing is lost, and the session goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_live.participant_profile import DATA_FOLDER_VARIABLE
from ecg_live.recorded.verify import verify
from ecg_live.resources import recordings_folder
from tests.support.decoding import decode
from tests.support.xdf_recordings import ecg, load

ECG = recordings_folder() / "supine_1min.txt"
REFUSED = 77
needs_unshare = pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare to mount a small disk")
# DISK KEPT ROOM COMMAND...: a file system that only this script and its children see, of 110 MB, since a recording
# needs 100 to begin; 100 kB are headers. ROOM is "again" if there is some later.
SCRIPT = f"""
disk=$1; kept=$2; room=$3; shift 3
mount -t tmpfs -o size=110m none "$disk" || exit {REFUSED}
"$@" &
until [ "$(stat -c %s "$disk/a.xdf" 2>/dev/null || echo 0)" -gt 250000 ]; do sleep 0.01; done
head -c 200M /dev/zero > "$disk/ballast" 2>/dev/null
if [ "$room" = again ]; then sleep 1; rm "$disk/ballast"; fi
wait $!; code=$?
cp "$disk"/*.xdf "$kept"
exit $code
"""


def recorded(tmp_path: Path, room: str, data: Path) -> tuple[list[dict[str, Any]], str, int]:
    """Record a replay of a few seconds onto a disk that is filled meanwhile; what was told, and the exit code."""
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    speed = "12" if room == "again" else "30"  # a minute of signal must outlast the second without room
    command = [sys.executable, "-m", "ecg_live", "run", str(ECG), "--headless", "--json", "--speed", speed]
    private = ["unshare", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", str(disk), str(kept), room]
    done = subprocess.run(
        [*private, *command, "--record", str(disk / "a.xdf")],
        capture_output=True, text=True, timeout=90, check=False, cwd=tmp_path,
        env=os.environ | {DATA_FOLDER_VARIABLE: str(data)},
    )  # fmt: skip
    if done.returncode == REFUSED or "unshare" in done.stderr:
        pytest.skip(f"nothing may be mounted here: {done.stderr.strip()}")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert (told[-1]["samples"], told[-1]["predictions"]) == (60_000, 51)
    return told, done.stderr, done.returncode


@needs_unshare
def test_a_disk_that_is_full_for_a_while_costs_nothing(tmp_path: Path) -> None:
    told, said, code = recorded(tmp_path, "again", tmp_path / "data")
    warned = [each["detail"] for each in told if each.get("state") == "warning"]
    assert any("a.xdf cannot be written: No space left on device; what comes is kept" in each for each in warned)
    assert ("goes on" in said, code) == (False, 0)
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["a.xdf"]
    readable(tmp_path / "kept" / "a.xdf", closed=True)
    np.testing.assert_array_equal(ecg(tmp_path / "kept" / "a.xdf"), decode(ECG, size=1000).samples)


@needs_unshare
def test_a_disk_that_stays_full_is_left_for_another(tmp_path: Path) -> None:
    _, said, code = recorded(tmp_path, "never", tmp_path / "data")
    new = tmp_path / "data" / "recordings" / "a_2.xdf"
    assert f"the recording goes on in {new}" in said
    assert code == 0
    readable(tmp_path / "kept" / "a.xdf", closed=False)
    parts = [ecg(tmp_path / "kept" / "a.xdf"), ecg(new)]
    np.testing.assert_array_equal(np.concatenate(parts), decode(ECG, size=1000).samples)
    assert verify(new).closed


@needs_unshare
def test_without_any_disk_the_recording_fails_and_the_session_goes_on(tmp_path: Path) -> None:
    told, said, code = recorded(tmp_path, "never", tmp_path / "disk" / "data")
    assert "No space left on device" in said
    assert code == 4
    failed = next(k for k, each in enumerate(told) if "cannot be written" in each.get("detail", ""))
    assert sum(each["type"] == "prediction" for each in told[failed:]) > 5
    readable(tmp_path / "kept" / "a.xdf", closed=False)


def readable(path: Path, *, closed: bool) -> None:
    """All that was written before is there: by digest, in pyxdf, and for a replay."""
    report = verify(path)
    assert (report.sound, report.closed, report.torn_bytes) == (True, closed, 0), report.problems
    played = decode(ECG, size=1000).samples
    there = ecg(path)
    assert len(there) > 5000
    np.testing.assert_array_equal(there, played[: len(there)])
    np.testing.assert_array_equal(decode(path, size=1000).samples, there)
    assert len(load(path)["ecg"]["time_stamps"]) == len(there)
