"""What a user names to a radio device; nothing is connected here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from devices.bitalino import BitalinoDriver
from devices.bluetooth.ble import BleTransport
from devices.bluetooth.heart_rate import HeartRateDriver
from devices.bluetooth.movesense import MovesenseDriver
from devices.bluetooth.polar import PolarDriver
from devices.device_source import DeviceSource
from devices.read_options import ReadOptions
from devices.serial_link import SerialTransport
from devices.shimmer import ShimmerDriver
from devices.uri import open_source
from ecg_live.errors import ConfigError


def opened(uri: str, opening: ReadOptions | None = None) -> DeviceSource:
    source = open_source(uri, opening or ReadOptions())
    assert isinstance(source, DeviceSource)
    return source


@pytest.mark.parametrize(
    ("uri", "driver", "transport", "heading"),
    [
        ("polar:", PolarDriver, BleTransport, "Polar H10"),
        ("polar:12345678", PolarDriver, BleTransport, "Polar 12345678"),
        ("POLAR:name=Polar H10 1", PolarDriver, BleTransport, "Polar H10 1"),
        ("movesense:", MovesenseDriver, BleTransport, "Movesense"),
        ("movesense:174430000123,rate=512", MovesenseDriver, BleTransport, "Movesense 174430000123"),
        ("hr:AA:BB:CC:DD:EE:FF", HeartRateDriver, BleTransport, "heart-rate strap AA:BB:CC:DD:EE:FF"),
        ("hr:", HeartRateDriver, BleTransport, "heart-rate strap"),
        ("shimmer:", ShimmerDriver, BleTransport, "Shimmer"),
        ("shimmer:address=00:06:66:12:34:56,rate=256", ShimmerDriver, BleTransport, "Shimmer 00:06:66:12:34:56"),
        ("shimmer:/dev/rfcomm0", ShimmerDriver, SerialTransport, "Shimmer /dev/rfcomm0"),
        ("shimmer:COM3,gain=6", ShimmerDriver, SerialTransport, "Shimmer COM3"),
        ("bitalino:/dev/rfcomm0,rate=100", BitalinoDriver, SerialTransport, "BITalino /dev/rfcomm0"),
        ("bitalino:COM5", BitalinoDriver, SerialTransport, "BITalino COM5"),
    ],
)
def test_which_device_over_what(uri: str, driver: type, transport: type, heading: str) -> None:
    source = opened(uri)
    assert isinstance(source._driver, driver)
    assert isinstance(source._supervisor._transport, transport)
    assert source._driver.description == heading


@pytest.mark.parametrize(
    ("uri", "rate"), [("polar:1234,acc", 50), ("polar:acc", 50), ("polar:acc=200", 200), ("polar:name=1, acc=25", 25)]
)
def test_acceleration_of_a_polar(uri: str, rate: float) -> None:
    (stream,) = opened(uri).info.auxiliary
    assert (stream.kind, stream.rate) == ("Accelerometer", rate)
    assert stream.channels == (("X", "mg"), ("Y", "mg"), ("Z", "mg"))
    assert not opened("polar:1234").info.auxiliary


def test_settings_of_a_shimmer() -> None:
    info = opened("shimmer:7A21, rate=256 ,gain=6,lead=Vx-RL,bits=16").info
    assert (info.rate, info.channels[info.ecg]) == (256.0, "Vx-RL")
    assert info.full_scale is not None
    assert info.full_scale[0] == pytest.approx(-2420 / 12, rel=1e-3)
    info = opened("shimmer:7A21", ReadOptions(rate=128, channel="LA-RA")).info
    assert (info.rate, info.channels[info.ecg]) == (128.0, "LA-RA")


def test_rate_of_a_movesense() -> None:
    assert opened("movesense:").info.rate == 256.0
    assert opened("movesense:0123,rate=500").info.rate == 500.0
    assert opened("movesense:", ReadOptions(rate=125)).info.rate == 125.0
    with pytest.raises(ConfigError, match="has one channel"):
        opened("movesense:", ReadOptions(channel="ECG"))


def test_settings_of_a_bitalino() -> None:
    info = opened("bitalino:COM5,rate=100,channels=A1+A3,ecg=A3").info
    assert (info.rate, info.channels) == (100.0, ("A3",))
    assert [channel for channel, _ in info.auxiliary[0].channels] == ["A1"]
    info = opened("bitalino:COM5", ReadOptions(rate=10, channel="A4")).info
    assert (info.rate, info.channels, info.auxiliary) == (10.0, ("A4",), ())
    assert opened("bitalino:COM5").info.full_scale == pytest.approx((-1.5, 1.497), abs=1e-3)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("bitalino:", "bitalino: names no serial port"),
        ("bitalino:BITalino-12-34", "bitalino:BITalino-12-34 names no serial port"),
        ("bitalino:COM5,gain=4", "expected NAME or one of name, rate, channels, ecg"),
        ("bitalino:COM5,rate=250", "a rate of 250 Hz; a BITalino has 10, 100, 1000"),
        ("bitalino:COM5,channels=A9", "no channel 'A9'"),
        ("shimmer:x,speed=3", "no setting 'speed=3', expected NAME or one of name, address, rate, gain, lead, bits"),
        ("shimmer:x,7", "no setting '7'"),
        ("polar:x,rate=130", "expected NAME or one of name, address, acc"),
        ("polar:x,acc=60", "acceleration at 60 Hz; a Polar H10 has 25, 50, 100, 200 Hz"),
        ("polar:x,acc=fast", "acc=fast is not a number"),
        ("polar:x,acc=", "acc is empty"),
        ("polar:x,acc,acc", "acc is given a second time"),
        ("hr:x,acc", "no setting 'acc'"),
        ("movesense:x,gain=4", "expected NAME or one of name, address, rate"),
        ("movesense:x,rate=130", "a rate of 130 Hz; a Movesense has 125, 128, 200"),
        ("movesense:x,rate=nan", "a rate of nan Hz"),
        ("shimmer:x,rate=fast", "rate=fast is not a number"),
        ("shimmer:x,gain=4.5", "gain=4.5 is not a whole number"),
        ("shimmer:x,bits=nan", "bits=nan is not a whole number"),
        ("shimmer:x,bits=1e99", "bits=1e99 is not a whole number"),
        ("shimmer:x,rate=nan", "rate of nan"),
        ("shimmer:x,gain=5", "gain of 5"),
        ("shimmer:x,lead=V9", "no lead 'V9'"),
        ("shimmer:x,rate=256,rate=512", "rate is given a second time"),
        ("hr:x,address=y", "address is given a second time"),
        ("shimmer:,rate=256", "name is empty"),
        ("polar:name=", "name is empty"),
    ],
)
def test_what_cannot_be_set_is_reported(uri: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_source(uri, ReadOptions())
    assert message in error.value.message
    assert error.value.remedy


@pytest.mark.parametrize(
    ("opening", "message"),
    [
        (ReadOptions(speed=2), "at speed 2"),
        (ReadOptions(unit="mV"), "knows its unit"),
        (ReadOptions(rate=250), "one channel"),
    ],
)
def test_options_of_recordings_are_refused(opening: ReadOptions, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_source("polar:", opening)


def test_files_load_no_bluetooth() -> None:
    code = "import sys, devices; print([name for name in sys.modules if name.split('.')[0] in ('bleak', 'serial')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
