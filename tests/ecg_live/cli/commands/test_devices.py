"""What is in reach, as a table and as JSON; the streams are real, a radio there is none."""

from __future__ import annotations

import json
import os

import pylsl
import pytest

from devices.discovery import _identify, _serial_source
from devices.link import FoundDevice
from ecg_live.cli.commands.devices import show_devices
from ecg_live.cli.commands.doctor import DEVICE_CHECKS
from ecg_live.errors import ConfigError
from tests.emulators.lsl_outlets import alone
from tests.support.warm_program import run_warm


def test_streams_with_the_source_that_means_them(capsys: pytest.CaptureFixture[str]) -> None:
    signal = pylsl.StreamOutlet(pylsl.StreamInfo("[bold] ECG", "ECG", 2, 500.0, pylsl.cf_float32, "x1"))
    marks = pylsl.StreamOutlet(pylsl.StreamInfo("Task", "Markers", 1, 0.0, pylsl.cf_string, "x2"))
    show_devices("0.7", as_json=True)
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)["lsl"]}
    assert found["[bold] ECG"]["uid"] == signal.get_info().uid()
    assert {key: found["[bold] ECG"][key] for key in ("source", "type", "channels", "rate", "source_id")} == {
        "source": "lsl:[bold] ECG",
        "type": "ECG",
        "channels": 2,
        "rate": 500.0,
        "source_id": "x1",
    }
    assert found["Task"]["source"] == ""  # markers are no ECG
    assert found["Task"]["uid"] == marks.get_info().uid()
    show_devices("0.7", as_json=False)
    assert "lsl:[bold]" in capsys.readouterr().out


def test_nothing_in_reach_says_what_to_do() -> None:
    done = run_warm("devices", "--seconds", "0.3", "--json", env=os.environ | {"LSLAPICFG": alone()})
    assert done.returncode == 0
    printed = json.loads(done.stdout)
    assert printed["lsl"] == []
    assert any("UDP port 16571" in note for note in printed["notes"])
    assert printed["bluetooth"] or any("Bluetooth" in note for note in printed["notes"])


def test_a_time_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="--seconds"):
        show_devices("soon", as_json=True)


@pytest.mark.parametrize(
    ("name", "services", "source"),
    [
        ("Shimmer3R-7A21-BLE", ("65333333-a115-11e2-9e9a-0800200ca100",), "shimmer:Shimmer3R-7A21-BLE"),
        ("Polar H10 12345678", ("0000180d-0000-1000-8000-00805f9b34fb",), "polar:Polar H10 12345678"),
        ("Movesense 174430000123", ("0000180d-0000-1000-8000-00805f9b34fb",), "movesense:Movesense 174430000123"),
        ("TICKR", ("0000180d-0000-1000-8000-00805f9b34fb",), "hr:TICKR"),
        ("a,b", ("0000180d-0000-1000-8000-00805f9b34fb",), "hr:AA:BB"),
        ("Lamp", (), ""),
    ],
)
def test_known_devices_by_radio(name: str, services: tuple[str, ...], source: str) -> None:
    assert _identify(FoundDevice(name, "AA:BB", services, -60), name_is_unique=True).source == source


@pytest.mark.parametrize(
    ("port", "description", "source"),
    [
        ("/dev/rfcomm0", "n/a", "shimmer:/dev/rfcomm0"),
        ("/dev/cu.BITalino-12-34-DevB", "n/a", "bitalino:/dev/cu.BITalino-12-34-DevB"),
        ("COM5", "BITalino-12-34 (COM5)", "bitalino:COM5"),
    ],
)
def test_serial_ports_by_their_name(port: str, description: str, source: str) -> None:
    assert _serial_source(port, description) == source


def test_two_devices_of_one_name_go_by_address() -> None:
    assert _identify(FoundDevice("Shimmer3-7A21", "AA:BB"), name_is_unique=False).source == "shimmer:AA:BB"


def test_the_doctor_finds_a_stream_of_this_machine() -> None:
    assert "is found" in DEVICE_CHECKS["LSL"]()
