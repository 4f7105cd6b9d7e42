"""The recorder's files, as pyxdf and our own reader see them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live import __version__
from ecg_live.errors import RecordingError
from ecg_live.events import Chunk, Marker, State, StreamInfo
from ecg_live.signal.pipeline import SignalPath
from ecg_live.sinks.dispatcher import Dispatcher
from ecg_live.sinks.display_buffer import DisplayBuffer
from ecg_live.sinks.xdf_parts import RollLimits
from ecg_live.xdf.decode import ChunkLocation, iter_chunks
from tests.support.decoding import decode
from tests.support.scripted_source import HandClock
from tests.support.synthetic_signals import eventful as made_eventful
from tests.support.synthetic_signals import play
from tests.support.xdf_recordings import BEGAN, INFO, RATE, TEXTS, counted, ecg, eventful, load, record, recorder, until


def test_all_streams_as_pyxdf_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "a.xdf"
    record(path, eventful())
    got = load(path)
    assert list(got) == [
        "ecg", "gaps", "markers", "predictions", "decisions", "quality", "heart_rate", "features", "events",
        "self_reports", "affect_ratings", "rr_intervals", "hrv",
    ]  # fmt: skip
    index = [*range(3000), *range(3100, 4000)]
    assert got["ecg"]["time_series"][:, 0].tolist() == index
    np.testing.assert_allclose(got["ecg"]["time_stamps"], BEGAN + np.array(index) / RATE, rtol=0, atol=1e-6)
    assert got["gaps"]["time_series"].tolist() == [[3000, 100, 0]]
    assert got["markers"]["time_series"] == [["Grüße, <b>\n\x01"]]
    assert got["markers"]["time_stamps"].tolist() == [BEGAN + 11.25]
    assert got["predictions"]["time_series"].tolist() == [[1, 11, 0.01, 0.25, 0.75]]
    assert got["predictions"]["time_stamps"].tolist() == [BEGAN + 11]
    assert got["decisions"]["time_series"] == [["load", "", "population"]]
    assert got["quality"]["time_series"] == [["poor", "baseline step; rail"]]
    np.testing.assert_array_equal(got["heart_rate"]["time_series"], [[72, np.nan]])
    np.testing.assert_array_equal(got["features"]["time_series"], np.arange(128, dtype=np.float32)[None])
    told = [json.loads(text) for (text,) in got["events"]["time_series"]]
    assert [each["type"] for each in told] == ["gap", "state", "summary"]


def test_what_the_headers_and_footers_say(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    clock = HandClock()
    record(path, eventful(), clock=clock)
    got = load(path)
    info = {key: value[0] for key, value in got["ecg"]["info"].items() if isinstance(value, list) and value}
    assert (info["name"], info["type"], info["channel_count"]) == ("Made up", "ECG", "1")
    assert (info["channel_format"], float(info["nominal_srate"]), info["session_id"]) == ("double64", RATE, "S1")
    assert float(info["created_at"]) == clock.now
    assert info["source_id"] == "made-up/ecg"
    assert info["desc"]["channels"][0]["channel"][0] == {"label": ["ECG"], "unit": ["millivolts"], "type": ["ECG"]}
    own = {key: value[0] for key, value in info["desc"]["ecg_live"][0].items()}
    assert {key: own[key] for key in ("participant", "session", "configuration")} == {
        key: TEXTS[key] for key in ("participant", "session", "configuration")
    }
    assert own["software"] == f"ecg-live {__version__}"
    assert "model" not in own
    assert got["predictions"]["info"]["desc"][0]["ecg_live"][0]["model"] == ['{"name": "<&> \\u0001"}']
    footer = got["ecg"]["footer"]["info"]
    assert int(footer["sample_count"][0]) == 3900
    assert float(footer["last_timestamp"][0]) == pytest.approx(BEGAN + 3999 / RATE)
    assert len({stream["info"]["uid"][0] for stream in got.values()}) == len(got)
    _, header = pyxdf.load_xdf(str(path))
    assert datetime.fromisoformat(header["info"]["datetime"][0]).tzinfo is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", header["info"]["datetime"][0])  # as LabRecorder


def test_headers_are_ascii_for_readers_that_count_characters(tmp_path: Path) -> None:
    path, name = tmp_path / "a.xdf", "Brüstgurt \N{GREEK SMALL LETTER MU}V \N{MUSICAL SYMBOL G CLEF}"
    record(path, counted(0, 100), replace(INFO, name=name, channels=(name,)))
    found = [
        file.read(each.size)
        for file, each in iter_chunks(path)
        if isinstance(each, ChunkLocation) and each.tag in {1, 2, 6}
    ]
    assert len(found) == 1 + 2 * len(load(path))  # a header of the file, header and footer of each stream
    assert all(text.isascii() for text in found)
    info = load(path)["ecg"]["info"]
    assert (info["name"], info["desc"][0]["channels"][0]["channel"][0]["label"]) == ([name], [name])


@pytest.mark.parametrize("dejitter", [True, False])
def test_a_replay_has_the_same_samples_gaps_and_markers(tmp_path: Path, dejitter: bool) -> None:
    path = tmp_path / "a.xdf"
    record(path, eventful())
    got = decode(path)
    assert got.samples.tolist() == load(path, dejitter=dejitter)["ecg"]["time_series"][:, 0].tolist()
    assert got.counter == got.samples.tolist()
    assert got.gaps == [(3000, 100)]
    (marker,) = got.markers
    assert (marker.text, round(marker.time, 6)) == ("Grüße, <b>\n\x01", 11.25)
    assert (got.info.rate, got.info.full_scale, got.info.channels) == (RATE, (-1.5, 1.5), ("ECG",))


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_however_chunks_are_cut(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.xdf"
    record(path, eventful(sizes), interval=0.001)
    got, told = load(path), decode(path)
    assert told.counter == told.samples.tolist() == [*range(3000), *range(3100, 4000)]
    np.testing.assert_allclose(
        got["ecg"]["time_stamps"], BEGAN + got["ecg"]["time_series"][:, 0] / RATE, rtol=0, atol=1e-6
    )
    assert [len(stream["time_stamps"]) for stream in got.values()] == [3900, 1, 1, 1, 1, 1, 1, 1, 3, 0, 0, 0, 0]
    assert told.markers[0].time == pytest.approx(11.25, abs=1e-6)


@pytest.mark.parametrize("rate", [256.0, 1000.0, 130.0])
def test_windows_of_a_replay_are_those_of_the_session_to_the_bit(tmp_path: Path, rate: float) -> None:
    tape = replace(made_eventful(rate), leads=())
    items = list(tape.items([37, 211, 5]))
    source = replace(INFO, rate=rate, full_scale=None)
    record(tmp_path / "a.xdf", [item for item in items if isinstance(item, Chunk)], source)
    live = play(SignalPath(source), items)
    replayed = open_recording(tmp_path / "a.xdf", ReadOptions())
    again = play(SignalPath(replayed.info), [each for each in replayed.chunks(64) if isinstance(each, Chunk)])
    assert len(live.windows) > 3
    for one, other in zip(live.windows, again.windows, strict=True):
        assert one.data.tobytes() == other.data.tobytes()
        assert (one.start, one.stop, one.quality, one.bridged) == (
            other.start,
            other.stop,
            other.quality,
            other.bridged,
        )
    assert [(g.start, g.lost, g.bridged) for g in live.gaps] == [(g.start, g.lost, g.bridged) for g in again.gaps]


def test_stamps_that_jitter_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    late = np.random.default_rng(0).uniform(0, 0.05, 50)
    chunks = [Chunk(c.samples, c.start, c.time + j) for c, j in zip(counted(0, 1000), late, strict=True)]
    record(path, chunks)
    stamps = load(path)["ecg"]["time_stamps"]
    assert stamps[::20].tolist() == [chunk.time for chunk in chunks]
    assert decode(path).gaps == []


def test_a_recording_that_begins_in_mid_session(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    record(path, [*counted(51200, 52000), Marker(BEGAN + 52010 / RATE, "late"), *counted(52007, 53000)])
    got = decode(path)
    assert got.gaps == [(800, 7)]
    assert got.counter == [each - 51200 for each in got.samples]
    assert got.markers[0].time == pytest.approx(810 / RATE)


def test_the_channel_that_was_judged_is_the_one_that_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    info = StreamInfo(RATE, ("Lead I", "Lead II", "Breath"), ecg=1)
    x = np.arange(3000.0).reshape(1000, 3)
    record(path, [Chunk(x, 0, BEGAN)], info)
    got = decode(path)
    assert (got.info.channels, got.samples.tolist()) == (("Lead II",), x[:, 1].tolist())


def test_a_session_without_ecg(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    record(path, [Marker(1.0, "x"), State("warning", "y")], StreamInfo(RATE, (), name="strap"))
    assert "ecg" not in load(path)
    with pytest.raises(RecordingError, match="without ECG"):
        decode(path)


def test_clock_offsets_and_boundaries_come_at_intervals(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.xdf", HandClock()
    sink = recorder(path, clock, interval=0.001)
    for _ in range(12):
        clock.wait(2.5)
        sink.write(State("warning", "tick", clock.now))
        until(lambda: not sink.status.late)
    sink.close()
    assert path.read_bytes().count(bytes.fromhex("43A546DCCBF5410FB30ED5467383CBE4")) == 3
    (times,) = {tuple(stream["clock_times"]) for stream in load(path).values()}
    assert times == (1000.0, 1005.0, 1010.0, 1015.0, 1020.0, 1025.0, 1030.0, 1030.0)


def test_rolling_by_size_and_time_loses_nothing(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.xdf", HandClock()
    sink = recorder(path, clock, roll=RollLimits(50.0, 40_000), interval=0.001)
    for part in range(10):
        for chunk in counted(1000 * part, 1000 * part + 1000):
            sink.write(chunk)
        clock.wait(10.0)
        until(lambda: not sink.status.late)
    sink.close()
    parts = [path, *(tmp_path / f"a_{k}.xdf" for k in range(2, 9) if (tmp_path / f"a_{k}.xdf").exists())]
    assert len(parts) >= 3
    assert np.concatenate([ecg(each) for each in parts]).tolist() == list(range(10_000))
    assert [decode(each).gaps for each in parts] == [[]] * len(parts)
    uids = {pyxdf.load_xdf(str(each))[1]["info"]["recording"][0] for each in parts}
    assert len(uids) == 1
    assert sink.status.size == sum(each.stat().st_size for each in parts)


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    path.write_text("precious")
    with pytest.raises(RecordingError, match="is there already"):
        recorder(path)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_markers_from_before_the_recording_lie_at_their_true_times(tmp_path: Path, speed: float) -> None:
    """Raw time begins at 100 s of the session clock; the recording does at 8 s of raw time."""
    path, clock = tmp_path / "a.xdf", HandClock()
    info = replace(INFO, speed=speed)
    fanout = Dispatcher(
        info, DisplayBuffer(RATE, clock), [], clock, lambda: None, lambda _: recorder(path, clock, info)
    )
    chunks = [replace(each, time=BEGAN + each.start / RATE / speed) for each in counted(0, 5000)]
    fanout.send(Marker(BEGAN - 1.5 / speed, "before the first sample"))
    for k, chunk in enumerate(chunks):
        if k == 100:
            fanout.send(Marker(BEGAN + 3.25 / speed, "early"))
            fanout.begin_recording()
            fanout.send(Marker(BEGAN + 7.8125 / speed, "inside"))
        fanout.send(chunk)
    fanout.close()
    got = decode(path)
    assert [(each.text, round(each.time + 2000 / RATE, 6)) for each in got.markers] == [
        ("before the first sample", -1.5), ("early", 3.25), ("inside", 7.8125)
    ]  # fmt: skip
    assert got.counter == [each - 2000 for each in got.samples]
