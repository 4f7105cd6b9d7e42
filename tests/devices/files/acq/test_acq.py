"""BIOPAC AcqKnowledge: real files against bioread, and files of all versions written by hand."""

import struct
from pathlib import Path

import bioread
import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError, TruncatedError
from tests.support.decoding import decode
from tests.support.files.acq_files import Written, write

RAMP = np.arange(2000, dtype=np.int16)
RESP = (RAMP % 7 + 100)[:500].astype(np.int16)
EDA = np.linspace(3, 4, 2000)
VERSIONS = pytest.mark.parametrize(
    ("revision", "order"),
    [
        (31, ">"),
        (34, "<"),
        (36, "<"),
        (38, ">"),
        (41, "<"),
        (45, "<"),
        (68, ">"),
        (108, "<"),
        (121, ">"),
        (132, ">"),
    ],
)


def index(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
    return [round(v * 1000) for v in samples.tolist()]


@VERSIONS
@pytest.mark.parametrize("size", [7, 1000])
def test_every_version_gives_samples_and_markers(tmp_path: Path, revision: int, order: str, size: int) -> None:
    divider = 4 if revision >= 38 else 1  # before, all channels have one rate
    resp = RESP if divider > 1 else np.resize(RESP, 2000)
    path = write(
        tmp_path / "a.acq",
        [Written(EDA, "EDA", "microsiemens"), Written(resp, "RSP", "Volts", divider), Written(RAMP)],
        revision=revision, order=order, markers=[(0, "Segment 1"), (250, "go"), (1999, "Gr\u00fc\u00dfe")],
    )  # fmt: skip
    got = decode(path, size=size)
    assert index(got.samples) == list(range(2000))
    assert (got.info.rate, got.info.channels, got.info.duration) == (1000, ("ECG - ECG100C",), 2)
    assert got.info.full_scale == pytest.approx((-32.768, 32.767))
    assert [(m.time, m.text) for m in got.markers] == [(0, "Segment 1"), (0.25, "go"), (1.999, "Gr\u00fc\u00dfe")]
    assert (got.gaps, got.warnings) == ([], [])
    slow = decode(path, ReadOptions(channel="RSP"))
    assert slow.info.rate == 1000 / divider
    np.testing.assert_allclose(slow.samples, resp, atol=1e-9)  # in V, so that 0.001 of it is 1 mV
    np.testing.assert_allclose(decode(path, ReadOptions(channel="EDA", unit="mV")).samples, EDA)


@pytest.mark.parametrize(("revision", "order"), [(41, "<"), (45, ">"), (68, ">"), (132, "<")])
def test_compressed_files(tmp_path: Path, revision: int, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.files.acq.data._BLOCK_SAMPLES", 301)
    monkeypatch.setattr("devices.files.acq.data._COMPRESSED_READ_BYTES", 97)
    channels = [Written(EDA, "EDA", "microsiemens"), Written(RAMP)]
    path = write(tmp_path / "a.acq", channels, revision=revision, order=order, compressed=True, markers=[(5, "go")])
    got = decode(path)
    assert index(got.samples) == list(range(2000))
    assert [(m.time, m.text) for m in got.markers] == [(0.005, "go")]
    np.testing.assert_array_equal(decode(path, ReadOptions(channel="EDA", unit="mV")).samples, EDA)


def test_a_pause_in_the_recording_is_a_gap_of_unknown_length(tmp_path: Path) -> None:
    """A file says only where it went on."""
    for revision in (38, 132):
        markers = [(0, "Segment 1"), (500, "before"), (1000, "Segment 2"), (1500, "after")]
        got = decode(write(tmp_path / "a.acq", [Written(RAMP)], revision=revision, markers=markers))
        assert got.gaps == [(1000, 41)]
        assert index(got.samples) == list(range(2000))
        assert [(m.time, m.text) for m in got.markers] == [
            (0, "Segment 1"), (0.5, "before"), (1.041, "Segment 2"), (1.541, "after"),
        ]  # fmt: skip


def test_markers_count_from_where_the_first_segment_begins(tmp_path: Path) -> None:
    """Version 5 writes them with a common offset when a part of a recording is saved."""
    markers = [(-34304, "Segment 1"), (-34304 + 250, "go")]
    got = decode(write(tmp_path / "a.acq", [Written(RAMP)], revision=132, markers=markers))
    assert [(m.time, m.text) for m in got.markers] == [(0, "Segment 1"), (0.25, "go")]


def test_files_that_are_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "a.acq", [Written(RAMP), Written(RESP, "RSP", "V", 4)])
    whole = path.read_bytes()
    data = 2000 * 2 + 500 * 2
    begin = len(whole) - data - 8
    path.write_bytes(whole[: begin + 2500])
    got = decode(path)
    assert index(got.samples) == list(range(1000))
    assert "cut short: 1000 of 2000 samples are there, 2500 bytes are missing" in got.warnings[0]
    path.write_bytes(whole[:-3])  # in what is said of markers
    got = decode(path)
    assert index(got.samples) == list(range(2000))
    assert "event markers cannot be read: a header is cut" in got.warnings[0]
    path.write_bytes(whole[:begin])
    with pytest.raises(TruncatedError, match="has no samples"):
        open_recording(path, ReadOptions())
    path.write_bytes(whole[: begin - 4])
    with pytest.raises(FormatError):
        open_recording(path, ReadOptions())


def test_where_a_slower_channel_ends_before_what_is_not_sure_is_left_out(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.acq", [Written(RESP[:-1], "RSP", "V", 4), Written(RAMP)]))
    assert index(got.samples) == list(range(1996))
    assert "the last 0.004 s are left out: another channel ends before" in got.warnings[0]


@pytest.mark.parametrize(
    ("at", "form", "value", "match"),
    [
        (10, "<h", 0, "of an unknown version"),
        (10, "<h", 600, "of an unknown version"),
        (16, "<d", 0.0, "0 ms a tick"),
        (16, "<d", float("nan"), "nan ms a tick"),
        (6, "<i", -5, "a header of -5 bytes"),
        (6, "<i", 1 << 30, "a header of 1073741824 bytes"),
        (1944 + 88, "<i", -1, "-1 samples"),
        (1944 + 88, "<i", 1 << 30, None),
        (1944 + 250, "<h", -1, "every -1th"),
        (1944 + 92, "<d", 0.0, "a scale of 0"),
        (1944, "<i", 0, "a header of 0 bytes"),
    ],
)
def test_numbers_that_cannot_be(tmp_path: Path, at: int, form: str, value: float, match: str | None) -> None:
    path = write(tmp_path / "a.acq", [Written(RAMP)])
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, at, value)
    path.write_bytes(data)
    if match is None:  # more samples than there are: what is there
        assert index(decode(path).samples)[:2000] == list(range(2000))
        return
    with pytest.raises(FormatError, match=match):
        open_recording(path, ReadOptions())


def test_a_compressed_channel_gives_no_more_than_its_header_says(tmp_path: Path) -> None:
    path = write(tmp_path / "a.acq", [Written(RAMP)], revision=132, compressed=True)
    data = path.read_bytes()
    path.write_bytes(data.replace((4000).to_bytes(4, "little"), (400_000_000).to_bytes(4, "little")))
    with pytest.raises(FormatError, match="400000000 bytes of data, expected 4000"):
        decode(path)
    path.write_bytes(data[:-20])
    with pytest.raises(TruncatedError, match="bytes of its data are missing"):
        decode(path)
    path.write_bytes(data[:-200] + b"\xff" * 200)
    with pytest.raises(FormatError, match="cannot be unpacked"):
        decode(path)


def test_which_channel_and_unit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.acq", [Written(RAMP, "CH1", "mV"), Written(RAMP, "CH2", "mV")])
    with pytest.raises(ConfigError, match=r"1 CH1 .*2 CH2"):
        open_recording(path, ReadOptions())
    path = write(tmp_path / "b.acq", [Written(RAMP, unit="\u00b5V")])
    assert decode(path).samples[1000] == pytest.approx(1e-3)


def test_real_files_as_bioread_reads_them(shared_data: Path) -> None:
    for path in sorted((shared_data / "acq").glob("*.acq")):
        got = decode(path, size=1000)
        there = bioread.read(str(path))
        (channel,) = [c for c in there.channels if c.name.startswith(("EKG", "ECG"))]
        kept = len(got.samples)  # bioread's last values of the file of several rates are bytes of other channels
        assert len(channel.data) - 198 < kept <= len(channel.data)
        np.testing.assert_allclose(got.samples, channel.data[:kept], rtol=1e-12)
        assert got.info.rate == channel.samples_per_second == 1000
        assert (got.markers[0].time, got.markers[0].text) == (0, "Segment 1")


def test_one_recording_saved_by_two_versions_is_one(shared_data: Path) -> None:
    old = decode(shared_data / "acq" / "physio-3.8.1.acq", size=1000)
    new = decode(shared_data / "acq" / "physio-5.0.1-c.acq", size=1000)
    assert len(new.samples) == 61893
    assert len(old.samples) == 61696
    np.testing.assert_array_equal(old.samples, new.samples[: len(old.samples)])
    assert [m.text for m in old.markers] == [m.text for m in new.markers]
    assert [m.time for m in old.markers] == pytest.approx([m.time for m in new.markers])
    assert (old.markers[1].time, old.markers[1].text) == (4.309, "Breathe In")
