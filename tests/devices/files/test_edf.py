"""EDF, EDF+ and BDF; files are written with edfio, gaps and cuts are made in their bytes."""

from pathlib import Path

import edfio
import numpy as np
import pytest

from devices.files import open_recording
from devices.files.recording import Piece
from ecg_live.errors import ConfigError, FormatError, TruncatedError
from ecg_live.types import Chunk, Opening
from tests.devices.decoded import decode


def counts(label: str = "ECG", unit: str = "mV", seconds: int = 8, rate: int = 250) -> edfio.EdfSignal:
    """Digital value = index; 0.001 of the unit a count, as far as the header's eight characters hold it."""
    data = np.arange(seconds * rate, dtype=np.int16)
    return edfio.EdfSignal.from_digital(
        data,
        rate,
        label=label,
        physical_dimension=unit,
        physical_range=(-32.768, 32.767),
        digital_range=(-32768, 32767),
    )


def write(path: Path, *signals: edfio.EdfSignal, notes: bool = False) -> Path:
    annotations = [edfio.EdfAnnotation(1.0, None, "stimulus")] if notes else None
    edfio.Edf(signals, data_record_duration=1, annotations=annotations).write(path)
    return path


def index(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
    return [round(v * 1000) for v in samples.tolist()]


@pytest.mark.parametrize("notes", [False, True])
def test_the_ecg_among_other_signals(tmp_path: Path, notes: bool) -> None:
    path = write(
        tmp_path / "a.edf", counts("EEG Fp1", "uV", rate=100), counts("ECG ECG"), counts("EMG", rate=50), notes=notes
    )
    got = decode(path)
    assert index(got.samples) == list(range(2000))
    assert (got.info.rate, got.info.channels, got.info.duration) == (250, ("ECG ECG",), 8)
    np.testing.assert_allclose(got.samples, edfio.read_edf(path).get_signal("ECG ECG").data, atol=1e-12)
    assert got.info.full_scale == pytest.approx((-32.768, 32.767), rel=1e-6)
    assert decode(path, Opening(channel="eeg fp1")).samples[700] == pytest.approx(7e-4, rel=1e-4)
    assert decode(path, Opening(channel="3")).info.rate == 50


@pytest.mark.parametrize(("unit", "factor"), [("V", 1e3), ("mV", 1), ("uV", 1e-3), ("nV", 1e-6)])
def test_units(tmp_path: Path, unit: str, factor: float) -> None:
    got = decode(write(tmp_path / "a.edf", counts(unit=unit)))
    assert got.samples[1000] == pytest.approx(factor, rel=1e-4)


def test_which_signal_is_not_plain(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"2 of its channels are ECG: 1 ECG I \[ECG\], 2 ECG II"):
        open_recording(write(tmp_path / "a.edf", counts("ECG I"), counts("ECG II")), Opening())
    with pytest.raises(ConfigError, match=r"1 EMG \[EMG\].*--channel"):
        open_recording(write(tmp_path / "a.edf", counts("EMG")), Opening())
    with pytest.raises(ConfigError, match=r"degC.*--unit"):
        open_recording(write(tmp_path / "a.edf", counts(unit="degC")), Opening())
    with pytest.raises(ConfigError, match="250 Hz, --rate says 256"):
        open_recording(write(tmp_path / "a.edf", counts()), Opening(rate=256))


def test_a_file_cut_short(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts())
    path.write_bytes(path.read_bytes()[:-700])
    got = decode(path)
    assert index(got.samples) == list(range(6 * 250))
    assert "6 of 8 data records are whole, 2 s missing" in got.warnings[0]
    assert got.info.duration == 6
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(TruncatedError, match="88 bytes of data, one record has 500"):
        open_recording(path, Opening())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(FormatError, match="header is cut"):
        open_recording(path, Opening())


def test_a_writer_that_did_not_get_to_say_how_many_records(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts())
    data = bytearray(path.read_bytes())
    data[236:244] = b"-1      "
    path.write_bytes(data)
    assert (len(decode(path).samples), decode(path).warnings) == (2000, [])
    path.write_bytes(data[:-10])
    assert "490 of 500 bytes of the last" in decode(path).warnings[0]


def test_a_rate_of_zero(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts())
    data = bytearray(path.read_bytes())
    data[244:252] = b"0       "
    path.write_bytes(data)
    with pytest.raises(FormatError):
        open_recording(path, Opening())


def test_records_that_are_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts(), notes=True)
    data = path.read_bytes().replace(b"EDF+C", b"EDF+D")
    for late in (7, 6, 5):
        data = data.replace(b"+%d\x14\x14" % late, b"+%d\x14\x14" % (late + 2))
    path.write_bytes(data)
    got = decode(path)
    assert got.gaps == [(1250, 500)]
    assert index(got.samples) == list(range(2000))


def test_bdf_with_24_bits(tmp_path: Path) -> None:
    values = np.array([-8388608, -1, 0, 1, 8388607, *range(95)], dtype=np.int32)
    signal = edfio.BdfSignal.from_digital(
        values, 100, label="ECG", physical_dimension="uV", physical_range=(-8388608, 8388607),
        digital_range=(-8388608, 8388607),
    )  # fmt: skip
    other = edfio.BdfSignal.from_digital(values[::2].copy(), 50, label="Status", physical_range=(-1, 1))
    edfio.Bdf([other, signal]).write(tmp_path / "a.bdf")
    got = decode(tmp_path / "a.bdf")
    assert [round(v * 1e3) for v in got.samples.tolist()] == values.tolist()


@pytest.mark.parametrize("at", [104, 112, 120, 128])
@pytest.mark.parametrize("text", ["", "x", "inf", "nan"])
def test_ranges_that_are_no_numbers(tmp_path: Path, at: int, text: str) -> None:
    path = write(tmp_path / "a.edf", counts())
    data = bytearray(path.read_bytes())
    data[256 + at : 256 + at + 8] = text.ljust(8).encode()
    path.write_bytes(data)
    with pytest.raises(FormatError):
        open_recording(path, Opening())


def test_no_samples_in_a_record(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts())
    data = bytearray(path.read_bytes())
    data[256 + 216 : 256 + 224] = b"0       "
    path.write_bytes(data)
    with pytest.raises(FormatError):
        open_recording(path, Opening())


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts(seconds=100))
    recording = open_recording(path, Opening())
    path.write_bytes(path.read_bytes()[: 512 + 500 * 41 + 7])
    given: list[Piece] = []
    with pytest.raises(TruncatedError, match="cut while it was read"):
        given.extend(recording.chunks(100))
    parts = [piece.samples[:, 0] for piece in given if isinstance(piece, Chunk)]
    assert index(np.concatenate(parts)) == list(range(250 * 41))


def test_real_files(shared_data: Path) -> None:
    for path in sorted((shared_data / "eegmat").glob("*.edf"))[:6]:
        got = decode(path, size=1000)
        assert (got.info.rate, got.info.channels, got.warnings) == (500, ("ECG ECG",), [])
        np.testing.assert_allclose(got.samples, edfio.read_edf(path).signals[0].data, atol=1e-9)
