"""liblsl is quiet unless its user wants otherwise, one line says when it does not load; its clock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pylsl
import pytest

from ecg_live.lsl_library import clock_offset

PROGRAM = """
import ecg_live.lsl_library, pylsl
made = pylsl.StreamOutlet(pylsl.StreamInfo("n", "ECG", 1, 100.0, pylsl.cf_float32, "n"))
print("made", made.get_info().name())
"""


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program with no configuration of LSL but what is given; home is another folder."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("LSLAPICFG", "PYLSL_LIB")}
    path = os.pathsep.join(one or str(Path.cwd()) for one in sys.path)
    environment = {"HOME": str(folder / "home"), "PYTHONPATH": path, **environment}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=inherited | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_without_a_configuration_it_says_nothing(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.stdout, done.stderr) == ("made n\n", "")


@pytest.mark.parametrize("place", ["lsl_api.cfg", "home/lsl_api/lsl_api.cfg", "named"])
def test_the_users_own_configuration_counts(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("[log]\nlevel = 0\n")
    done = run(tmp_path, **({"LSLAPICFG": str(file)} if place == "named" else {}))
    assert done.stdout == "made n\n"
    assert "INFO" in done.stderr


def test_a_library_that_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "lib.so").write_text("no library")
    done = run(tmp_path, PYLSL_LIB=str(tmp_path / "lib.so"))
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ecg_live.errors.DeviceError: LSL's library does not load: ")
    assert "PYLSL_LIB name a liblsl that loads" in last


def test_it_is_how_far_the_session_clock_is_ahead() -> None:
    assert clock_offset(lambda: pylsl.local_clock() + 500.0) == pytest.approx(500.0, abs=0.01)
    assert clock_offset(lambda: pylsl.local_clock() - 500.0) == pytest.approx(-500.0, abs=0.01)


def test_the_quickest_reading_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pylsl, "local_clock", lambda: 0.0)
    readings: Iterator[float] = iter([1.0, 3.0, 10.0, 10.2, 2.0, 4.0, 5.0, 9.0, 0.0, 1.0])
    assert clock_offset(lambda: next(readings)) == pytest.approx(10.1)
