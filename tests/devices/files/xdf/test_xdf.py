"""XDF, against pyxdf as the reference reader; files are written here chunk by chunk, by code of the tests' own."""

import struct
from pathlib import Path

import numpy as np
import pytest
import pyxdf

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError, TruncatedError
from ecg_live.xdf.decode import read_texts
from tests.support.decoding import decode, decode_until_error
from tests.support.files.xdf_files import CODES, chunk, ecg, header, note, offset, samples, write


@pytest.mark.parametrize("form", list(CODES))
@pytest.mark.parametrize("every", [True, False])
def test_all_number_formats_as_pyxdf_reads_them(tmp_path: Path, form: str, every: bool) -> None:
    path = write(tmp_path / "a.xdf", header(1, "Polar H10", "ECG", form, 130), *ecg(form, every=every))
    got = decode(path)
    streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    np.testing.assert_array_equal(got.samples, streams[0]["time_series"][:, 0])
    assert (got.info.rate, got.info.name, got.info.source_id, got.gaps) == (130, "Polar H10", "uid1", [])


@pytest.mark.parametrize("lost", [1, 13, 390])
def test_gaps_in_stamps_that_do_not_jitter(tmp_path: Path, lost: int) -> None:
    first = samples(1, "float32", [[i] for i in range(500)], [i / 130 for i in range(500)])
    second = samples(1, "float32", [[i] for i in range(500)], [(500 + lost + i) / 130 for i in range(500)])
    got = decode(write(tmp_path / "a.xdf", header(1, "P", "ECG", "float32", 130), first, second))
    assert got.gaps == [(500, lost)]


def test_stamps_of_arrival_jitter_and_lose_nothing_but_long_gaps(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    parts, place = [], 0
    for at in range(0, 13000, 10):
        place += 10 + (400 if at == 6500 else 0)
        late = float(rng.uniform(0, 0.03))
        parts.append(
            samples(1, "float32", [[at + i] for i in range(10)], [late + (place + i) / 130 for i in range(10)])
        )
    got = decode(write(tmp_path / "a.xdf", header(1, "P", "ECG", "float32", 130), *parts))
    ((start, lost),) = got.gaps
    assert start == 6500
    assert lost == pytest.approx(400, abs=2)
    assert got.samples.tolist() == list(range(13000))


def test_the_ecg_among_streams_and_markers_at_their_time(tmp_path: Path) -> None:
    labels = ["Fp1", "ECG", "Fp2"]
    rows = [[0.0, i, 1.0] for i in range(300)]
    path = write(
        tmp_path / "a.xdf",
        header(7, "Stimuli", "Markers", "string", 0),
        header(1, "Amp", "EEG", "double64", 100, labels, "microvolts"),
        header(2, "Shirt", "Accelerometer", "float32", 50),
        samples(2, "float32", [[5.0]] * 100, [None] * 100),
        offset(1, 50.0, 2.0), offset(7, 50.0, -10.0),
        samples(1, "double64", rows[:150], [50 + i / 100 for i in range(150)]),
        note(7, "go", 63.0),
        samples(1, "double64", rows[150:], [50 + i / 100 for i in range(150, 300)]),
    )  # fmt: skip
    got = decode(path)
    np.testing.assert_allclose(got.samples, np.arange(300) / 1000)
    assert got.info.channels == ("Amp/ECG",)
    assert [(m.text, round(m.time, 6)) for m in got.markers] == [("go", 1.0)]  # 63 - 10 is 53, the first sample's 52
    assert decode(path, ReadOptions(channel="Shirt")).samples.tolist() == [5.0] * 100
    with pytest.raises(ConfigError, match=r"1 Amp/Fp1 \[EEG\], 2 Amp/ECG \[ECG\], 3 Amp/Fp2 \[EEG\], 4 Shirt"):
        open_recording(path, ReadOptions(channel="Nobody"))


def test_an_irregular_stream_is_fitted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xdf", header(1, "P", "ECG", "float32", 0), *ecg(rate=250.3))
    assert decode(path).info.rate == 250
    bare = write(tmp_path / "b.xdf", header(1, "P", "ECG", "float32", 0), samples(1, "float32", [[1]] * 9, [None] * 9))
    with pytest.raises(ConfigError, match="--rate"):
        open_recording(bare, ReadOptions())


def test_a_file_cut_anywhere_gives_all_whole_chunks(tmp_path: Path) -> None:
    parts = ecg(count=40, each=10)
    path = write(tmp_path / "a.xdf", header(1, "P", "ECG", "float32", 130), *parts)
    data = path.read_bytes()
    ends = [len(data) - sum(map(len, parts[i:])) for i in range(1, len(parts) + 1)]
    for cut in range(ends[0], len(data) + 1):
        path.write_bytes(data[:cut])
        got = decode(path)
        assert len(got.samples) == 10 * sum(cut >= end for end in ends)
        assert bool(got.warnings) == (cut not in ends)


def test_damage_in_mid_file(tmp_path: Path) -> None:
    parts = ecg(count=120, each=10)
    path = write(tmp_path / "a.xdf", header(1, "P", "ECG", "float32", 130), *parts[:6], b"\x07garbage", *parts[6:])
    assert len(decode_until_error(path, match=r"byte \d+: found 7")) == 60
    wrong = chunk(3, struct.pack("<I", 1) + b"\x01\x02\x05" + b"\0" * 30)
    path = write(tmp_path / "b.xdf", header(1, "P", "ECG", "float32", 130), *parts[:6], wrong, *parts[6:])
    assert len(decode_until_error(path, match="damaged chunk")) == 60


def test_real_streams_without_ecg(shared_data: Path) -> None:
    folder = shared_data / "xdf"
    with pytest.raises(ConfigError, match=r"BioSemi 1 \[EEG\].*--channel"):
        open_recording(folder / "clock_resets.xdf", ReadOptions())
    with pytest.raises(ConfigError, match="marked as ECG"):
        open_recording(folder / "empty_streams.xdf", ReadOptions())


def test_streams_without_ecg_or_samples(tmp_path: Path) -> None:
    rows = samples(1, "float32", [[k] for k in range(300)], [k / 100 for k in range(300)])
    with pytest.raises(ConfigError, match=r"Cap .*\[EEG\].*--channel"):
        open_recording(write(tmp_path / "a.xdf", header(1, "Cap", "EEG", "float32", 100), rows), ReadOptions())
    with pytest.raises(FormatError, match="no stream of numbers"):
        open_recording(write(tmp_path / "a.xdf", header(7, "S", "Markers", "string", 0)), ReadOptions())
    with pytest.raises(TruncatedError, match="no samples"):
        open_recording(write(tmp_path / "a.xdf", header(1, "P", "ECG", "int16", 130)), ReadOptions())


def test_real_files_as_pyxdf_reads_them(shared_data: Path) -> None:
    with pytest.raises(FormatError, match="10 Hz, an ECG needs at least 50 Hz"):
        open_recording(shared_data / "xdf" / "minimal.xdf", ReadOptions(channel="3"))
    path = shared_data / "xdf" / "clock_resets.xdf"
    got = decode(path, ReadOptions(channel="BioSemi 4"))
    streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    (signals,) = [s["time_series"] for s in streams if s["info"]["name"] == ["BioSemi"]]
    np.testing.assert_array_equal(got.samples, signals[:, 3])
    assert len(got.samples) == 27815


def test_chunks_that_say_more_than_they_hold(tmp_path: Path) -> None:
    head = header(1, "P", "ECG", "float32", 130)
    rows = b"\x04" + struct.pack("<I", 1 << 31) + b"\0" * 40
    for wrong in (
        chunk(4, struct.pack("<I", 1)), chunk(4, struct.pack("<Id", 1, 5.0)), chunk(3, struct.pack("<I", 1)),
        chunk(3, struct.pack("<I", 1) + rows), head.replace(b"<channel_count>1<", b"<channel_count>1000000000<"),
        header(1, "P", "ECG", "float32", 1e300), chunk(2, b""),
    ):  # fmt: skip
        with pytest.raises(FormatError):
            decode(write(tmp_path / "a.xdf", wrong if b"<info>" in wrong else head + wrong, *ecg()))


def test_a_stamp_that_is_no_time(tmp_path: Path) -> None:
    parts = ecg(count=80000, each=1000)
    parts[75] = samples(1, "float32", [[i] for i in range(2)], [100 + 75000 / 130, 1e300])
    path = write(tmp_path / "a.xdf", header(1, "P", "ECG", "float32", 130), *parts)
    got = decode_until_error(path, match=r"time stamp of 1e\+300")
    assert len(got) == 75001


def test_a_text_that_says_to_be_longer_than_its_chunk() -> None:
    whole = b"\x01\x01" + b"\x00" + b"\x01\x03abc"
    assert read_texts(whole)[0][1] == "abc"
    with pytest.raises(TruncatedError, match="damaged"):
        read_texts(whole[:-1])
