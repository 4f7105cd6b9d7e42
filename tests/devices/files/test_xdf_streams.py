"""XDF as laboratories record it: clocks that are set, streams that are started anew, odd markers, damaged stretches."""

import math
import struct
from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.files.xdf.clock_offsets import SenderClock
from devices.read_options import ReadOptions
from devices.replay import Replay
from ecg_live.errors import ConfigError, TruncatedError
from ecg_live.events import F64, Chunk, Gap, Marker
from tests.support.decoding import decode
from tests.support.files.xdf_files import chunk, header, note, offset, samples, write
from tests.support.scripted_source import HandClock

RATE = 100
BOUNDARY = chunk(5, bytes.fromhex("43A546DCCBF5410FB30ED5467383CBE4"))


def second(number: int, k: int, stamp: float, form: str = "float32") -> bytes:
    """A second of samples, each its own index, stamped from ``stamp`` on."""
    return samples(number, form, [[k * RATE + i] for i in range(RATE)], [stamp + i / RATE for i in range(RATE)])


def ecg(number: int = 1, name: str = "P") -> bytes:
    return header(number, name, "ECG", "float32", RATE)


def with_source(head: bytes, source: str) -> bytes:
    number = struct.unpack_from("<I", head, 11)[0]
    return chunk(2, struct.pack("<I", number) + head[15:].replace(f"uid{number}".encode(), source.encode()), 8)


def rows(number: int, stamps: list[float], texts: list[list[str]]) -> bytes:
    body = b"".join(
        b"\x08" + struct.pack("<d", stamp) + b"".join(bytes([1, len(t.encode())]) + t.encode() for t in row)
        for stamp, row in zip(stamps, texts, strict=True)
    )
    return chunk(3, struct.pack("<I", number) + bytes([1, len(stamps)]) + body)


@pytest.mark.parametrize("jump", [200_000.0, -5000.0, 30.0, -30.0])
@pytest.mark.parametrize("pause", [0, 20])
def test_a_senders_clock_that_is_set_again_loses_nothing_but_a_pause(tmp_path: Path, jump: float, pause: int) -> None:
    parts = [ecg(), header(2, "M", "Markers", "string", 0)]
    for k in range(80):
        by, at = (jump, k + pause) if k >= 40 else (0.0, k)
        if k % 5 == 2:  # measured up to 5 s after the clock was set
            parts += [offset(1, 1000 + at + by, -500 - by + 1e-4 * (k % 3)), offset(2, 500 + at, 0.0)]
        parts.append(second(1, k, 1000 + at + by))
        parts += [note(2, f"m{k}", 500.5 + at)] if k in (20, 41, 60) else []
    got = decode(write(tmp_path / "a.xdf", *parts))
    assert got.samples.tolist() == list(range(8000))
    assert [(start, round(lost, -1)) for start, lost in got.gaps] == ([(4000, pause * RATE)] if pause else [])
    assert [(m.text, round(m.time, 2)) for m in got.markers] == [
        ("m20", 20.5), ("m41", 41.5 + pause), ("m60", 60.5 + pause),
    ]  # fmt: skip


def test_markers_of_a_sender_whose_clock_is_set_again(tmp_path: Path) -> None:
    parts = [ecg(), header(2, "M", "Markers", "string", 0)]
    for k in range(80):
        by = 7000.0 if k >= 40 else 0.0
        parts += [offset(2, 3000 + k + by, -2000 - by)] if k % 5 == 0 else []
        parts += [second(1, k, 1000.0 + k), *([note(2, str(k), 3000.25 + k + by)] if k % 19 == 3 else [])]
    got = decode(write(tmp_path / "a.xdf", *parts))
    assert [round(m.time, 6) for m in got.markers] == [3.25, 22.25, 41.25, 60.25, 79.25]


def test_one_offset_that_is_off_is_no_clock_that_was_set() -> None:
    measured = [(5.0 * k, 100.0 + (0.5 if k == 7 else 0.0) + 1e-5 * k) for k in range(20)]
    stamps = np.arange(0, 95, 0.01)
    np.testing.assert_allclose(SenderClock(measured, 0.01).corrected(stamps), stamps + 100, atol=1e-3)


def test_offsets_do_not_depend_on_how_stamps_are_cut() -> None:
    measured = [(5.0 * k + (300 if k > 9 else 0), 50.0 + 1e-4 * k - (300 if k > 9 else 0)) for k in range(20)]
    stamps = np.concatenate((np.arange(0, 48, 0.01), np.arange(348, 400, 0.01)))
    whole = SenderClock(measured, 0.01).corrected(stamps)
    clock = SenderClock(measured, 0.01)
    parts: list[F64] = [clock.corrected(part) for part in np.array_split(stamps, 37)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert np.abs(np.diff(whole) - 0.01).max() < 0.002


def test_a_real_recording_whose_clock_was_set_during_a_pause(shared_data: Path) -> None:
    got = decode(shared_data / "xdf" / "clock_resets.xdf", ReadOptions(channel="BioSemi 1"))
    ((start, lost),) = got.gaps
    assert start == 12876
    assert lost / got.info.rate == pytest.approx(273.56, abs=0.05)
    assert "states 100 Hz, the time stamps show 93.2142 Hz" in got.warnings[0]
    assert start / got.info.rate == pytest.approx(138.13, abs=0.01)
    assert len(got.markers) == 175
    assert got.markers[-1].time - got.markers[0].time == pytest.approx(567.89, abs=1.5)  # the rate itself wanders


def test_a_header_that_states_half_the_rate_is_reported(tmp_path: Path) -> None:
    parts = [samples(1, "float32", [[i] for i in range(200)], [k + i / 200 for i in range(200)]) for k in range(20)]
    got = decode(write(tmp_path / "a.xdf", ecg(), *parts))
    assert (got.info.rate, got.gaps) == (200, [])
    assert got.warnings == ["a.xdf: the header states 100 Hz, the time stamps show 200 Hz, which is used"]


def test_a_stream_of_the_same_name_that_never_sent_does_not_count(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xdf", ecg(1), ecg(2), offset(1, 1, 0), *(second(2, k, 50.0 + k) for k in range(9)))
    assert len(decode(path).samples) == 900
    with pytest.raises(TruncatedError, match="has no samples"):
        open_recording(write(tmp_path / "b.xdf", ecg(1)), ReadOptions())


def test_a_device_that_was_started_again_goes_on_in_the_same_recording(tmp_path: Path) -> None:
    heads = with_source(ecg(1), "aa"), with_source(ecg(2), "aa")
    first = [second(1, k, 50.0 + k) for k in range(40)]
    then = [second(2, 40 + k, 7000.0 + k) for k in range(40)]
    path = write(tmp_path / "a.xdf", heads[0], *first, heads[1], offset(2, 7000, -6900.0), *then)
    got = decode(path)
    assert got.gaps == [(4000, 1000)]
    assert got.samples.tolist() == list(range(8000))
    both = write(tmp_path / "b.xdf", *heads, *first, offset(2, 7000, -6950.0), *then)  # at the same time
    with pytest.raises(ConfigError, match="2 of its channels are ECG"):
        open_recording(both, ReadOptions())
    others = write(tmp_path / "c.xdf", ecg(1), *first, ecg(2), offset(2, 7000, -6900.0), *then)  # by source id
    with pytest.raises(ConfigError, match="2 of its channels are ECG"):
        open_recording(others, ReadOptions())


def test_markers_of_several_channels_and_of_numbers(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xdf", ecg(), header(2, "T", "Markers", "string", 0, ["a", "b"]),
        header(3, "N", "Markers", "int32", 0), header(4, "F", "MyMarkers", "double64", 0, ["x", "y"]),
        header(5, "Empty", "Markers", "string", 0),
        *(second(1, k, 1000.0 + k) for k in range(5)),
        rows(2, [1001.0, 1002.0], [["block", "1"], ["cue", "left \u00fc"]]),
        samples(3, "int32", [[1_000_001]], [1003.0]), samples(4, "double64", [[0.5, 7]], [1004.0]),
        second(1, 5, 1005.0),
    )  # fmt: skip
    marks = [(round(m.time, 9), m.text) for m in decode(path).markers]
    assert marks == [(1.0, "block 1"), (2.0, "cue left \u00fc"), (3.0, "1000001"), (4.0, "0.5 7")]


def test_behind_damage_a_boundary_says_where_to_go_on(tmp_path: Path) -> None:
    head, blocks = ecg(), []
    for k in range(30):
        blocks += [BOUNDARY] if k % 10 == 0 else []
        blocks.append(second(1, k, 1000.0 + k))
    path = write(tmp_path / "a.xdf", head, *blocks)
    whole = bytearray(path.read_bytes())
    starts = [len(whole) - sum(map(len, blocks[i:])) for i in range(len(blocks))]
    for begin in (starts[13], starts[13] + 1, starts[13] + 700, starts[14] - 30, starts[12]):
        damaged = bytearray(whole)
        damaged[begin : begin + 2000] = bytes(2000)
        path.write_bytes(damaged)
        got = decode(path)
        ((start, lost),) = got.gaps
        assert start + lost == 2000
        assert start in (1000, 1100, 1200)
        assert got.samples.tolist() == [*range(start), *range(2000, 3000)]
        assert "are damaged and left out" in got.warnings[0]
        assert "byte" in got.warnings[0]
    wrong = chunk(3, struct.pack("<I", 1) + b"\x01\x02\x05" + b"\0" * 30)
    got = decode(write(tmp_path / "b.xdf", head, *blocks[:5], wrong, *blocks[5:]))
    assert got.samples.tolist() == [*range(400), *range(1000, 3000)]


def test_a_chunk_length_that_leads_far_away_is_damage_too(tmp_path: Path) -> None:
    torn = b"\x04" + struct.pack("<I", 1 << 29)
    parts = [second(1, k, 1000.0 + k) for k in range(6)]
    got = decode(write(tmp_path / "a.xdf", ecg(), *parts[:2], torn, *parts[2:4], BOUNDARY, *parts[4:]))
    assert got.gaps == [(200, 200)]


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_markers_of_a_file_are_the_same_at_every_speed(tmp_path: Path, size: int) -> None:
    times = [-2.5, 0.0, 12.1, 12.35, 20.0, 33.75, 61.0]
    parts = [ecg(), header(2, "M", "Markers", "string", 0)]
    for k in range(60):
        at = 1000.0 + k + (10 if k >= 30 else 0)
        parts += [note(2, str(t), 1000 + t) for t in times if t // 1 == k - 1]  # before the samples of their time
        parts.append(second(1, k, at))
    parts += [note(2, str(t), 1000 + t) for t in (-2.5, 33.75, 61.0)]
    path = write(tmp_path / "a.xdf", *parts)
    expected = sorted([*(t for t in times if 0 <= t + 1 < 60), -2.5, 33.75, 61.0])
    for speed in (1.0, 20.0, math.inf):
        time = HandClock()

        def wait(seconds: float, time: HandClock = time) -> bool:
            time.wait(seconds)
            return False

        opened = open_recording(path, ReadOptions())
        with Replay(opened, ReadOptions(speed=speed, chunk=size / RATE), time, wait) as source:
            items = list(source)
        played = [item for item in items if isinstance(item, Marker)]
        assert sorted(round(m.raw if m.raw is not None else math.nan, 6) for m in played) == expected
        assert isinstance(items[0], Chunk)
        for marker in played:
            assert marker.time == pytest.approx(1000 + (marker.raw or 0.0) / speed)
    stop = 0
    for item in open_recording(path, ReadOptions()).chunks(size):
        if isinstance(item, Chunk | Gap):
            stop = item.stop
        elif isinstance(item, Marker) and stop < 6900:
            assert max(0.0, item.time * RATE) <= stop  # behind the sample of its time
    assert sorted(round(m.time, 6) for m in decode(path, size=size).markers) == expected
