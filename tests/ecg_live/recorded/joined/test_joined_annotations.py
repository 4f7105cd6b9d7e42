"""Annotations go along when recordings are joined, split or closed: with their history, at the same session clock."""

from __future__ import annotations

from pathlib import Path

import pytest
import pyxdf

from devices.read_options import ReadOptions
from ecg_live.annotations.change import MarkerKey
from ecg_live.errors import FormatError, RecordingError
from ecg_live.recorded.annotated import annotations_path, check_annotations, open_annotations, read_annotations
from ecg_live.recorded.export import export
from ecg_live.recorded.forget.ownership import read_owner
from ecg_live.recorded.joined.join import WearerRecording, join_recordings
from ecg_live.recorded.joined.split import split_recording
from ecg_live.recorded.report.annotated_session import annotate_session
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import RecordedMarker, load_session
from ecg_live.recorded.verify import verify
from tests.support.recorded_sessions import STRAP, rolled, story, strap_story
from tests.support.xdf_recordings import BEGAN, TEXTS, record


def annotate(path: Path) -> None:
    log = open_annotations(path, "lee")
    log.move(MarkerKey.of(35.5, "load <b>"), 37.0, reason="late")
    log.delete(MarkerKey.of(50.5, "end"))
    log.add("excluded", 32.0, 3.0, "electrode loose, Grüße")
    log.add("note", 41.0, text="spoke")
    log.delete("a2")
    log.add("marker", 16.25, text="=sound")


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A wearer of two files, of whose second a marker was moved, and a strap's; joined."""
    rolled(tmp_path / "a.xdf", story(), 30.0)
    annotate(tmp_path / "a.xdf")
    record(tmp_path / "b.xdf", strap_story(), STRAP, texts=TEXTS | {"participant": "P02"})
    open_annotations(tmp_path / "b.xdf", "kim").add("note", 5.0, text="laughed")
    wearers = [WearerRecording("ann", tmp_path / "a.xdf"), WearerRecording("bob", tmp_path / "b.xdf")]
    join_recordings(wearers, tmp_path / "both.xdf")
    return tmp_path / "both.xdf"


def annotated_markers(path: Path) -> list[tuple[float, str]]:
    markers: tuple[RecordedMarker, ...] = annotate_session(load_session(read_recording_files([path]))).session.markers
    return [(marker.time, marker.text) for marker in markers]


def test_split_gives_back_the_annotations_with_their_history(both: Path, tmp_path: Path) -> None:
    written = split_recording(both, tmp_path / "out")
    for before, after, participant in zip(("a.xdf", "b.xdf"), written, ("P01", "P02"), strict=True):
        assert read_annotations(after) == read_annotations(tmp_path / before)
        assert f'"participant": "{participant}"' in annotations_path(after).read_text("utf-8").splitlines()[0]
        found = check_annotations(after)
        assert found is not None
        assert found.problem == ""
        assert annotated_markers(after) == annotated_markers(tmp_path / before)
    assert (37.0, "load <b>") in annotated_markers(written[0])
    open_annotations(written[0], "sam").restore("a2")  # the history goes on
    assert [change.author for change in read_annotations(written[0]).changes] == [*6 * ["lee"], "sam"]


def test_the_joined_file_holds_them_at_the_session_clock(both: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert verify(both).sound
    streams, _ = pyxdf.load_xdf(str(both), dejitter_timestamps=False)
    found = {stream["info"]["name"][0]: stream for stream in streams}
    ann = found["ann/Annotations"]
    assert ann["time_stamps"] == pytest.approx([BEGAN + at for at in (37.0, 50.5, 32.0, 41.0, 41.0, 16.25)], abs=1e-6)
    assert "electrode loose, Grüße" in ann["time_series"][2][0]
    assert len(found["bob/Annotations"]["time_series"]) == 1
    assert not [each for each in caplog.messages if "segments differ" in each]  # as of a stream without clock offset


def test_forget_knows_whose_the_joined_annotations_are(both: Path) -> None:
    assert read_owner(both).joined == ("P01", "P02")


def test_a_file_that_begins_later_has_them_on_its_own_axis(tmp_path: Path) -> None:
    _, second, *_ = rolled(tmp_path / "a.xdf", story(), 30.0)
    annotate(tmp_path / "a.xdf")
    before = annotate_session(load_session(read_recording_files([second])))
    join_recordings([WearerRecording("ann", second)], tmp_path / "one.xdf")
    (after,) = split_recording(tmp_path / "one.xdf", tmp_path / "out")
    ((time, text),) = annotated_markers(after)
    (kept,) = before.session.markers
    assert time == pytest.approx(kept.time)
    assert text == kept.text
    (excluded,) = read_annotations(after).excluded
    assert excluded.onset == pytest.approx(before.annotations.excluded[0].onset, abs=1e-6)
    assert [change.number for change in read_annotations(after).changes] == [1, 2, 3, 4, 5]  # all but the added marker


def test_annotations_that_are_in_the_way_or_of_another_recording_are_refused(both: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    other = annotations_path(tmp_path / "out" / "both_ann.xdf")
    other.write_bytes(b"mine")
    with pytest.raises(RecordingError, match="there already"):
        split_recording(both, tmp_path / "out")
    assert [path.name for path in other.parent.iterdir()] == [other.name]
    annotations_path(tmp_path / "b.xdf").replace(annotations_path(tmp_path / "a.xdf"))
    with pytest.raises(FormatError, match="belongs to another recording"):
        join_recordings([WearerRecording("ann", tmp_path / "a.xdf")], tmp_path / "new.xdf")
    assert not (tmp_path / "new.xdf").exists()


def test_a_file_that_is_closed_keeps_its_annotations(tmp_path: Path) -> None:
    path = tmp_path / "s.xdf"
    record(path, story())
    annotate(path)
    path.write_bytes(path.read_bytes()[:-300])
    result = export(path, "xdf", None, ReadOptions())
    assert result.files == [tmp_path / "s_closed.xdf", tmp_path / "s_closed.annotations.jsonl"]
    assert read_annotations(result.files[0]) == read_annotations(path)
    with pytest.raises(RecordingError, match="there already"):
        export(path, "xdf", None, ReadOptions())
    assert export(path, "xdf", None, ReadOptions(), force=True).files == result.files
    record(path.with_name("t.xdf"), story())
    annotations_path(path).replace(annotations_path(path.with_name("t.xdf")))
    other = export(path.with_name("t.xdf"), "xdf", None, ReadOptions())
    assert any("belongs to another recording" in remark for remark in other.remarks)
    assert other.files == [tmp_path / "t_closed.xdf"]
