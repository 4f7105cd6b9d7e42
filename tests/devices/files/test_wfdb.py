"""WFDB records, written with the wfdb package and, in CinC 2017's layout, by hand."""

from pathlib import Path

import numpy as np
import pytest
import wfdb

from devices.files import open_recording
from ecg_live.errors import ConfigError, FormatError, RecordingError, TruncatedError
from ecg_live.types import Opening
from tests.devices.decoded import decode


def write(folder: Path, names: list[str], fmt: str = "16", unit: str = "mV", count: int = 3000) -> Path:
    ramp = np.arange(count) / 1000
    signals = np.stack([ramp * (i + 1) for i in range(len(names))], axis=1)
    wfdb.wrsamp("rec", 360, [unit] * len(names), names, signals, fmt=[fmt] * len(names), write_dir=str(folder))
    return folder / "rec.hea"


@pytest.mark.parametrize("fmt", ["16", "24", "32", "80", "212"])
def test_a_record_by_header_path_or_signal_file(tmp_path: Path, fmt: str) -> None:
    header = write(tmp_path, ["ECG", "RESP"], fmt)
    step = 3 / 200 if fmt == "80" else 3 / 3000
    for path in (header, tmp_path / "rec", tmp_path / "rec.dat"):
        got = decode(path)
        np.testing.assert_allclose(got.samples, np.arange(3000) / 1000, atol=step)
        assert (got.info.rate, got.info.channels, got.info.duration) == (360, ("ECG",), 3000 / 360)
    np.testing.assert_allclose(decode(header, Opening(channel="2")).samples, np.arange(3000) / 500, atol=2 * step)


def test_long_records_are_read_piece_by_piece(tmp_path: Path) -> None:
    got = decode(write(tmp_path, ["MLII"], count=60000), size=1000)
    np.testing.assert_array_equal(got.samples, wfdb.rdrecord(str(tmp_path / "rec")).p_signal[:, 0])
    assert got.gaps == []


def test_cinc_2017_layout(tmp_path: Path) -> None:
    (tmp_path / "A1.hea").write_text("A1 1 300 9000 05:05:15 1/05/2000 \nA1.mat 16+24 1000/mV 16 0 -127 0 0 ECG \n")
    counts = np.arange(-4500, 4500, dtype="<i2")
    (tmp_path / "A1.mat").write_bytes(b"M" * 24 + counts.tobytes())
    got = decode(tmp_path / "A1.mat")
    np.testing.assert_allclose(got.samples, counts / 1000, rtol=1e-12)
    assert got.info.full_scale == pytest.approx((-32.768, 32.767))


def test_a_signal_file_cut_short_or_missing(tmp_path: Path) -> None:
    header = write(tmp_path, ["ECG", "RESP"])
    data = (tmp_path / "rec.dat").read_bytes()
    (tmp_path / "rec.dat").write_bytes(data[:4003])
    got = decode(header)
    np.testing.assert_allclose(got.samples, np.arange(1000) / 1000, atol=1e-3)
    assert "1000 of 3000 samples" in got.warnings[0]
    (tmp_path / "rec.dat").write_bytes(b"")
    with pytest.raises(TruncatedError, match="no samples"):
        open_recording(header, Opening())
    (tmp_path / "rec.dat").unlink()
    with pytest.raises(RecordingError, match=r"rec\.dat is missing"):
        open_recording(header, Opening())


def test_channels_and_units(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"1 MLII \[ECG\], 2 V5 \[ECG\].*--channel"):
        open_recording(write(tmp_path, ["MLII", "V5"]), Opening())
    with pytest.raises(ConfigError, match=r"1 ABP \[ABP\]"):
        open_recording(write(tmp_path, ["ABP"]), Opening())
    assert decode(write(tmp_path, ["ECG"], unit="uV")).samples[-1] == pytest.approx(2.999e-3, abs=1e-6)


@pytest.mark.parametrize("text", ["", "not a header\n", "rec 1 0 10\nrec.dat 16 200/mV 16 0 0 0 0 ECG\n", "\n\n"])
def test_headers_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "rec.hea").write_text(text)
    (tmp_path / "rec.dat").write_bytes(b"\0" * 20)
    with pytest.raises(FormatError) as caught:
        open_recording(tmp_path / "rec.hea", Opening())
    assert caught.value.remedy


def test_real_records(shared_data: Path) -> None:
    for path in sorted((shared_data / "cinc2017").glob("*.hea"))[:5]:
        got = decode(path, size=1000)
        np.testing.assert_array_equal(got.samples, wfdb.rdrecord(str(path.with_suffix(""))).p_signal[:, 0])
        assert got.info.rate == 300


@pytest.mark.parametrize(
    ("header", "match"),
    [
        ("A1 1 300\nA1.dat 16 200/mV 16 0 0 0 0 ECG\n", "no number of samples .*A1 1 300 500"),
        ("A1 1 300 0\nA1.dat 16 200/mV 16 0 0 0 0 ECG\n", "A1 1 300 500"),
        ("A1 1\nA1.dat 16 200/mV 16 0 0 0 0 ECG\n", "A1 1 250 500"),
        ("A1 1 300 500\nA1.dat 16x0 200/mV 16 0 0 0 0 ECG\n", "0 samples a frame"),
        ("A1 1 300 500\nA1.dat 16 200/mV 999999999999 0 0 0 0 ECG\n", "999999999999 bits, expected 0 to 32"),
        ("A1 1 99999999999 500\nA1.dat 16 200/mV 16 0 0 0 0 ECG\n", "at most 100000 Hz"),
    ],
)
def test_headers_that_say_too_little_or_too_much(tmp_path: Path, header: str, match: str) -> None:
    (tmp_path / "A1.hea").write_text(header)
    (tmp_path / "A1.dat").write_bytes(bytes(1000))
    with pytest.raises(FormatError, match=match):
        open_recording(tmp_path / "A1.hea", Opening())
