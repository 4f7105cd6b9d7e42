"""Text that other programs export: LabChart, AcqKnowledge, BIDS; and what is no recording at all is named."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError
from ecg_live.events import Marker
from tests.support.decoding import DecodedRecording, decode, decode_until_error
from tests.support.files.csv_files import write
from tests.support.files.text_exports import acqknowledge, block


def test_labchart_s_blocks_are_parted_by_gaps_and_its_comments_are_markers(tmp_path: Path) -> None:
    text = block(0, 5000, notes={100: "#* begin", 4999: "#2 end"}) + block(5000, 3000, 12.5, notes={0: "#* again"})
    got = decode(write(tmp_path / "a.txt", text))
    assert (got.info.rate, got.info.channels, got.gaps) == (1000, ("ECG",), [(5000, 7500)])
    assert got.samples.tolist() == list(range(8000))
    assert got.markers == [Marker(0.1, "begin"), Marker(4.999, "end"), Marker(12.5, "again")]


def test_labchart_in_a_locale_of_decimal_commas_and_in_other_units(tmp_path: Path) -> None:
    text = block(0, 300, interval="4 ms").replace("2.000 mV", "200 \u00b5V").replace(".", ",").replace("/", ".")
    (tmp_path / "a.txt").write_bytes(text.encode("cp1252"))
    got = decode(tmp_path / "a.txt")
    assert got.info.rate == 250
    np.testing.assert_allclose(got.samples, np.arange(300) / 1000)
    assert decode(tmp_path / "a.txt", ReadOptions(channel="Resp")).samples[0] == 500


def test_a_block_of_another_rate_ends_the_recording(tmp_path: Path) -> None:
    text = block(0, 500) + block(500, 500, 1.0, interval="0.002 s")
    got = decode_until_error(write(tmp_path / "a.txt", text), match=r"line 519: a block of another interval")
    assert len(got) == 500
    with pytest.raises(FormatError, match="no interval"):
        open_recording(write(tmp_path / "a.txt", block(0, 500, interval="x")), ReadOptions())


@pytest.mark.parametrize("time", [True, False])
@pytest.mark.parametrize("counts", [True, False])
def test_acqknowledge_with_its_header(tmp_path: Path, time: bool, counts: bool) -> None:
    got = decode(acqknowledge(tmp_path / "a.txt", time=time, counts=counts))
    assert (got.info.rate, got.info.channels, got.gaps) == (1000, ("ECG - ECG100C",), [])
    assert got.samples.tolist() == list(range(500))
    named = decode(acqknowledge(tmp_path / "a.txt", interval="0.5 msec/sample"), ReadOptions(channel="RSP - RSP100C"))
    assert (named.info.rate, named.samples[0]) == (2000, 500)


def test_acqknowledge_without_its_header_in_minutes(tmp_path: Path) -> None:
    rows = "".join(f"{i / 60_000:.8f}\t{i}\t0.1\t\r\n" for i in range(3000))
    got = decode(write(tmp_path / "a.txt", "min\tCH1\tCH2\t\r\n" + rows), ReadOptions(channel="CH1"))
    assert (got.info.rate, got.gaps, got.samples.tolist()) == (1000, [], list(range(3000)))


def bids(folder: Path, sidecar: dict[str, object] | None, *, at: str = "sub-01_task-rest_physio.json") -> Path:
    """A recording of 500 samples in three columns, and its JSON file."""
    path = folder / "sub-01" / "sub-01_task-rest_physio.tsv.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{i}\t{i * 2 if i != 7 else 'n/a'}\t0\n" for i in range(500)).encode()))
    if sidecar is not None:
        (folder / at).write_text(json.dumps(sidecar))
    return path


COLUMNS = {"SamplingFrequency": 500, "StartTime": 0, "Columns": ["cardiac", "ecg", "trigger"], "ecg": {"Units": "uV"}}


@pytest.mark.parametrize("at", ["sub-01/sub-01_task-rest_physio.json", "task-rest_physio.json", "physio.json"])
def test_bids_with_its_json(tmp_path: Path, at: str) -> None:
    got = decode(bids(tmp_path, COLUMNS, at=at))
    assert (got.info.rate, got.info.channels) == (500, ("ecg",))
    expected = np.arange(500) * 2e-3
    expected[7] = np.nan
    np.testing.assert_allclose(got.samples, expected)
    assert decode(bids(tmp_path, COLUMNS, at=at), ReadOptions(channel="cardiac")).samples[9] == 9


def test_bids_whose_json_is_missing_or_wrong(tmp_path: Path) -> None:
    path = bids(tmp_path, None)
    with pytest.raises(ConfigError, match=r"no sub-01_task-rest_physio\.json beside it.*--rate"):
        open_recording(path, ReadOptions())
    assert decode(path, ReadOptions(rate=500, channel="1")).samples[9] == 9
    bids(tmp_path, COLUMNS, at="task-other_physio.json")  # speaks of another task
    with pytest.raises(ConfigError, match="no sub-01"):
        open_recording(path, ReadOptions())
    for wrong, said in (
        ({"Columns": ["a"]}, "SamplingFrequency"),
        ({"SamplingFrequency": 5e-9, "Columns": COLUMNS["Columns"]}, "at least 50 Hz"),
        ({"SamplingFrequency": True}, "SamplingFrequency"),
        ({"SamplingFrequency": 500, "Columns": ["a", "b"]}, "names 2 columns, the table has 3"),
        ([1], "expected JSON"),
    ):
        (path.parent / "sub-01_task-rest_physio.json").write_text(json.dumps(wrong))
        with pytest.raises(FormatError, match=said):
            open_recording(path, ReadOptions())


def events(folder: Path, text: str, sidecar: dict[str, object] = COLUMNS) -> DecodedRecording:
    path = bids(folder, sidecar)
    (path.parent / "sub-01_task-rest_events.tsv").write_bytes(text.encode("utf-8", "surrogateescape"))
    return decode(path, size=7)


def test_bids_events_are_markers_on_the_time_of_the_samples(tmp_path: Path) -> None:
    text = "\ufeffduration\tonset\tvalue\r\n1\t-9.5\tsecond\r\n1\t-10\tfirst\u2028\r\n\r\n"
    text += "n/a\tn/a\tnever\n1\t1e300\tnever\n0\t60\tlate"
    got = events(tmp_path, text, COLUMNS | {"StartTime": -10})
    assert got.markers == [Marker(0.0, "first\u2028"), Marker(0.5, "second"), Marker(70.0, "late")]
    assert (len(got.samples), got.warnings, got.gaps) == (500, [], [])
    assert [each.text for each in events(tmp_path, "onset\n0.1").markers] == ["event"]
    assert len(events(tmp_path, "onset\n0.1", COLUMNS | {"StartTime": float("nan")}).markers) == 1


@pytest.mark.parametrize(
    ("text", "said"), [("", "no column 'onset'"), ("a\tb\n1\t2", "'onset'"), ("\udcff", "not UTF-8")]
)
def test_bids_events_that_cannot_be_read_are_a_warning(tmp_path: Path, text: str, said: str) -> None:
    got = events(tmp_path, text)
    assert said in got.warnings[0]
    assert "sub-01_task-rest_events.tsv" in got.warnings[0]
    assert (len(got.samples), got.markers) == (500, [])


@pytest.mark.parametrize(
    "gaps",
    [
        5,
        "no",
        [1],
        [[1, 2]],
        [["a", 2, "b"]],
        [[7, 0, ""]],
        [[8, 1, ""], [7, 1, ""]],
        [[1, float("inf"), ""]],
        [[3, 2, ""]],
    ],
)
def test_bids_of_others_whose_gaps_are_something_else(tmp_path: Path, gaps: object) -> None:
    got = decode(bids(tmp_path, COLUMNS | {"Gaps": gaps}), size=7)
    assert (len(got.samples), got.gaps) == (500, [])


@pytest.mark.parametrize("size", [1, 3, 7, 100, 1000])
def test_bids_leaves_out_the_rows_that_stand_for_lost_samples(tmp_path: Path, size: int) -> None:
    got = decode(bids(tmp_path, COLUMNS | {"Gaps": [[7, 1, "radio"]]}), size=size)
    assert got.gaps == [(7, 1)]
    np.testing.assert_allclose(got.samples, 2e-3 * np.delete(np.arange(500), 7))


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.vhdr", b"Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\n", "BrainVision.*EDF"),
        ("a.eeg", b"\0\1\2\0", "BrainVision"),
        ("a.txt", b'{"data": [1, 2, 3]}', "JSON.*CSV"),
        ("a.txt", b'\xef\xbb\xbf[{"ecg": 1},\n{"ecg": 2}]', "JSON"),
        ("a.json", b'"text"\0', "JSON"),
        ("a.txt", b"PK\x03\x04\0", "ZIP archive.*unpack"),
        ("a.xlsx", b"PK\x03\x04\0", "Excel.*CSV"),
        ("a.adicht", b"\0\0\0\0", "LabChart.*text"),
        ("a.edf.gz", gzip.compress(b"0       \0\1\2", mtime=0), "packed file.*unpack"),
        ("a.pdf", b"%PDF-1.4\n1 0 obj\n", "PDF"),
        ("a.npy", b"\x93NUMPY\1\0", "NumPy"),
        ("a.xml", b'<?xml version="1.0"?>\n<AnnotatedECG>', "XML"),
    ],
)
def test_formats_that_are_not_read_are_named(tmp_path: Path, name: str, data: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError, match=what):
        open_recording(tmp_path / name, ReadOptions())


def test_a_table_may_have_the_ending_of_another_format(tmp_path: Path) -> None:
    assert len(decode(write(tmp_path / "a.ecg", "ECG\n1\n2\n"), ReadOptions(rate=100)).samples) == 2
