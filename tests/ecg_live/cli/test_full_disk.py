"""A disk that somebody fills while the program records onto it: loud, nothing written is lost, the session goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ecg_live.bundled import folder
from ecg_live.recorded.verify import verify
from tests.devices.decoded import decode
from tests.ecg_live.sinks.recordings import ecg, load

ECG = folder() / "supine_1min.txt"
REFUSED = 77
# DISK FILE COMMAND...: a file system that only this script and its children see, of 110 MB, since a recording needs 100
# to begin; 100 kB are headers.
SCRIPT = f"""
disk=$1; file=$2; shift 2
mount -t tmpfs -o size=110m none "$disk" || exit {REFUSED}
"$@" &
until [ "$(stat -c %s "$disk/a.xdf" 2>/dev/null || echo 0)" -gt 250000 ]; do sleep 0.01; done
head -c 200M /dev/zero > "$disk/ballast" 2>/dev/null
wait $!; code=$?
cp "$disk/a.xdf" "$file"
exit $code
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux's unshare to mount a small disk")
def test_a_disk_that_is_filled_while_the_program_records(tmp_path: Path) -> None:
    disk, kept = tmp_path / "disk", tmp_path / "kept.xdf"
    disk.mkdir()
    command = [sys.executable, "-m", "ecg_live", "run", str(ECG), "--headless", "--json", "--speed", "30"]
    private = ["unshare", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", str(disk), str(kept)]
    done = subprocess.run(
        [*private, *command, "--record", str(disk / "a.xdf")], capture_output=True, text=True, timeout=90, check=False
    )
    if done.returncode == REFUSED or "unshare" in done.stderr:
        pytest.skip(f"nothing may be mounted here: {done.stderr.strip()}")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    (failed,) = [k for k, each in enumerate(told) if each.get("state") == "recording_failed"]
    assert "No space left on device" in told[failed]["detail"]
    assert "No space left on device" in done.stderr
    assert done.returncode == 4
    assert (told[-1]["samples"], told[-1]["predictions"]) == (60_000, 51)
    assert sum(each["type"] == "prediction" for each in told[failed:]) > 5
    readable(kept)


def readable(path: Path) -> None:
    """All that was written before is there: by digest, in pyxdf, and for a replay."""
    report = verify(path)
    assert (report.sound, report.closed, report.torn) == (True, False, 0), report.problems
    played = decode(ECG, size=1000).samples
    there = ecg(path)
    assert len(there) > 5000
    np.testing.assert_array_equal(there, played[: len(there)])
    np.testing.assert_array_equal(decode(path, size=1000).samples, there)
    assert len(load(path)["ecg"]["time_stamps"]) == len(there)
