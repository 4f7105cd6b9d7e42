"""OpenSignals HDF5, and the one recording that exists in three formats."""

import contextlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, EcgLiveError, FormatError, TruncatedError
from ecg_live.resources import demo_recording
from tests.support.decoding import decode, decode_until_error
from tests.support.files.hdf5_files import write


def raw(samples: np.ndarray[Any, np.dtype[np.float64]]) -> list[int]:
    return [round(v) for v in (samples / 3 + 0.5) * 65536]


def test_a_number_that_stays_at_65535_is_no_loss(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.h5", [*range(65500, 65536), *[65535] * 300]))
    assert (got.gaps, got.warnings, got.info.duration) == ([], [], 0.336)
    assert raw(got.samples) == list(range(336))


def test_a_jump_is_lost_data(tmp_path: Path) -> None:
    assert decode(write(tmp_path / "a.h5", [*range(100), *range(107, 200)])).gaps == [(100, 7)]


def test_bitalino_resolution_covers_all_columns(tmp_path: Path) -> None:
    attrs = {"device": "bitalino", "resolution": np.array([4, 1, 1, 1, 1, 10], np.int32)}
    got = decode(write(tmp_path / "a.h5", [i % 16 for i in range(100)], attrs))
    assert got.gaps == []
    np.testing.assert_allclose(got.samples, (np.arange(100) / 1024 - 0.5) * 3, rtol=1e-12)


def test_samples_that_the_header_promised(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.h5", list(range(50)), {"nsamples": np.int32(80)}))
    assert "80 samples, 50 are there" in got.warnings[0]


def test_what_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"CH1 \[EMG\].*--channel"):
        open_recording(write(tmp_path / "a.h5", [1, 2], sensor="EMG"), ReadOptions())
    with pytest.raises(TruncatedError, match="no samples"):
        open_recording(write(tmp_path / "a.h5", []), ReadOptions())
    cut = tmp_path / "cut.h5"
    cut.write_bytes(write(tmp_path / "a.h5", list(range(5000))).read_bytes()[:3000])
    with pytest.raises(TruncatedError, match="cut"):
        open_recording(cut, ReadOptions())
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_group("weights")
    with pytest.raises(FormatError, match="weights"):
        open_recording(tmp_path / "b.h5", ReadOptions())


@pytest.mark.parametrize("key", ["channel_1", "nSeq"])
@pytest.mark.parametrize(
    "data",
    [np.float64(3), np.array("text", "S9"), np.zeros((50, 2)), np.zeros(50, [("a", "f4")]), np.full(50, "a", "S1")],
)
def test_columns_that_are_none(tmp_path: Path, key: str, data: Any) -> None:
    path = write(tmp_path / "a.h5", list(range(50)))
    with h5py.File(path, "a") as file:
        raw_group = file["AA/raw"]
        del raw_group[key]
        raw_group.create_dataset(key, data=data)
    with pytest.raises(FormatError, match="expected one column of numbers"):
        open_recording(path, ReadOptions())


def test_sequence_numbers_that_are_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", list(range(50)))
    with h5py.File(path, "a") as file:
        del file["AA/raw/nSeq"]
        file["AA/raw"].create_dataset("nSeq", data=np.where(np.arange(50) == 20, np.nan, np.arange(50.0)))
    got = decode_until_error(path, match=r"a\.h5, sample 20: nSeq is nan")
    assert raw(got) == list(range(20))


def test_bits_that_flipped(tmp_path: Path) -> None:
    data = write(tmp_path / "a.h5", list(range(400))).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(150):
        wrong = bytearray(data)
        for at in rng.integers(8, len(data), 4):
            wrong[at] ^= 1 << int(rng.integers(8))
        (tmp_path / "b.h5").write_bytes(wrong)
        with contextlib.suppress(EcgLiveError):
            decode(tmp_path / "b.h5")


def test_one_recording_in_three_formats(shared_data: Path) -> None:
    folder = shared_data / "opensignals"
    text, hdf5 = (decode(folder / f"supine_1min.{suffix}") for suffix in ("txt", "h5"))
    np.testing.assert_array_equal(text.samples, hdf5.samples)
    assert (len(text.samples), text.gaps, hdf5.gaps) == (60000, [], [])
    assert text.info.full_scale is not None
    assert np.count_nonzero(text.samples == text.info.full_scale[1]) == 18
    edf = decode(folder / "supine_1min.edf")
    same = decode(folder / "supine_1min.txt", ReadOptions(gain=1019))
    step = 2.94 / 32767
    below = np.clip(same.samples, -1.47, 1.47) - edf.samples
    assert below.min() > -0.06 * step  # floored, to a grid that lies a little off
    assert below.max() < 1.06 * step


def test_a_real_file() -> None:
    got = decode(demo_recording(), size=1000)
    assert (len(got.samples), got.gaps, got.warnings) == (417_150, [], [])
    assert got.info.duration == 417.15


def test_a_real_file_with_what_the_makers_software_found(shared_data: Path) -> None:
    got = decode(shared_data / "opensignals" / "ecg_5_min.h5", size=1000)
    assert (len(got.samples), got.gaps, got.warnings) == (300_000, [], [])


def bare(path: Path, numbers: int = 200) -> Path:
    """A device without a column."""
    write(path, list(range(numbers)))
    with h5py.File(path, "a") as file:
        del file["AA/raw/channel_1"]
    return path


def test_a_column_that_lies_outside_the_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(400))
    path = bare(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        outside = [(str(tmp_path / "secret"), 0, 400)]
        file.create_dataset("AA/raw/channel_1", shape=(200, 1), dtype="u2", external=outside)
    with pytest.raises(FormatError, match="channel_1 lies outside the file"):
        open_recording(path, ReadOptions(channel="1"))


def test_a_virtual_column_is_not_read(tmp_path: Path) -> None:
    path, other = bare(tmp_path / "a.h5"), write(tmp_path / "other.h5", list(range(200)))
    with h5py.File(path, "a") as file:
        layout = h5py.VirtualLayout(shape=(200, 1), dtype="u2")
        layout[:] = h5py.VirtualSource(str(other), "AA/raw/channel_1", shape=(200, 1))
        file.create_virtual_dataset("AA/raw/channel_1", layout)
    with pytest.raises(FormatError, match="channel_1 lies outside the file"):
        open_recording(path, ReadOptions(channel="1"))


@pytest.mark.parametrize("name", ["BB", "AA/raw/channel_1", "AA/raw/nSeq"])
@pytest.mark.parametrize("outside", [True, False])
def test_links_are_not_followed(tmp_path: Path, name: str, outside: bool) -> None:
    path = write(tmp_path / "a.h5", list(range(200)))
    write(tmp_path / "other.h5", list(range(200)))
    with h5py.File(path, "a") as file:
        if name in file:
            del file[name]
        there = name.replace("BB", "AA")
        file[name] = h5py.ExternalLink(str(tmp_path / "other.h5"), there) if outside else h5py.SoftLink("/" + there)
    with pytest.raises(FormatError, match=f"{name.rsplit('/', 1)[-1]} is a link"):
        open_recording(path, ReadOptions(channel="1"))


def test_chunks_that_unpack_to_more_than_a_recording_needs(tmp_path: Path) -> None:
    path = bare(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        shape = (30_000_000, 1)
        data = file.create_dataset("AA/raw/channel_1", shape=shape, dtype="u2", chunks=shape, compression="gzip")
        data.attrs["sensor"] = "ECG"
    assert path.stat().st_size < 100_000
    with pytest.raises(FormatError, match="in chunks of 60000000 bytes, expected 16777216 at most"):
        open_recording(path, ReadOptions())


def test_a_column_that_promises_more_than_can_be_stored(tmp_path: Path) -> None:
    path = bare(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        data = file.create_dataset("AA/raw/channel_1", shape=(1 << 40, 1), dtype="u2", chunks=(1024, 1))
        data.attrs["sensor"] = "ECG"
    with pytest.raises(FormatError, match="has 2199023255552 bytes by its own words, 0 are stored"):
        open_recording(path, ReadOptions())


def test_a_filter_that_a_plug_in_would_have_to_be_loaded_for(tmp_path: Path) -> None:
    path = bare(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        data = file.create_dataset("AA/raw/channel_1", data=np.zeros((200, 1), "u2"), chunks=(50, 1), compression="lzf")
        data.attrs["sensor"] = "ECG"
    assert len(decode(path).samples) == 200
    path.write_bytes(path.read_bytes().replace((32000).to_bytes(2, "little"), (32015).to_bytes(2, "little")))
    with pytest.raises(FormatError, match="packed with filter 32015, expected one of gzip"):
        open_recording(path, ReadOptions())
