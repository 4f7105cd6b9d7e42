"""Units of voltage, in the spellings of makers, exports and wrong encodings."""

from __future__ import annotations

import pytest

from devices.files import channels, units
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError

_MICRO = (
    "uV", "UV", "uv", "\u00b5V", "\u03bcV", "\u039cV", "\u33b6", "uVolt", "uVolts", "\u00b5Volt", "microvolt",
    "Microvolts", "microV", "micro V", "micro-volts", "mcV", " uV ", "[uV]", "(\u00b5V)", "uV\0\0", "uV.",
    "\u00c2\u00b5V", "\u00ce\u00bcV", "\u00e6V", "\ufffdV", "\ufffd\ufffdV",
)  # fmt: skip


@pytest.mark.parametrize("text", _MICRO)
def test_microvolts_in_every_spelling(text: str) -> None:
    assert units.to_millivolts(text) == 1e-3
    assert channels.millivolt_factor(text, ReadOptions(), "here") == 1e-3
    assert channels.millivolt_factor("V", ReadOptions(unit=text), "here") == 1e-3  # what the user writes goes before


@pytest.mark.parametrize(
    ("text", "factor"),
    [("V", 1e3), ("volts", 1e3), ("mV", 1.0), ("MV", 1.0), ("milliVolts", 1.0), ("m Volt", 1.0), ("nV", 1e-6)],
)
def test_other_units_of_voltage(text: str, factor: float) -> None:
    assert units.to_millivolts(text) == factor


@pytest.mark.parametrize("text", [".V", "?V", "bpm", "adu", "ohm", "uS", "counts", "mmHg", "kV", "V/m", "mVs", "1"])
def test_what_is_no_unit_of_voltage_is_asked_for(text: str) -> None:
    assert units.to_millivolts(text) is None
    with pytest.raises(ConfigError, match="--unit"):
        channels.millivolt_factor(text, ReadOptions(), "here")


@pytest.mark.parametrize("text", ["", "  ", "none", "N/A", "unknown", "no_units", "-", "\0"])
def test_a_field_that_says_nothing_means_millivolts(text: str) -> None:
    assert units.is_unit_missing(text)
    assert channels.millivolt_factor(text, ReadOptions(), "here") == 1.0


@pytest.mark.parametrize("raw", ["\u00b5V".encode(), "\u00b5V".encode("latin-1"), "\u03bcV".encode()])
def test_header_fields_of_unstated_encoding(raw: bytes) -> None:
    assert units.to_millivolts(units.decode_text(raw)) == 1e-3


@pytest.mark.parametrize(
    ("name", "unit"),
    [("ECG (mV)", "mV"), ("ECG [\u00b5V]", "\u00b5V"), ("ecg_uv", "uv"), ("ECG uV", "uV"),
     ("ECG, millivolts", "millivolts"),
     ("ECG(microvolts) ", "microvolts"), ("ecg", ""), ("ecg_v", "v"), ("V", ""),
     ("lead V", ""), ("ECGmV", "mV"), ("ECG \ufffdV", "\ufffdV")],
)  # fmt: skip
def test_the_unit_in_a_column_name(name: str, unit: str) -> None:
    assert units.unit_in_name(name) == unit
