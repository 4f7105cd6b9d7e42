"""CSV of any origin."""

from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, EcgLiveError, FormatError
from tests.support.decoding import decode, decode_until_error
from tests.support.files.csv_files import AT_100, write


@pytest.mark.parametrize("end", ["\n", "\r\n", ",\n"])
@pytest.mark.parametrize("names", ["", "ECG\n", "\ufeffECG\r\n", "# made today\nECG\n", '"ECG"\n'])
def test_one_column_with_or_without_a_name(tmp_path: Path, names: str, end: str) -> None:
    got = decode(write(tmp_path / "a.csv", names + "".join(f"{i}{end}" for i in range(50))), AT_100)
    assert got.samples.tolist() == list(range(50))
    assert (got.info.rate, got.info.full_scale) == (100, None)


@pytest.mark.parametrize("sep", [",", ";", "\t", "  "])
def test_a_column_by_name_or_number(tmp_path: Path, sep: str) -> None:
    rows = "".join(f"{sep.join(map(str, (i, i * 2, i * 3)))}\n" for i in range(20))
    named = write(tmp_path / "a.csv", sep.join(["a", "b", "c"]) + "\n" + rows)
    bare = write(tmp_path / "b.csv", rows)
    for path, channel in ((named, "b"), (named, "B"), (named, "2"), (bare, "2")):
        assert decode(path, ReadOptions(channel=channel, rate=100)).samples.tolist() == list(range(0, 40, 2))
    with pytest.raises(ConfigError, match=r"1 a .*2 b .*3 c .*--channel"):
        open_recording(named, AT_100)
    with pytest.raises(ConfigError, match="--channel"):
        open_recording(bare, AT_100)


def test_two_columns_of_ecg_and_one_that_is_none(tmp_path: Path) -> None:
    two = write(tmp_path / "a.csv", "ECG1,ECG2\n1,2\n3,4\n")
    with pytest.raises(ConfigError, match="2 of its channels are ECG"):
        open_recording(two, AT_100)
    one = write(tmp_path / "b.csv", "EMG\n1\n2\n")
    with pytest.raises(ConfigError, match=r"1 EMG \[EMG\]"):
        open_recording(one, AT_100)
    assert len(decode(one, ReadOptions(channel="EMG", rate=100)).samples) == 2


def test_a_number_is_the_one_in_the_listing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "time,ECG1,ECG2\n" + "".join(f"{i / 100},{i},{i * 2}\n" for i in range(50)))
    with pytest.raises(ConfigError, match=r"1 ECG1 \[ECG\], 2 ECG2 \[ECG\]$|1 ECG1 .*2 ECG2 .*--channel"):
        open_recording(path, ReadOptions())
    for channel, step in (("1", 1), ("2", 2)):
        assert decode(path, ReadOptions(channel=channel)).samples.tolist() == [i * step for i in range(50)]
    with pytest.raises(ConfigError, match="no channel '3'"):
        open_recording(path, ReadOptions(channel="3"))


def test_a_decimal_comma(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.csv", "time;ECG\n0,00;0,5\n0,01;-1,25\n0,02;3"))
    assert (got.info.rate, got.samples.tolist()) == (100, [0.5, -1.25, 3])


@pytest.mark.parametrize(("name", "second"), [("time", 1), ("Time (s)", 1), ("t_ms", 1000), ("timestamp [ms]", 1000)])
def test_a_time_column_gives_rate_and_gaps(tmp_path: Path, name: str, second: int) -> None:
    places = [i + (i >= 300) * 40 for i in range(1000)]
    path = write(
        tmp_path / "a.csv", f"{name},ECG\n" + "".join(f"{k / 250 * second},{i}\n" for i, k in enumerate(places))
    )
    got = decode(path)
    assert (got.info.rate, got.gaps) == (250, [(300, 40)])
    with pytest.raises(ConfigError, match=r"250 Hz, --rate says 500"):
        open_recording(path, ReadOptions(rate=500))
    assert decode(path, ReadOptions(channel="1")).samples.tolist() == list(range(1000))


@pytest.mark.parametrize(("rate", "start"), [(250, 0), (250, 100), (1000, 7), (130, 60)])
def test_stamps_in_whole_seconds(tmp_path: Path, rate: int, start: int) -> None:
    places = [start + i + (i >= 4000) * 10 * rate for i in range(30 * rate)]
    rows = "".join(f"{k // rate},{i}\n" for i, k in enumerate(places))
    got = decode(write(tmp_path / "a.csv", "time,ECG\n" + rows))
    assert (got.info.rate, got.samples.tolist()) == (rate, list(range(30 * rate)))
    if len(places) > 4000:
        ((at, lost),) = got.gaps
        assert abs(at - 4000) <= rate
        assert abs(lost - 10 * rate) <= rate
    else:
        assert got.gaps == []


@pytest.mark.parametrize(
    ("name", "factor"),
    [("ECG", 1), ("ECG (mV)", 1), ("ECG [uV]", 1e-3), ("ECG (\u00b5V)", 1e-3), ("ecg_V", 1e3), ("ECG_nV", 1e-6)],
)
def test_units(tmp_path: Path, name: str, factor: float) -> None:
    got = decode(write(tmp_path / "a.csv", f"{name}\n1\n2\n"), AT_100)
    np.testing.assert_allclose(got.samples, [factor, 2 * factor])


def test_unit_and_rate_that_the_user_gives(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "ECG (bananas)\n1\n2\n")
    with pytest.raises(ConfigError, match=r"bananas.*--unit"):
        open_recording(path, AT_100)
    assert decode(path, ReadOptions(rate=100, unit="V")).samples[0] == 1000
    with pytest.raises(ConfigError, match=r"--rate HZ"):
        open_recording(write(path, "1\n2\n"), ReadOptions())
    for rate in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="expected more than 0"):
            open_recording(path, ReadOptions(rate=rate))


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(45, "at least 50 Hz"), (100_001, "at most 100000"), (1e300, "at most"), (5e-324, "at least")],
)
def test_rates_that_no_ecg_is_recorded_with(tmp_path: Path, rate: float, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        open_recording(write(tmp_path / "a.csv", "1\n2\n"), ReadOptions(rate=rate))
    rows = "".join(f"{i / min(rate, 1e200) if rate > 1e-9 else i * 1e9},{i}\n" for i in range(50))
    with pytest.raises(FormatError, match=expected):
        open_recording(write(tmp_path / "b.csv", "time,ECG\n" + rows), ReadOptions())


def test_a_time_column_of_random_numbers(tmp_path: Path) -> None:
    times = np.random.default_rng(0).uniform(0, 1e-3, 2000)
    path = write(tmp_path / "a.csv", "time,ECG\n" + "".join(f"{t},{i}\n" for i, t in enumerate(times)))
    with pytest.raises(FormatError, match=r"sampling rate|do not rise"):
        open_recording(path, ReadOptions())


def test_what_is_missing_is_nan(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.csv", "a,ECG\n1,0.5\n2,\n3,nan\n4,inf\n5,1\n"), AT_100)
    np.testing.assert_array_equal(got.samples, [0.5, np.nan, np.nan, np.nan, 1])


def test_rows_of_unequal_length_and_letters(tmp_path: Path) -> None:
    rows = [f"{i},{i}" for i in range(100)]
    for wrong in ("1", "1,2,3", "1,x", "1,0x10", "1,1_0"):
        path = write(tmp_path / "a.csv", "a,ECG\n" + "\n".join([*rows[:60], wrong, *rows[60:]]) + "\n")
        got = decode_until_error(path, AT_100, match=r"a\.csv, line 62: found .* expected 2 numbers")
        assert got.tolist() == list(range(60))


def test_a_last_row_without_line_feed(tmp_path: Path) -> None:
    assert decode(write(tmp_path / "a.csv", "a,ECG\n1,1\n2,2"), AT_100).samples.tolist() == [1, 2]
    got = decode(write(tmp_path / "a.csv", "a,ECG\n1,1\n2"), AT_100)
    assert got.samples.tolist() == [1]
    assert "cut" in got.warnings[0]
    assert decode(write(tmp_path / "a.csv", "a,ECG\n1,1\n2,2\n\n\n"), AT_100).samples.tolist() == [1, 2]


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "ECG\n", "Dear diary,\nI slept long.\n", "# only\n# remarks\n", "a,b\n1,2,3\n", "{}", "x" * 5000],
)
def test_text_of_something_else(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError) as caught:
        open_recording(write(tmp_path / "a.csv", text), AT_100)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"\x00\x01\x02" * 99, b"\xff\xfeE\x00C\x00G\x00\n\x00", b"\x80\x04\x95\x00."])
def test_bytes_of_something_else(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(FormatError, match="OpenSignals"):
        open_recording(tmp_path / "a.csv", AT_100)


def test_any_bytes_end_in_one_of_our_errors(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    starts = (
        b"",
        b"XDF:",
        b"0       ",
        b"\x89HDF\r\n\x1a\n",
        b"\xffBIOSEMI",
        b"# OpenSignals Text File Format\n",
        b"sep=,\n",
    )
    for i in range(210):
        path = tmp_path / f"{i}.bin"
        path.write_bytes(starts[i % len(starts)] + rng.bytes(int(rng.integers(0, 600))))
        with pytest.raises(EcgLiveError):
            decode(path, AT_100)


def test_real_file(shared_data: Path) -> None:
    got = decode(shared_data / "csv" / "neurokit_ecg_1000hz.csv", ReadOptions(rate=1000))
    assert (len(got.samples), got.info.channels, got.gaps) == (50000, ("ECG",), [])


def test_whether_a_unit_was_stated_is_passed_on(tmp_path: Path) -> None:
    rows = "".join(f"{i / 250},{i}\n" for i in range(100))
    assert decode(write(tmp_path / "a.csv", "time,ECG\n" + rows)).info.unit_assumed
    assert not decode(tmp_path / "a.csv", ReadOptions(unit="uV")).info.unit_assumed
    assert not decode(write(tmp_path / "b.csv", "time,ECG (mV)\n" + rows)).info.unit_assumed
