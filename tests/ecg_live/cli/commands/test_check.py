"""``ecg-live check``: exit code, lines and JSON, on files and streams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecg_live.preview_items import FaultKind
from tests.emulators.lsl_outlets import outlet
from tests.support.check_signals import MADE_FAULTS, RATE, clean_ecg
from tests.support.command_line import ECG, ecg_live, write_csv
from tests.support.lsl_streams import name


def test_a_good_recording_is_a_go_after_ten_seconds() -> None:
    done = ecg_live("check", ECG)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["1", "s", "1", "of", "10", "s", "of", "good", "signal"]
    assert lines[-1] == "GO: 10 s of good signal"


def test_json_has_each_second_and_the_verdict_last() -> None:
    done = ecg_live("check", ECG, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["type"] for line in lines] == ["check"] * 10 + ["verdict"]
    assert (lines[-1]["go"], lines[-1]["faults"]) == (True, [])
    assert lines[-1]["heart_rate"] == pytest.approx(62, abs=3)


@pytest.mark.parametrize("kind", ["hum", "inverted", "small"])
def test_a_fault_is_a_no_go_with_what_to_do(tmp_path: Path, kind: FaultKind) -> None:
    path = write_csv(tmp_path / "ecg.csv", MADE_FAULTS[kind](clean_ecg(15), RATE).round(5))
    done = ecg_live("check", path, "--unit", "mV")
    assert done.returncode == 1
    assert "NO-GO: 0 of 10 s of good signal" in done.stdout
    assert "Traceback" not in done.stderr
    lines = [json.loads(line) for line in ecg_live("check", path, "--unit", "mV", "--json").stdout.splitlines()]
    (fault,) = lines[-1]["faults"]
    assert fault["kind"] == kind
    assert fault["text"] in done.stderr
    assert fault["remedy"] in done.stderr


def test_a_file_that_ends_before_ten_seconds_is_a_no_go(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "short.csv", clean_ecg(5.5).round(5))
    done = ecg_live("check", path, "--unit", "mV")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "NO-GO: 5 of 10 s of good signal"


def test_a_stream_that_is_no_ecg_is_given_up_after_the_time() -> None:
    stream = name()
    with outlet("--name", stream):  # a ramp of microvolts
        done = ecg_live("check", f"lsl:{stream}", "--seconds", "2", "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 1
    assert not last["go"]


def test_what_cannot_be_opened_has_its_own_code() -> None:
    assert ecg_live("check", "nowhere.csv").returncode == 4
    assert ecg_live("check", "radio:x").returncode == 2
