"""OpenSignals text, each quirk of real files. Files are written here line by line, by code of the tests' own."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError, TruncatedError
from tests.support.decoding import decode, decode_until_error
from tests.support.files.opensignals_text_files import PLUX, counted, write

BITALINO = PLUX | {
    "column": ["nSeq", "I1", "I2", "O1", "O2", "A2"], "channels": [2], "firmware version": "5.1", "device": "bitalino",
    "label": ["A2"], "resolution": [4, 1, 1, 1, 1, 10],
}  # fmt: skip


def raw(samples: np.ndarray[Any, np.dtype[np.float64]], bits: int = 16, span: float = 3.0) -> list[int]:
    return [round(v) for v in (samples / span + 0.5) * 2**bits]


@pytest.mark.parametrize("end", ["\t\n", "\n", "\r\n", "\t\r\n"])
@pytest.mark.parametrize("first", ["# OpenSignals Text File Format", "# OpenSignals Text File Format. Version 1"])
def test_rows_end_in_a_tab_or_not(tmp_path: Path, end: str, first: str) -> None:
    got = decode(write(tmp_path / "a.txt", counted(range(30000, 30500)), end=end, first=first))
    assert raw(got.samples) == list(range(500))
    assert (got.info.rate, got.info.channels, got.gaps) == (1000, ("CH1",), [])


def test_plux_counts_to_millivolts_with_either_gain(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", [(0, 0, 0), (1, 0, 32768), (2, 0, 65535)])
    got = decode(path)
    np.testing.assert_allclose(got.samples, [-1.5, 0, 3 * (65535 / 65536 - 0.5)], rtol=1e-12)
    assert got.info.full_scale == (got.samples[0], got.samples[2])
    np.testing.assert_allclose(decode(path, ReadOptions(gain=1019)).samples, got.samples / 1.019, rtol=1e-12)
    with pytest.raises(ConfigError, match="gain"):
        open_recording(path, ReadOptions(gain=0))


def test_sequence_wraps_and_jumps_are_lost_data(tmp_path: Path) -> None:
    numbers = [*range(65500, 65536), *range(10), *range(15, 30)]
    got = decode(write(tmp_path / "a.txt", counted(numbers)))
    assert got.gaps == [(46, 5)]
    assert got.counter == [*range(46), *range(51, 66)]
    assert raw(got.samples) == list(range(61))


def test_loss_across_the_wrap(tmp_path: Path) -> None:
    assert decode(write(tmp_path / "a.txt", counted([65533, 65534, 2, 3]))).gaps == [(2, 3)]


def test_a_counter_of_15_bits(tmp_path: Path) -> None:
    lost = [n % 32768 for n in range(32000, 99000) if not 32750 <= n < 32850]  # across the first wrap
    assert decode(write(tmp_path / "a.txt", counted(lost))).gaps == [(750, 100)]


def test_a_file_that_counts_on_beyond_16_bits(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.txt", counted([*range(65530, 65600), *range(65700, 65710)])))
    assert got.gaps == [(70, 100)]


def test_repeated_rows_are_dropped_and_reported(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.txt", counted([0, 1, 2, 3, 3, 2, 3, 4, 5])))
    assert raw(got.samples) == [0, 1, 2, 3, 7, 8]
    assert got.gaps == []
    assert len(got.warnings) == 1
    assert "3 repeated samples" in got.warnings[0]


def test_a_counter_that_starts_again_ends_the_segment(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.txt", counted([*range(5000), *range(100)])))
    assert len(got.samples) == 5100
    ((start, lost),) = got.gaps
    assert start == 5000
    assert lost == 41  # 41 ms at 1000 Hz: the shortest that is not bridged


def test_bitalino_wraps_at_16_and_has_its_own_gain(tmp_path: Path) -> None:
    numbers = [n % 16 for n in range(100) if n not in (40, 41)]
    rows = [(n, 1, 1, 0, 0, 512 if i else 0) for i, n in enumerate(numbers)]
    got = decode(write(tmp_path / "a.txt", rows, BITALINO))
    assert got.gaps == [(40, 2)]
    np.testing.assert_allclose(got.samples, [-1.5, *[0.0] * 97], atol=1e-12)
    assert decode(tmp_path / "a.txt", ReadOptions(gain=1019)).samples[0] == got.samples[0]


@pytest.mark.parametrize("stated", [12, [12], "12", [12, 12]])
def test_one_resolution_for_all_channels(tmp_path: Path, stated: object) -> None:
    header = PLUX | {"resolution": stated, "sensor": ["EMG", "ECG"], "label": ["CH1", "CH2"], "channels": [1, 2],
                     "column": ["nSeq", "CH1", "CH2"]}  # fmt: skip
    got = decode(write(tmp_path / "a.txt", [(0, 0, 2048), (1, 0, 4095)], header))
    np.testing.assert_allclose(got.samples, [0, 3 * (4095 / 4096 - 0.5)], atol=1e-12)
    assert got.warnings == []


def test_columns_that_are_not_named(tmp_path: Path) -> None:
    header = {key: value for key, value in PLUX.items() if key != "column"}
    for between in ((), (0,)):  # without and with a digital input
        got = decode(write(tmp_path / "a.txt", [(i, *between, 32768 + i) for i in range(9)], header))
        assert raw(got.samples) == list(range(32768, 32777))
    header = {key: value for key, value in BITALINO.items() if key != "column"}
    got = decode(write(tmp_path / "a.txt", [(i, 0, 0, 0, 0, 512) for i in range(9)], header))
    np.testing.assert_allclose(got.samples, 0, atol=1e-12)


def test_bitalino_slow_channels_have_six_bits(tmp_path: Path) -> None:
    header = BITALINO | {
        "sensor": ["EMG", "ECG"], "label": ["A1", "A6"], "column": ["nSeq", "I1", "I2", "O1", "O2", "A1", "A6"],
        "resolution": [4, 1, 1, 1, 1, 10, 6], "channels": [1, 6],
    }  # fmt: skip
    got = decode(write(tmp_path / "a.txt", [(0, 0, 0, 0, 0, 512, 32), (1, 0, 0, 0, 0, 512, 63)], header))
    np.testing.assert_allclose(got.samples, [0, 3 * (63 / 64 - 0.5)], atol=1e-12)


def test_respiban_layout_of_wesad(tmp_path: Path) -> None:
    sensors = ["ECG", "EDA", "EMG", "TEMP", "XYZ", "XYZ", "XYZ", "RESPIRATION"]
    names = [f"CH{i}" for i in range(1, 9)]
    header = PLUX | {
        "sensor": sensors, "label": names, "column": ["nSeq", "DI", *names], "channels": list(range(1, 9)),
        "resolution": [16] * 8, "sampling rate": 700,
    }  # fmt: skip
    rows = [(i, 0, 1000 + i, *[60000 - i * k for k in range(1, 8)]) for i in range(1400)]
    path = write(tmp_path / "S2_respiban.txt", rows, header)
    got = decode(path)
    assert (got.info.rate, got.info.channels, got.gaps) == (700, ("CH1",), [])
    assert raw(got.samples) == [1000 + i for i in range(1400)]
    other = decode(path, ReadOptions(channel="ch4"))
    assert raw(other.samples)[:2] == [60000, 60000 - 3]
    assert "TEMP" in other.warnings[0]


def test_two_devices_repeat_the_block(tmp_path: Path) -> None:
    rows = [(i, 0, 111, 500 + i + (i > 9), 0, i) for i in range(20)]
    devices = {"AA": PLUX | {"sensor": ["EMG"]}, "BB": PLUX}
    got = decode(write(tmp_path / "a.txt", rows, devices=devices))
    assert raw(got.samples) == list(range(20))
    assert got.gaps == [(10, 1)]
    with pytest.raises(ConfigError, match=r"AA/CH1.*BB/CH1"):
        open_recording(tmp_path / "a.txt", ReadOptions(channel="CH1"))
    assert raw(decode(tmp_path / "a.txt", ReadOptions(channel="AA/CH1")).samples) == [111] * 20


def test_keys_may_be_missing(tmp_path: Path) -> None:
    header = {"sensor": ["ECG"], "channels": [1]}
    path = write(tmp_path / "a.txt", counted(range(50)), header)
    with pytest.raises(ConfigError, match=r"sampling rate.*--rate"):
        open_recording(path, ReadOptions())
    got = decode(path, ReadOptions(rate=500))
    assert raw(got.samples) == list(range(50))
    assert "16 bits are assumed" in got.warnings[0]


def test_special_may_be_no_json_inside_text_and_values_may_be_converted(tmp_path: Path) -> None:
    header = PLUX | {"convertedValues": 1, "special": "{u'SpO2': [80]}"}
    got = decode(write(tmp_path / "a.txt", [(0, 0, "0.125"), (1, 0, "-1.5e-1")], header))
    np.testing.assert_array_equal(got.samples, [0.125, -0.15])
    assert got.info.full_scale is None
    assert decode(tmp_path / "a.txt", ReadOptions(unit="uV")).samples[0] == 0.000125


def test_counts_have_no_unit_and_the_rate_is_the_header_s(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", counted(range(5)))
    with pytest.raises(ConfigError, match="--unit"):
        open_recording(path, ReadOptions(unit="mV"))
    with pytest.raises(ConfigError, match="1000 Hz, --rate says 500 Hz"):
        open_recording(path, ReadOptions(rate=500))


def test_rate_of_zero(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", counted(range(5)), PLUX | {"sampling rate": 0})
    with pytest.raises(FormatError, match=r"rate is 0 Hz.*--rate"):
        open_recording(path, ReadOptions())
    assert decode(path, ReadOptions(rate=1000)).info.rate == 1000


def test_a_letter_in_mid_file(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = list(counted(range(40000)))
    rows[35000] = (35000, 0, "2x7")
    got = decode_until_error(write(tmp_path / "a.txt", rows), match=r"a\.txt, line 35004: found .*2x7.*expected 3 num")
    assert raw(got) == list(range(35000))


@pytest.mark.parametrize("wrong", [(3,), (3, 0), (3, 0, 3, 4)])
def test_a_row_of_another_length_in_mid_file(tmp_path: Path, wrong: tuple[int, ...]) -> None:
    rows: list[tuple[int, ...]] = list(counted(range(10)))
    rows[3] = wrong
    assert raw(decode_until_error(write(tmp_path / "a.txt", rows), match="line 7: ")) == [0, 1, 2]


@pytest.mark.parametrize(("last", "there"), [("10", 0), ("10\t0", 1), ("10\t0\t", 2), ("10\t0\t1", 2)])
def test_a_last_row_that_was_cut(tmp_path: Path, last: str, there: int) -> None:
    got = decode(write(tmp_path / "a.txt", counted(range(10)), last=last))
    assert raw(got.samples) == list(range(10))
    assert f"line 14) was cut: {there} of 3 values" in got.warnings[0]


def test_a_file_cut_anywhere_gives_all_whole_rows(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.txt", counted(range(30000, 30020))).read_bytes()
    head = whole.index(b"# EndOfHeader\n") + len(b"# EndOfHeader\n")
    for cut in range(head + 12, len(whole) + 1):
        path = tmp_path / "cut.txt"
        path.write_bytes(whole[:cut])
        got = decode(path)
        assert raw(got.samples) == list(range(whole[head:cut].count(b"\n")))
        assert bool(got.warnings) == (whole[cut - 1] != ord("\n"))


def test_header_without_rows_and_other_broken_headers(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no rows"):
        open_recording(write(tmp_path / "a.txt", []), ReadOptions())
    with pytest.raises(TruncatedError, match="no other row"):
        decode(write(tmp_path / "a.txt", [], last="1\t0"))
    path = tmp_path / "b.txt"
    path.write_text("# OpenSignals Text File Format\n# {broken\n# EndOfHeader\n1\t0\t2\t\n")
    with pytest.raises(FormatError, match="line 2: the header is no JSON"):
        open_recording(path, ReadOptions())
    path.write_text("# OpenSignals Text File Format\n# {}\n1\t0\t2\t\n")
    with pytest.raises(FormatError, match="EndOfHeader"):
        open_recording(path, ReadOptions())


@pytest.mark.parametrize("wrong", ["nan", "inf", "-1", "1e300", "9223372036854775807"])
def test_a_sequence_number_that_is_none(tmp_path: Path, wrong: str) -> None:
    rows: list[tuple[object, ...]] = list(counted(range(50)))
    rows[20] = (wrong, 0, 20)
    got = decode_until_error(write(tmp_path / "a.txt", rows), match=r"a\.txt, line 24: nSeq is .*, expected 0 to 2\^48")
    assert raw(got) == list(range(20))


@pytest.mark.parametrize("rate", [1e9, 1e300, math.inf, math.nan, 10, 10**400])
def test_rates_that_no_ecg_is_recorded_with(tmp_path: Path, rate: float) -> None:
    with pytest.raises(FormatError, match=r"at least|at most|more than 0|a number"):
        open_recording(write(tmp_path / "a.txt", counted(range(9)), PLUX | {"sampling rate": rate}), ReadOptions())


def test_a_header_that_is_nested_too_deep(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    deep = '{"a":' * 100000
    path.write_text(f"# OpenSignals Text File Format\n# {deep}\n# EndOfHeader\n1\t0\t2\t\n")
    with pytest.raises(FormatError, match="the header is no JSON"):
        open_recording(path, ReadOptions())


def test_real_bitalino(shared_data: Path) -> None:
    got = decode(shared_data / "opensignals" / "bitalino_SampleECG.txt")
    assert (len(got.samples), got.gaps, got.warnings) == (22350, [], [])
    assert got.samples[0] == pytest.approx((496 / 1024 - 0.5) * 3)


def test_real_file_of_two_devices_without_ecg(shared_data: Path) -> None:
    path = shared_data / "opensignals" / "sync_cable_light.txt"
    with pytest.raises(ConfigError, match=r"CH1 \[RAW\].*--channel"):
        open_recording(path, ReadOptions())
    first, second = (decode(path, ReadOptions(channel=number)) for number in "12")
    assert len(first.samples) + sum(lost for _, lost in first.gaps) == 32695 - 2916 + 1
    assert len(second.samples) + sum(lost for _, lost in second.gaps) == 31926 - 2156 + 1
