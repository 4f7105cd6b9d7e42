"""A strap's session, which has no ECG, is exported to CSV, with the times of its report and table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.read_options import ReadOptions
from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import AffectRating, Beats, SelfReportAnswer
from ecg_live.recorded.export import export
from ecg_live.recorded.export.bids import BidsNames
from ecg_live.recorded.report.annotated_session import annotate_session, open_editor
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import load_session
from ecg_live.results import Item, RrInterval
from tests.support.recorded_sessions import STRAP, strap_story
from tests.support.xdf_recordings import BEGAN, record


def story() -> Iterator[Item]:
    """The session of `strap_story` with RR intervals, an answer and a second of ratings."""
    for item in strap_story():
        yield item
        if isinstance(item, Beats):
            second = item.time - BEGAN
            yield RrInterval(item.time, second, 0.8 + second / 100, "normal", "device")
            if second == 20:
                yield SelfReportAnswer("mood", "likert", item.time - 1, item.time, (("now", 4.0),), scale=(1.0, 5.0))
            if second == 25:
                yield from (AffectRating(item.time + k / 20, k / 40, 0.0) for k in range(20))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    record(tmp_path / "s.xdf", story(), STRAP)
    return tmp_path / "s.xdf"


def tables(path: Path) -> dict[str, list[dict[str, str]]]:
    found = {}
    for each in export(path, "csv", None, ReadOptions(), force=True).files:
        with each.open(encoding="utf-8", newline="") as file:
            found[each.stem] = list(csv.DictReader(file))
    return found


def test_all_that_it_holds_is_in_tables(path: Path) -> None:
    found = tables(path)
    assert list(found) == ["s_markers", "s_predictions", "s_self_reports", "s_affect_ratings", "s_rr"]
    assert found["s_markers"] == [{"time [s]": "12.250000", "marker": "film"}]
    assert [float(row["time [s]"]) for row in found["s_rr"]] == list(range(1, 30))  # the first began before
    assert [float(row["RR [s]"]) for row in found["s_rr"]] == pytest.approx([0.8 + k / 100 for k in range(1, 30)])
    assert [float(row["stop [s]"]) for row in found["s_predictions"]] == list(range(10, 30))
    assert [float(row["heart rate"]) for row in found["s_predictions"]] == [60 + k for k in range(10, 30)]
    (answer,) = found["s_self_reports"]
    assert (answer["time [s]"], answer["item"], answer["value"]) == ("20.000000", "now", "4")
    assert [float(row["time [s]"]) for row in found["s_affect_ratings"]] == pytest.approx(
        [25 + k / 20 for k in range(20)]
    )


def test_annotations_are_taken_in(path: Path) -> None:
    editor = open_editor(path, "lee")
    editor.move("m1", 13.5)
    editor.add("excluded", 2.0, 4.0, "talked")
    found = tables(path)
    assert [(row["time [s]"], row["marker"]) for row in found["s_markers"]] == [("13.500000", "film")]
    assert [(row["start [s]"], row["stop [s]"]) for row in found["s_annotations"]] == [("2.000000", "4.000000")]
    session = annotate_session(load_session(read_recording_files([path]))).session
    assert [marker.time for marker in session.markers] == [13.5]


def test_other_formats_name_csv_and_files_are_kept(path: Path) -> None:
    for form, names in (("edf", None), ("bids", BidsNames("rest", "P01"))):
        with pytest.raises(FormatError, match="without ECG, which") as caught:
            export(path, form, None, ReadOptions(), names=names)
        assert "--to csv" in caught.value.remedy
    export(path, "csv", None, ReadOptions())
    with pytest.raises(RecordingError, match="there already"):
        export(path, "csv", None, ReadOptions())
