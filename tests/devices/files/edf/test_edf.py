"""EDF, EDF+ and BDF; files are written with edfio, gaps and cuts are made in their bytes."""

from pathlib import Path

import edfio
import numpy as np
import pytest

from devices.files import open_recording
from devices.files.edf import edf
from devices.files.edf.header import read_edf_header
from devices.files.recording import RecordingItem
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError, TruncatedError
from ecg_live.events import Chunk, Gap
from tests.support.decoding import decode
from tests.support.files.edf_files import counts, write


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
    assert decode(path, ReadOptions(channel="eeg fp1")).samples[700] == pytest.approx(7e-4, rel=1e-4)
    assert decode(path, ReadOptions(channel="3")).info.rate == 50


@pytest.mark.parametrize(("unit", "factor"), [("V", 1e3), ("mV", 1), ("uV", 1e-3), ("nV", 1e-6)])
def test_units(tmp_path: Path, unit: str, factor: float) -> None:
    got = decode(write(tmp_path / "a.edf", counts(unit=unit)))
    assert got.samples[1000] == pytest.approx(factor, rel=1e-4)


def test_which_signal_is_not_plain(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"2 of its channels are ECG: 1 ECG I \[ECG\], 2 ECG II"):
        open_recording(write(tmp_path / "a.edf", counts("ECG I"), counts("ECG II")), ReadOptions())
    with pytest.raises(ConfigError, match=r"1 EMG \[EMG\].*--channel"):
        open_recording(write(tmp_path / "a.edf", counts("EMG")), ReadOptions())
    with pytest.raises(ConfigError, match=r"degC.*--unit"):
        open_recording(write(tmp_path / "a.edf", counts(unit="degC")), ReadOptions())
    with pytest.raises(ConfigError, match="250 Hz, --rate says 256"):
        open_recording(write(tmp_path / "a.edf", counts()), ReadOptions(rate=256))


def test_a_file_cut_short(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts())
    path.write_bytes(path.read_bytes()[:-700])
    got = decode(path)
    assert index(got.samples) == list(range(6 * 250))
    assert "6 of 8 data records are whole, 2 s missing" in got.warnings[0]
    assert got.info.duration == 6
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(TruncatedError, match="88 bytes of data, one record has 500"):
        open_recording(path, ReadOptions())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(FormatError, match="header is cut"):
        open_recording(path, ReadOptions())


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
        open_recording(path, ReadOptions())


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


def put(path: Path, at: int, text: bytes, width: int = 8) -> Path:
    data = bytearray(path.read_bytes())
    data[at : at + width] = text.ljust(width)
    path.write_bytes(data)
    return path


def noted(path: Path, notes: list[edfio.EdfAnnotation], *, late: bool = False) -> Path:
    """8 s at 250 Hz with notes, which edfio puts into any record."""
    edfio.Edf([counts()], data_record_duration=1, annotations=notes).write(path)
    if late:  # each record by a second
        data = path.read_bytes()
        for k in range(7, -1, -1):
            data = data.replace(b"+%d\x14\x14\0" % k, b"+%d\x14\x14\0" % (k + 1))
        path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", [1, 100, 7777])
def test_annotations_are_markers_at_their_time_whatever_record_they_lie_in(tmp_path: Path, size: int) -> None:
    notes = [
        edfio.EdfAnnotation(5.2, None, "baseline start"),
        edfio.EdfAnnotation(0.124, None, "between two samples"),
        edfio.EdfAnnotation(6.0, 1.5, "Aufgabe \u00fc 1"),
        edfio.EdfAnnotation(7.5, None, "next"),
        edfio.EdfAnnotation(2.0, 0.5, "short"),
        edfio.EdfAnnotation(99.0, None, "after the end"),
    ]
    got = decode(noted(tmp_path / "a.edf", notes), size=size)
    assert [(marker.time, marker.text) for marker in got.markers] == [
        (0.124, "between two samples"),
        (2.0, "short"),
        (2.5, "end of short"),
        (5.2, "baseline start"),
        (6.0, "Aufgabe \u00fc 1"),
        (7.5, "next"),  # and no other word for the end of the task, which it is
        (99.0, "after the end"),
    ]
    assert index(got.samples) == list(range(2000))


def test_onsets_count_from_the_first_record(tmp_path: Path) -> None:
    path = noted(tmp_path / "a.edf", [edfio.EdfAnnotation(5.2, None, "go")], late=True)
    (marker,) = decode(path).markers
    assert marker.time == pytest.approx(4.2)


def test_annotations_of_records_that_are_apart_lie_on_the_recordings_own_time(tmp_path: Path) -> None:
    path = noted(tmp_path / "a.edf", [edfio.EdfAnnotation(t, None, f"at {t}") for t in (4.5, 6.0, 7.5)])
    data = path.read_bytes().replace(b"EDF+C", b"EDF+D")
    for late in (7, 6, 5):
        data = data.replace(b"+%d\x14\x14" % late, b"+%d\x14\x14" % (late + 2))
    path.write_bytes(data)
    got = decode(path)
    assert got.gaps == [(1250, 500)]
    assert [(marker.time, marker.text) for marker in got.markers] == [(4.5, "at 4.5"), (6.0, "at 6.0"), (7.5, "at 7.5")]


def test_bdf_with_three_annotation_signals(tmp_path: Path) -> None:
    values = np.arange(2000, dtype=np.int32)
    signal = edfio.BdfSignal.from_digital(
        values, 250, label="ECG", physical_dimension="uV", physical_range=(-8388608, 8388607),
        digital_range=(-8388608, 8388607),
    )  # fmt: skip
    texts = [b"".join((b"+%d\x14\x14\0+%d.5\x14first %d\x14" % (k, k, k)).ljust(30, b"\0") for k in range(8))] + [
        b"".join((b"+%d.75\x14%s %d\x14\0" % (k, word, k)).ljust(30, b"\0") for k in range(8))
        for word in (b"second", b"third")
    ]
    edfio.Bdf([signal]).write(tmp_path / "plain.bdf")
    data = (tmp_path / "plain.bdf").read_bytes()
    fields = [data[256:512]] + [
        b"BDF Annotations".ljust(16)
        + b" " * 88
        + b"-1      1       -8388608"
        + b"8388607 "
        + b" " * 80
        + b"10".ljust(40)
    ] * 3
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    starts = [sum(widths[:i]) for i in range(len(widths))]
    signals = b"".join(f[at : at + width] for at, width in zip(starts, widths, strict=True) for f in fields)
    head = data[:184] + b"1280    BDF+C".ljust(52) + data[236:252] + b"4   "
    body = b"".join(
        data[512 + 750 * k : 1262 + 750 * k] + b"".join(text[30 * k : 30 * k + 30] for text in texts) for k in range(8)
    )
    (tmp_path / "a.bdf").write_bytes(head + signals + body)
    got = decode(tmp_path / "a.bdf")
    assert [round(v * 1e3) for v in got.samples.tolist()] == values.tolist()
    assert [m.text for m in got.markers[:4]] == ["first 0", "second 0", "third 0", "first 1"]
    assert [m.time for m in got.markers[:4]] == [0.5, 0.75, 0.75, 1.5]
    assert len(got.markers) == 24


@pytest.mark.parametrize(
    ("at", "text", "width"),
    [
        (256 + 104, b"-32,768", 8),  # a decimal comma
        (256 + 112, b"32,767", 8),
        (244, b"1,0", 8),
        (168, b"00.00.00", 8),  # no date
        (168, b"2026-01-", 16),
        (8, b"\xb5 \xff", 80),  # who it is, in no code that is known
        (256 + 96, b"\xb5V\0", 8),
    ],
)
def test_headers_off_the_standard(tmp_path: Path, at: int, text: bytes, width: int) -> None:
    got = decode(put(write(tmp_path / "a.edf", counts()), at, text, width))
    unit = 1e3 if at == 256 + 96 else 1
    assert [round(v * 1000 * unit) for v in got.samples.tolist()] == list(range(2000))
    assert got.info.rate == 250


@pytest.mark.parametrize("unit", [b"\xb5V", b"\xc2\xb5V", b"uV"])
def test_the_micro_sign_in_latin_1_and_utf_8(tmp_path: Path, unit: bytes) -> None:
    got = decode(put(write(tmp_path / "a.edf", counts()), 256 + 96, unit))
    assert got.samples[1000] == pytest.approx(1e-3, rel=1e-4)


@pytest.mark.parametrize(
    ("at", "text", "match"),
    [
        (256 + 104, b"-3.2.768", "physical range of ECG is '-3.2.768', expected a number"),
        (244, b"one", "duration of a data record is 'one'"),
        (252, b"x", "number of signals is 'x'"),
        (236, b"", "number of data records is ''"),
        (184, b"300", "300 bytes by its own words, 1 signals need 512"),
    ],
)
def test_what_a_header_cannot_say_is_named_with_what_was_found(
    tmp_path: Path, at: int, text: bytes, match: str
) -> None:
    path = put(write(tmp_path / "a.edf", counts()), at, text, 4 if at == 252 else 8)
    with pytest.raises(FormatError, match=match):
        open_recording(path, ReadOptions())


@pytest.mark.parametrize(("seconds", "samples"), [("0.25", 100), ("7", 896), ("1.000588", 1000)])
def test_records_that_do_not_last_a_second(tmp_path: Path, seconds: str, samples: int) -> None:
    path = write(tmp_path / "a.edf", counts(rate=samples))
    put(put(path, 244, seconds.encode()), 256 + 216, str(samples).encode())
    got = decode(path)
    assert got.info.rate == pytest.approx(samples / float(seconds), rel=1e-12)
    assert index(got.samples) == list(range(8 * samples))


def test_a_record_as_long_as_the_recording_is_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.edf", counts(seconds=130))
    put(put(put(path, 236, b"1"), 244, b"130"), 256 + 216, b"32500")
    monkeypatch.setattr(edf, "_BLOCK_BYTES", 4096)
    assert index(decode(path, size=1000).samples) == list(range(32500))
    sizes = {
        len(data)
        for _, data in edf._record_bytes(path, edf._layout(path, read_edf_header(path), ReadOptions()), [], 250)
    }
    assert max(sizes) == 4096


def test_more_records_than_the_header_counts(tmp_path: Path) -> None:
    got = decode(put(write(tmp_path / "a.edf", counts()), 236, b"3"))
    assert len(got.samples) == 2000
    assert "counts 3 data records, 8 are there; all are used" in got.warnings[0]


def test_our_own_export_gives_back_its_gaps_and_markers(tmp_path: Path) -> None:
    """Which it had to fill, as EDF has no holes."""
    notes = [
        edfio.EdfAnnotation(2.0, 1.0, "gap: 250 samples lost (the radio was away), filled with the last"),
        edfio.EdfAnnotation(4.0, None, "task"),
        edfio.EdfAnnotation(7.8, 0.2, "end of the recording, filled up with 50 samples"),
    ]
    path = noted(tmp_path / "a.edf", notes)
    got = decode(path)
    assert got.gaps == [(500, 250)]
    assert index(got.samples) == [*range(500), *range(750, 1950)]
    assert [(marker.time, marker.text) for marker in got.markers] == [(4.0, "task")]
    causes = [item.cause for item in open_recording(path, ReadOptions()).chunks(100) if isinstance(item, Gap)]
    assert causes == ["the radio was away"]


@pytest.mark.parametrize("at", [104, 112, 120, 128])
@pytest.mark.parametrize("text", ["", "x", "inf", "nan"])
def test_ranges_that_are_no_numbers(tmp_path: Path, at: int, text: str) -> None:
    path = write(tmp_path / "a.edf", counts())
    data = bytearray(path.read_bytes())
    data[256 + at : 256 + at + 8] = text.ljust(8).encode()
    path.write_bytes(data)
    with pytest.raises(FormatError):
        open_recording(path, ReadOptions())


def test_no_samples_in_a_record(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts())
    data = bytearray(path.read_bytes())
    data[256 + 216 : 256 + 224] = b"0       "
    path.write_bytes(data)
    with pytest.raises(FormatError):
        open_recording(path, ReadOptions())


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", counts(seconds=100))
    recording = open_recording(path, ReadOptions())
    path.write_bytes(path.read_bytes()[: 512 + 500 * 41 + 7])
    given: list[RecordingItem] = []
    with pytest.raises(TruncatedError, match="cut while it was read"):
        given.extend(recording.chunks(100))
    parts = [piece.samples[:, 0] for piece in given if isinstance(piece, Chunk)]
    assert index(np.concatenate(parts)) == list(range(250 * 41))


def test_real_files(shared_data: Path) -> None:
    for path in sorted((shared_data / "eegmat").glob("*.edf"))[:6]:
        got = decode(path, size=1000)
        assert (got.info.rate, got.info.channels, got.warnings) == (500, ("ECG ECG",), [])
        np.testing.assert_allclose(got.samples, edfio.read_edf(path).signals[0].data, atol=1e-9)
