"""Poly5, as TMSi's recorders leave it behind: whole, cut, padded, or never closed."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.files import open_recording
from devices.files.poly5 import read_poly5_header
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, EcgLiveError, FormatError, RecordingError, TruncatedError
from ecg_live.events import Chunk
from tests.support.decoding import decode
from tests.support.files.poly5_files import PLAIN, counted, poly5
from tests.support.peak_memory import SLACK, peak

NAMES = ["EDA", "ECG", "Resp"]
BLOCK = 86 + 16 * 4 * 3  # bytes of header and samples of a whole block as `poly5` makes it


def index(samples: np.ndarray[Any, np.dtype[np.float64]]) -> list[int]:
    return [round(v) for v in samples.tolist()]


@pytest.mark.parametrize("version", [203, 204])
@pytest.mark.parametrize("n", [1, 15, 16, 17, 100])
def test_every_sample_of_the_channel_called_ecg(tmp_path: Path, version: int, n: int) -> None:
    got = decode(poly5(tmp_path / "pp1_18-9-2012_c1.S00", NAMES, counted(n), version=version))
    assert index(got.samples) == list(range(n))
    assert (got.info.rate, got.info.channels, got.info.duration) == (2048, ("ECG",), n / 2048)
    assert (got.gaps, got.warnings) == ([], [])


def test_a_channel_by_name_or_number(tmp_path: Path) -> None:
    path = poly5(tmp_path / "a.S00", ["A1", "ECG", "Resp"], counted(40))
    assert index(decode(path, ReadOptions(channel="resp")).samples) == [-7] * 40
    assert index(decode(path, ReadOptions(channel="2")).samples) == list(range(40))
    with pytest.raises(ConfigError, match=r"2 of its channels are ECG: 1 ECG I \[ECG\], 2 ECG II"):
        open_recording(poly5(tmp_path / "b.S00", ["ECG I", "ECG II"], counted(9, 2)), ReadOptions())
    with pytest.raises(ConfigError, match=r"none of its channels.*1 A \[kind unknown\]"):
        open_recording(poly5(tmp_path / "c.S00", ["A", "B"], counted(9, 2)), ReadOptions())


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("\u00b5Volt", 1e-3), ("uV", 1e-3), ("\u00e6Volt", 1e-3), ("mVolt", 1), ("Volt", 1e3), ("nV", 1e-6), ("", 1)],
)
def test_units_by_name(tmp_path: Path, unit: str, factor: float) -> None:
    got = decode(poly5(tmp_path / "a.S00", NAMES, counted(40), unit=unit))
    np.testing.assert_allclose(got.samples, np.arange(40) * factor, rtol=1e-6)


def test_a_unit_that_is_none(tmp_path: Path) -> None:
    path = poly5(tmp_path / "a.S00", NAMES, counted(40), unit="degC")
    with pytest.raises(ConfigError, match=r"degC.*--unit"):
        open_recording(path, ReadOptions())
    assert decode(path, ReadOptions(unit="uV")).samples[30] == pytest.approx(0.03)


def test_converter_values_become_units(tmp_path: Path) -> None:
    span = (-5.0, 15.0, 100.0, 500.0)  # value = (x - 100) / 400 * 20 - 5
    got = decode(poly5(tmp_path / "a.S00", NAMES, counted(600), span=span))
    np.testing.assert_allclose(got.samples[[0, 100, 300, 500]], [-10, -5, 5, 15], atol=1e-5)


@pytest.mark.parametrize("span", [(0, 1, 5, 5), (1, 1, 0, 5), (0, np.nan, 0, 5), (0, np.inf, 0, 1)])
def test_a_range_that_is_none(tmp_path: Path, span: tuple[float, float, float, float]) -> None:
    with pytest.raises(FormatError, match="a range of no width"):
        open_recording(poly5(tmp_path / "a.S00", NAMES, counted(9), span=span), ReadOptions())


def test_padding_of_the_last_block_is_no_signal(tmp_path: Path) -> None:
    got = decode(poly5(tmp_path / "a.S00", NAMES, counted(40), padded=True))
    assert (index(got.samples), got.warnings) == (list(range(40)), [])


@pytest.mark.parametrize("counted_by_header", [0, -1, 1, 16, 84])
def test_counts_that_a_crash_left_behind(tmp_path: Path, counted_by_header: int) -> None:
    got = decode(poly5(tmp_path / "a.S00", NAMES, counted(100), periods=counted_by_header))
    assert index(got.samples) == list(range(100))
    assert f"counts {counted_by_header} samples, the file holds 100; the recorder did not close it" in got.warnings[0]


def test_a_file_cut_at_any_byte(tmp_path: Path) -> None:
    whole = poly5(tmp_path / "a.S00", NAMES, counted(40)).read_bytes()
    data = len(whole) - 2 * BLOCK - 86 - 8 * 4 * 3
    assert data == 217 + 6 * 136
    path = tmp_path / "cut.S00"
    for cut in [
        *range(30),
        100,
        216,
        217,
        300,
        *range(data - 2, data + 120),
        *range(data + BLOCK - 3, data + BLOCK + 90),
        *range(data + 2 * BLOCK, len(whole), 7),
    ]:
        path.write_bytes(whole[:cut])
        blocks, rest = divmod(cut - data, BLOCK)
        left = blocks * 16 + max(0, rest - 86) // 12 if cut > data else 0
        if left:
            got = decode(path)
            assert index(got.samples) == list(range(left))
            assert f"cut short: {left} of 40 samples are there" in got.warnings[0]
        else:
            with pytest.raises(EcgLiveError) as caught:
                decode(path)
            assert "\n" not in str(caught.value)
            if cut >= data:
                assert isinstance(caught.value, TruncatedError)


def test_counts_of_0_in_a_file_that_was_cut_as_well(tmp_path: Path) -> None:
    path = poly5(tmp_path / "a.S00", NAMES, counted(40), periods=0)
    path.write_bytes(path.read_bytes()[:-5])
    assert index(decode(path).samples) == list(range(39))


@given(n=st.integers(1, 200), each=st.integers(1, 50), channels=st.integers(1, 4), size=st.integers(1, 300))
@settings(max_examples=25, deadline=None)
def test_any_cutting_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, n: int, each: int, channels: int, size: int
) -> None:
    path = tmp_path_factory.mktemp("poly5") / "a.S00"
    poly5(path, ["ECG", "EDA", "Resp", "EMG"][:channels], counted(n, channels, 0), each=each)
    got = decode(path, size=size)
    assert index(got.samples) == list(range(n))
    assert got.counter == list(range(n))


def test_samples_of_many_reads(tmp_path: Path) -> None:
    assert index(decode(poly5(tmp_path / "a.S00", NAMES, counted(70001), each=1000)).samples) == list(range(70001))


@pytest.mark.parametrize(
    ("at", "value", "match"),
    [
        (147, (16).to_bytes(2, "little") + (96).to_bytes(2, "little"), "stored in 16 bits, expected 32"),
        (147, (16).to_bytes(2, "little") + (191).to_bytes(2, "little"), "a block has 191 bytes, expected 192"),
        (147, (0).to_bytes(2, "little") + (0).to_bytes(2, "little"), "a block has 0 bytes"),
        (119, (5).to_bytes(2, "little"), "5 descriptors, expected two a channel"),
        (119, (0).to_bytes(2, "little"), "0 descriptors"),
        (119, (-6).to_bytes(2, "little", signed=True), "-6 descriptors"),
        (27, b"5", "expected Poly5 2.03 or 2.04"),
        (114, bytes(4), "rate is 0 Hz"),
        (114, b"\xff\xff\xff\xff", "rate is -1 Hz"),
        (114, b"\x0a\0\x0a\0", "rate is 10 Hz"),
    ],
)
def test_headers_that_cannot_be(tmp_path: Path, at: int, value: bytes, match: str) -> None:
    path = poly5(tmp_path / "a.S00", NAMES, counted(40))
    data = bytearray(path.read_bytes())
    data[at : at + len(value)] = value
    path.write_bytes(data)
    with pytest.raises(FormatError, match=match):
        open_recording(path, ReadOptions())


def test_stored_slower_than_sampled_is_for_the_user_to_say(tmp_path: Path) -> None:
    path = poly5(tmp_path / "a.S00", NAMES, counted(40), storage=512)
    with pytest.raises(ConfigError, match=r"sampled at 2048 Hz, stored at 512 Hz.*--rate 512"):
        open_recording(path, ReadOptions())
    assert decode(path, ReadOptions(rate=512)).info.rate == 512
    with pytest.raises(ConfigError, match="2048 Hz, --rate says 1000"):
        open_recording(poly5(path, NAMES, counted(40)), ReadOptions(rate=1000))


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_damage_of_the_header_is_an_answer_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = poly5(tmp_path_factory.mktemp("poly5") / "a.S00", NAMES, counted(40))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(28, 217 + 6 * 136))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert len(decode(path).samples) <= 40
    except (RecordingError, ConfigError) as error:
        assert "\n" not in error.message  # noqa: PT017 - either is right


def test_when_a_recording_began(tmp_path: Path) -> None:
    assert read_poly5_header(poly5(tmp_path / "a.S00", NAMES, counted(9))).started == datetime(2012, 9, 18, 13, 15)  # noqa: DTZ001
    assert read_poly5_header(poly5(tmp_path / "b.S00", NAMES, counted(9), start=[0] * 7)).started is None


def test_numbers_that_are_none_stay_in_place(tmp_path: Path) -> None:
    samples = counted(40)
    samples[7, 1], samples[9, 1] = np.nan, np.inf
    got = decode(poly5(tmp_path / "a.S00", NAMES, samples, span=PLAIN))
    assert np.flatnonzero(np.isnan(got.samples)).tolist() == [7, 9]


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    path = poly5(tmp_path / "a.S00", NAMES, counted(70001), each=1000)
    recording = open_recording(path, ReadOptions())
    path.write_bytes(path.read_bytes()[:700000])
    given: list[float] = []

    def read() -> None:
        for piece in recording.chunks(100):
            if isinstance(piece, Chunk):
                given.extend(piece.samples[:, 0].tolist())

    with pytest.raises(TruncatedError, match="cut while it was read"):
        read()
    assert given == list(range(len(given)))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    short, long = (poly5(tmp_path / f"{n}.S00", NAMES, counted(n), each=1000) for n in (100_000, 300_000))
    decode(poly5(tmp_path / "a.S00", NAMES, counted(9)))  # what loads once is loaded
    assert peak(long) < peak(short) * 1.1 + SLACK
