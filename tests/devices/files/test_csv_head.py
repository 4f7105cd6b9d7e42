"""What stands before a table's rows, how its cells and lines are written, and what is missing in it."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError
from tests.support.decoding import decode, decode_until_error
from tests.support.files.csv_files import AT_100, write

ROWS = [f"{i / 250:.3f},{i}" for i in range(100)]
TABLE = "time,ECG\n" + "\n".join(ROWS) + "\n"


@pytest.mark.parametrize(
    "before",
    [
        "\n\n\n\n",
        "   ECG   25.01.2516.42.59200\n",  # the Movesense app's
        "Recorded by: somebody\nVersion 2\n\n",
        "Device;serial\n# note, with a comma\n\n",
        "%one\n// two\n# three\n",
    ],
)
def test_lines_before_the_names(tmp_path: Path, before: str) -> None:
    got = decode(write(tmp_path / "a.csv", before + TABLE))
    assert (got.info.rate, got.info.channels, got.samples.tolist()) == (250, ("ECG",), list(range(100)))


@pytest.mark.parametrize(
    ("remark", "rate"),
    [
        ("# Sampling Rate (Hz):= 250.00", 250),
        ("%Sample Rate = 250 Hz", 250),
        ("# fs=1000", 1000),
        ("# sampling frequency: 1.0 kHz", 1000),
        ("# 0.5 msec/sample", 2000),
        ("# Interval: 4 ms", 250),
        ("# 500 samples/s", 500),
    ],
)
def test_a_rate_in_a_comment(tmp_path: Path, remark: str, rate: float) -> None:
    path = write(tmp_path / "a.csv", f"# Format 1\n{remark}\n# Resolution:= 12\n1\n2\n3\n")
    assert decode(path).info.rate == rate
    with pytest.raises(ConfigError, match=f"the file says {rate} Hz, --rate says 300"):
        open_recording(path, ReadOptions(rate=300))


@pytest.mark.parametrize("remark", ["# 15000 samples", "# line frequency 50 Hz", "# fs=250\n# ACC fs=100", "# fs=1"])
def test_a_comment_that_states_no_rate(tmp_path: Path, remark: str) -> None:
    with pytest.raises(ConfigError, match="does not say its sampling rate"):
        open_recording(write(tmp_path / "a.csv", f"{remark}\n1\n2\n3\n"), ReadOptions())


def test_the_rate_that_stamps_show_goes_before_a_comment_that_is_far_off(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.csv", "# fs=500\n" + TABLE))
    assert got.info.rate == 250
    assert "says 500 Hz, the time stamps 250 Hz" in got.warnings[0]


def test_names_in_the_comment_above_the_rows(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.csv", "# made by numpy\n# time,ECG [uV]\n" + "\n".join(ROWS)))
    assert (got.info.rate, got.info.channels, got.samples[3]) == (250, ("ECG [uV]",), 0.003)
    got = decode(write(tmp_path / "b.csv", "# Labels:= ECG [V]\n1\n2\n"), AT_100)
    assert got.samples.tolist() == [1000, 2000]


@pytest.mark.parametrize(("unit", "factor"), [("mV", 1), ("uV", 1e-3), ("\u00b5V", 1e-3), ("[V]", 1e3), ("", 1)])
@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_a_row_of_units(tmp_path: Path, unit: str, factor: float, sep: str) -> None:
    rows = "".join(f"{4 * i}{sep}{i}{sep}9\n" for i in range(50))
    got = decode(write(tmp_path / "a.csv", f"t{sep}ECG{sep}acc\nms{sep}{unit}{sep}g\n{rows}"))
    assert got.info.rate == 250
    np.testing.assert_allclose(got.samples, factor * np.arange(50))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_line_ends_and_packing(tmp_path: Path, encoding: str, end: str, packed: bool) -> None:
    count = 70_000 if end == "\r" and packed else 2000  # the larger one is more than a block
    rows = [f"{i / 250:.3f};{i},5;" for i in range(count)]
    data = end.join(["Zeit [s];EKG [\u00b5V];Bemerkung", *rows, ""]).replace(".", ",").encode(encoding)
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    got = decode(path, size=10_000)
    assert (got.info.rate, len(got.samples), got.gaps, got.warnings) == (250, count, [], [])
    np.testing.assert_allclose(got.samples, (np.arange(count) + 0.5) / 1000)


def test_a_packed_file_that_was_cut_or_damaged(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    text = "time,ECG\n" + "".join(f"{i / 250:.3f},{v:.5f}\n" for i, v in enumerate(rng.normal(size=50_000)))
    whole = gzip.compress(text.encode(), 1)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    got = decode(path)
    assert 30_000 < len(got.samples) < 50_000
    assert "packed file was cut" in got.warnings[-1]
    path.write_bytes(whole[:200_000] + b"\xff" * 100 + whole[200_100:])
    assert len(decode_until_error(path, match="cannot be unpacked")) > 1000


@pytest.mark.parametrize("last", ["", "note"])
@pytest.mark.parametrize("first", ["", "begin", '"begin, again"'])
def test_a_column_of_remarks_is_mostly_empty(tmp_path: Path, first: str, last: str) -> None:
    marks = {0: first, 40: "middle", 99: last}
    for names, order in (("time,ECG,marker", "{0},{1}"), ("time,marker,ECG", "{0},{1}")):
        at_end = names.endswith("marker")
        rows = []
        for i, row in enumerate(ROWS):
            time, value = row.split(",")
            rows.append(f"{time},{value},{marks.get(i, '')}" if at_end else f"{time},{marks.get(i, '')},{value}")
        got = decode(write(tmp_path / "a.csv", f"{names}\n" + "\n".join(rows) + "\n"))
        assert (got.info.rate, got.samples.tolist(), got.warnings) == (250, list(range(100)), []), order


@pytest.mark.parametrize("word", ["NA", "n/a", "NaN", "null", "", "-", "None", "#N/A"])
@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_words_for_what_is_missing(tmp_path: Path, word: str, sep: str) -> None:
    values = [word if i % 7 == 3 else str(i) for i in range(500)]
    rows = "".join(f"{i / 250:.3f}{sep}{v}{sep}-1\n" for i, v in enumerate(values))
    got = decode(write(tmp_path / "a.csv", f"time{sep}ECG{sep}temp\n" + rows))
    expected = np.where(np.arange(500) % 7 == 3, np.nan, np.arange(500))
    np.testing.assert_array_equal(got.samples, expected)


def test_comments_among_the_rows_are_no_rows(tmp_path: Path) -> None:
    rows = [*ROWS[:50], "# paused, then went on", *ROWS[50:], "# end"]
    got = decode(write(tmp_path / "a.csv", "time,ECG\n" + "\n".join(rows) + "\n"))
    assert got.samples.tolist() == list(range(100))


def test_a_row_that_is_wrong_near_the_start_is_named(tmp_path: Path) -> None:
    for at in (2, 30):
        path = write(tmp_path / "a.csv", "time,ECG\n" + "\n".join([*ROWS[:at], "0.1,x", *ROWS[at:]]))
        assert decode_until_error(path, match=f"line {at + 2}: found '0.1,x'").tolist() == list(range(at))


def test_columns_that_no_name_distinguishes_are_called_by_number(tmp_path: Path) -> None:
    rows = "".join(f"{i % 256}\t{i}\t{1767225600 + i / 250:.6f}\n" for i in range(500))  # as BrainFlow writes them
    path = write(tmp_path / "a.csv", rows)
    got = decode(path, ReadOptions(channel="2"))
    assert (got.info.rate, got.info.channels, got.samples.tolist()) == (250, ("column 2",), list(range(500)))
    assert decode(path, ReadOptions(channel="column 2", rate=200)).info.rate == 200
    with pytest.raises(ConfigError, match="1 column 1"):
        open_recording(path, ReadOptions())


def test_text_of_the_openbci_gui(tmp_path: Path) -> None:
    head = "%OpenBCI Raw EXG Data\n%Number of channels = 1\n%Sample Rate = 250 Hz\n%Board = OpenBCI_GUI$Ganglion\n"
    names = "Sample Index, EXG Channel 0, Other, Timestamp, Timestamp (Formatted)\n"
    rows = ""
    for i in range(5000):
        t = 1767225600 + i // 10 * 0.04 + i % 10 * 2e-4  # packets of 10, stamped on arrival
        rows += f"{i % 256}.0, {i}.0, 192.0, {t:.15E}, 2026-01-01 00:00:{t % 60:06.3f}\n"
    got = decode(write(tmp_path / "a.txt", head + names + rows), ReadOptions(channel="EXG Channel 0", unit="uV"))
    assert (got.info.rate, len(got.samples), got.gaps) == (250, 5000, [])


def test_a_table_of_another_number_of_columns_than_names(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"line 2: found '1,2,3', expected 2 numbers"):
        open_recording(write(tmp_path / "a.csv", "a,b\n1,2,3\n4,5,6\n"), AT_100)
