"""``ecg-live latency``: on its own stream over LSL, with the real window drawn into memory."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pylsl
import pytest

from ecg_live.recorded.session_file import read_contents
from ecg_live.recorded.verify import verify
from tests.support.command_line import ECG, ecg_live

MEASURES = {
    "marker round trip",
    "LSL marker to session",
    "LSL marker, error of its time",
    "LSL clock offset",
    "sample to arrival",
    "arrival to pixel",
    "flash to sample",
}


def test_all_figures_and_the_session_that_holds_them(tmp_path: Path) -> None:
    """The channel of the flash is the ECG: no flash shows in it, or a wave is taken for one, and that is all."""
    arguments = ("--seconds", "3", "--json", "--record", tmp_path / "test.xdf", "--flash", "1")
    done = ecg_live("latency", *arguments, environ={"QT_QPA_PLATFORM": "offscreen"})
    assert done.returncode == 0
    lines = {line["measure"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert set(lines) == MEASURES
    for measure in MEASURES - {"flash to sample"}:
        assert lines[measure]["n"] > 0, measure
        assert 0 <= lines[measure]["median"] <= lines[measure]["p95"] <= lines[measure]["max"] < 60
    assert lines["arrival to pixel"]["n"] > 256  # display samples of a second
    assert lines["LSL marker, error of its time"]["median"] < 0.1
    assert "flashes show in 1" in lines["flash to sample"]["note"]
    assert verify(tmp_path / "test.xdf").sound
    contents = read_contents(tmp_path / "test.xdf")
    assert contents is not None
    events = [event["detail"] for _, event in contents.events() if event.get("state") == "latency"]
    assert {text.split(":")[0].removeprefix("latency of ") for text in events} == MEASURES
    markers = contents.text_streams["markers"].values
    assert sum(text.startswith("latency test by LSL") for (text,) in markers) >= lines["LSL marker to session"]["n"]


@pytest.mark.parametrize(
    ("arguments", "code", "problem", "remedy"),
    [
        ((ECG,), 2, "the latency of a file", "name a live source"),
        (("lsl:nobody there",), 3, "nobody there", "what to do"),
        (("--flash", "1", "--tap", "1"), 2, "--flash beside --tap", "one after the other"),
        (("--flash", "photo", "--headless"), 2, "the stream has no channel 'photo'", "it has "),
    ],
)
def test_what_cannot_be_measured(arguments: tuple[object, ...], code: int, problem: str, remedy: str) -> None:
    done = ecg_live("latency", *arguments)
    assert done.returncode == code
    assert problem in done.stderr
    assert remedy in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_who_ends_it_before_the_first_sample_is_not_told_of_a_time_that_was_up() -> None:
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("silent 4711", "ECG", 1, 130.0, pylsl.cf_float32, "silent 4711"))
    command = [sys.executable, "-m", "ecg_live", "latency", "lsl:silent 4711", "--unit", "mV", "--headless"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert outlet.wait_for_consumers(60)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "no sample" not in complaint
