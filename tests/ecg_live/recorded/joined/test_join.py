"""Several wearers in one file: pyxdf reads it, a digest seals it, and split gives back what was recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf

import ecg_live as api
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.recorded.joined.join import WearerRecording, join_recordings
from ecg_live.recorded.joined.session_streams import Footer, StreamsWriter, file_date, stream_chunks
from ecg_live.recorded.joined.split import split_recording
from ecg_live.recorded.report import write_report
from ecg_live.recorded.session_file import read_contents
from ecg_live.recorded.table import write_group_table
from ecg_live.recorded.table.recordings import find_recordings
from ecg_live.recorded.verify import verify
from ecg_live.sinks.xdf_parts import RollLimits
from ecg_live.xdf.encode import STREAM_FOOTER_TAG
from tests.support.xdf_recordings import BEGAN, INFO, TEXTS, counted, ecg, eventful, load, prediction, record, settled
from tests.support.xdf_recordings import recorder as open_recorder


@pytest.fixture
def two(tmp_path: Path) -> list[WearerRecording]:
    """Two wearers: of 256 Hz with a gap and a marker, and of two channels at 130 Hz."""
    record(tmp_path / "a.xdf", eventful())
    other = replace(INFO, rate=130.0, channels=("LL", "RA"), ecg=1, name="Strap")
    pairs = [replace(chunk, samples=np.repeat(chunk.samples, 2, axis=1)) for chunk in counted(0, 1500, rate=130.0)]
    record(tmp_path / "b.xdf", [*pairs, prediction()], other, texts=TEXTS | {"participant": "P02"})
    return [WearerRecording("ann", tmp_path / "a.xdf"), WearerRecording("bøb", tmp_path / "b.xdf")]


def streams_of(path: Path) -> Mapping[str, dict[str, Any]]:
    streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in streams}


def test_pyxdf_reads_all_streams_by_the_names_of_their_wearers(two: list[WearerRecording], tmp_path: Path) -> None:
    files = join_recordings(two, tmp_path / "both.xdf")
    assert files == [each.path for each in two]
    streams = streams_of(tmp_path / "both.xdf")
    own = [load(each.path) for each in two]
    assert {name.split("/")[0] for name in streams} == {"ann", "bøb"}
    assert len(streams) == sum(map(len, own))
    np.testing.assert_array_equal(streams["ann/Made up"]["time_series"], own[0]["ecg"]["time_series"])
    np.testing.assert_array_equal(streams["bøb/Strap"]["time_stamps"], own[1]["ecg"]["time_stamps"])
    assert streams["ann/Markers"]["time_series"] == own[0]["markers"]["time_series"]
    assert int(streams["bøb/Strap"]["footer"]["info"]["sample_count"][0]) == 1500


def test_the_file_is_sealed_and_closed(two: list[WearerRecording], tmp_path: Path) -> None:
    join_recordings(two, tmp_path / "both.xdf")
    found = verify(tmp_path / "both.xdf")
    assert found.sound
    assert found.closed
    assert found.has_digests
    assert any("missing between them" in line and ", 100 missing" in line for line in found.lines())
    damaged = bytearray((tmp_path / "both.xdf").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "both.xdf").write_bytes(damaged)
    assert not verify(tmp_path / "both.xdf").sound


def test_split_gives_back_what_was_recorded(two: list[WearerRecording], tmp_path: Path) -> None:
    join_recordings(two, tmp_path / "both.xdf")
    files = split_recording(tmp_path / "both.xdf", tmp_path / "out")
    assert [path.parent.name for path in files] == ["out", "out"]
    for each, path in zip(two, files, strict=True):
        assert verify(path).sound
        assert verify(path).closed
        before, after = read_contents(each.path), read_contents(path)
        assert before is not None
        assert after is not None
        assert before.streams.keys() == after.streams.keys()
        for key, stream in before.streams.items():
            assert replace(stream, number=0) == replace(after.streams[key], number=0)
            np.testing.assert_array_equal(before.numeric_streams[key].stamps, after.numeric_streams[key].stamps)
            np.testing.assert_array_equal(before.numeric_streams[key].values, after.numeric_streams[key].values)
            assert before.text_streams[key].values == after.text_streams[key].values
        assert (before.first_sample_index, before.first_timestamp) == (after.first_sample_index, after.first_timestamp)
        assert before.file_header["datetime"] == after.file_header["datetime"]
    np.testing.assert_array_equal(ecg(files[0]), ecg(two[0].path))
    assert api.read(files[1]).duration == pytest.approx(1500 / 130)


def test_each_keeps_the_date_of_its_own_recording(two: list[WearerRecording], tmp_path: Path) -> None:
    hour_ago = dt.datetime.fromisoformat(file_date(two[1].path)) - dt.timedelta(hours=1)
    date = hour_ago.strftime("%Y-%m-%dT%H:%M:%S%z")
    writer = StreamsWriter.begin(tmp_path / "old.xdf", date)
    for chunk in stream_chunks(two[1].path):
        if chunk.tag == STREAM_FOOTER_TAG:
            writer.footers.setdefault(chunk.stream, Footer()).add(chunk.content)
        else:
            writer.add(*chunk[::2], chunk.stream)
    writer.close()
    join_recordings([two[0], WearerRecording("old", tmp_path / "old.xdf")], tmp_path / "both.xdf")
    parts = split_recording(tmp_path / "both.xdf")
    assert [file_date(path) for path in parts] == [file_date(two[0].path), date]


def test_the_files_of_one_recording_become_one_stream(tmp_path: Path) -> None:
    sink = open_recorder(tmp_path / "a.xdf", roll=RollLimits(size=20_000))
    for chunk in counted(0, 8000, (500,)):
        sink.write(chunk)
        settled(sink)
    sink.write(prediction())
    sink.close()
    parts = sorted(tmp_path.glob("a*.xdf"))
    assert len(parts) > 2
    record(tmp_path / "b.xdf", [*counted(0, 500), prediction()])
    recordings = [WearerRecording("ann", tmp_path / "a.xdf"), WearerRecording("bob", tmp_path / "b.xdf")]
    assert sorted(join_recordings(recordings, tmp_path / "both.xdf")) == sorted([*parts, tmp_path / "b.xdf"])
    (ann, _) = split_recording(tmp_path / "both.xdf")
    np.testing.assert_array_equal(ecg(ann), np.arange(8000))
    assert verify(ann).sound


def test_one_wearer_of_two_recordings(two: list[WearerRecording], tmp_path: Path) -> None:
    again = [two[0], WearerRecording("ann", two[1].path)]
    join_recordings(again, tmp_path / "both.xdf")
    assert {name.split("/")[0] for name in streams_of(tmp_path / "both.xdf")} == {"ann", "ann 2"}


def test_readers_of_one_session_say_what_to_do(two: list[WearerRecording], tmp_path: Path) -> None:
    both = tmp_path / "both.xdf"
    join_recordings(two, both)
    for read in (
        api.read,
        lambda path: write_report([path], tmp_path / "page.html"),
        lambda path: write_group_table(find_recordings([path]), tmp_path / "table.csv"),
        read_contents,
    ):
        with pytest.raises(FormatError, match=r"both\.xdf holds the recordings of 2 wearers: ann, bøb") as caught:
            read(both)
        assert caught.value.remedy == "ecg-live split both.xdf makes a file of each"


def test_what_cannot_be_joined_is_left_as_it_is(two: list[WearerRecording], tmp_path: Path) -> None:
    out = tmp_path / "both.xdf"
    whole = two[1].path.read_bytes()
    two[1].path.write_bytes(whole[:-500])
    with pytest.raises(RecordingError, match="is not closed") as caught:
        join_recordings(two, out)
    assert "export b.xdf --to xdf" in str(caught.value.remedy)
    two[1].path.write_bytes(whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:])
    with pytest.raises(RecordingError, match="is damaged"):
        join_recordings(two, out)
    assert not out.exists()
    two[1].path.write_bytes(whole)
    out.write_bytes(b"mine")
    with pytest.raises(RecordingError, match="there already"):
        join_recordings(two, out)
    assert out.read_bytes() == b"mine"
    with pytest.raises(ConfigError, match="no recording"):
        join_recordings([], tmp_path / "none.xdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xdf", "b.xdf", "both.xdf"]


def test_a_recording_of_one_wearer_is_not_split(two: list[WearerRecording]) -> None:
    with pytest.raises(FormatError, match="names no wearers"):
        split_recording(two[0].path)


def test_the_synchrony_is_a_stream_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        signal = list(counted(0, 256 * 130, (2560,)))
        windows = [
            replace(prediction(float(second)), heart_rate=70 + 5 * np.sin(second / 9), time=BEGAN + second)
            for second in range(118)
        ]
        record(tmp_path / f"{name}.xdf", [*signal, *windows])
    recordings = [WearerRecording(name, tmp_path / f"{name}.xdf") for name in ("a", "b")]
    join_recordings(recordings, tmp_path / "both.xdf", 60)
    stream = streams_of(tmp_path / "both.xdf")["Synchrony"]
    labels = [channel["label"][0] for channel in stream["info"]["desc"][0]["channels"][0]["channel"]]
    assert labels == ["a and b: heart rate", "a and b: heart rate, limit of chance"]
    np.testing.assert_allclose(stream["time_series"][:, 0], 1, atol=1e-9)
    assert np.diff(stream["time_stamps"]).tolist() == [10] * (len(stream["time_stamps"]) - 1)
    assert BEGAN + 50 <= stream["time_stamps"][0] <= stream["time_stamps"][-1] <= BEGAN + 130
    assert len(split_recording(tmp_path / "both.xdf")) == 2
