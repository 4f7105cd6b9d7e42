"""What was annotated after a session is in its exports and its table, belongs to it, and is forgotten with it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import edfio
import pytest

from devices.read_options import ReadOptions
from ecg_live.annotations.change import MarkerKey
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.participant_profile import Profile
from ecg_live.recorded.annotated import (
    annotations_path,
    check_annotations,
    open_annotations,
    read_annotations,
)
from ecg_live.recorded.export import export
from ecg_live.recorded.export.bids import BidsNames
from ecg_live.recorded.forget.search import search_participant
from ecg_live.recorded.report import write_report
from ecg_live.recorded.report.annotated_session import annotate_session, open_editor
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import load_session
from ecg_live.recorded.table import write_group_table
from ecg_live.recorded.table.recordings import find_recordings
from tests.support.blocked_session import record_blocks
from tests.support.html_pages import body, rows, words
from tests.support.recorded_sessions import rolled, story
from tests.support.xdf_recordings import record

PLAIN = ReadOptions()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The session of `story`: its load marker is moved, its end deleted, one added; a note, and a stretch excluded."""
    record(tmp_path / "s.xdf", story())
    log = open_annotations(tmp_path / "s.xdf", "lee")
    log.move(MarkerKey.of(35.5, "load <b>"), 37.0)
    log.delete(MarkerKey.of(50.5, "end"))
    log.add("marker", 16.25, text="=sound")
    log.add("note", 12.5, text="spoke")
    log.add("excluded", 32.0, 3.0, "electrode loose")
    return tmp_path / "s.xdf"


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_csv_has_the_markers_as_edited_and_a_table_of_annotations(path: Path) -> None:
    before = path.read_bytes()
    files = {each.stem: each for each in export(path, "csv", None, PLAIN).files}
    assert cells(files["s_markers"]) == [
        ["15.500000", "rest"], ["16.250000", "'=sound"], ["37.000000", "load <b>"]
    ]  # fmt: skip
    assert [row[:5] for row in cells(files["s_annotations"])] == [
        ["12.500000", "12.500000", "note", "spoke", "lee"],
        ["32.000000", "35.000000", "excluded", "electrode loose", "lee"],
    ]
    assert path.read_bytes() == before


def test_no_cell_of_a_file_from_elsewhere_is_a_formula(path: Path) -> None:
    log = annotations_path(path)
    log.write_bytes(re.sub(rb'"time": "[^"]*"', b'"time": "=1+1"', log.read_bytes()))
    files = {each.stem: each for each in export(path, "csv", None, PLAIN).files}
    assert {row[5] for row in cells(files["s_annotations"])} == {"'=1+1"}


def test_edf_has_them_as_annotations(path: Path) -> None:
    (file,) = export(path, "edf", None, PLAIN).files
    found = {(each.onset, each.duration, each.text) for each in edfio.read_edf(file).annotations}
    assert {
        (12.5, None, "spoke"), (15.5, None, "rest"), (16.25, None, "=sound"),
        (32.0, 3.0, "BAD excluded: electrode loose"), (37.0, None, "load <b>"),
    } <= found  # fmt: skip
    assert not [each for each in found if each[2] == "end"]


def test_bids_has_them_as_events(path: Path) -> None:
    files = export(path, "bids", None, PLAIN, names=BidsNames("rest")).files
    (events,) = [each for each in files if each.name.endswith("events.tsv")]
    rows = [line.split("\t") for line in events.read_text(encoding="utf-8").splitlines()]
    assert rows == [
        ["onset", "duration", "trial_type"],
        ["12.5", "0.0", "spoke"],
        ["15.5", "n/a", "rest"],
        ["16.25", "n/a", "'=sound"],
        ["32.0", "3.0", "BAD excluded: electrode loose"],
        ["37.0", "n/a", "load <b>"],
    ]
    described = json.loads(events.with_suffix(".json").read_text(encoding="utf-8"))
    assert "begin with BAD" in described["trial_type"]["Description"]


def test_the_table_leaves_out_what_is_excluded_and_takes_moved_blocks(tmp_path: Path) -> None:
    path = record_blocks(tmp_path / "b.xdf")
    log = open_annotations(path)
    log.add("excluded", 18.0, 4.0, "spoke")
    log.move(MarkerKey.of(90.0, "block/task/stop"), 85.0)
    log.delete(MarkerKey.of(95.0, "block/task/start"))
    written = write_group_table(find_recordings([path]), tmp_path / "t.csv")
    with written.paths.table.open(encoding="utf-8", newline="") as file:
        rest, task = csv.DictReader(file)
    assert (rest["n_windows"], rest["n_windows_excluded"], rest["excluded_duration"]) == ("0", "11", "4.0")
    assert (rest["exclusion_reasons"], rest["hr_mean"], rest["load_n_answered"]) == ("spoke", "", "0")
    assert (task["duration"], task["n_windows"], task["complete"]) == ("35.0", "26", "true")


def test_annotations_count_from_the_recordings_first_file(tmp_path: Path) -> None:
    parts = rolled(tmp_path / "s.xdf", story())
    assert len(parts) > 2
    log = open_annotations(parts[1])
    assert log.path == annotations_path(parts[0])
    log.move(MarkerKey.of(50.5, "end"), 51.0)
    log.add("note", 52.0, text="late")
    whole = annotate_session(load_session(read_recording_files([parts[0]]))).session
    assert [(each.time, each.text) for each in whole.markers][-1] == (51.0, "end")
    files = {each.stem: each for each in export(parts[-1], "csv", tmp_path / "last", PLAIN).files}
    begin = load_session(read_recording_files([parts[-1]])).files[0].contents.start_s
    assert [(float(time) + begin, text) for time, text in cells(files["last_markers"])] == [(51.0, "end")]
    assert float(cells(files["last_annotations"])[0][0]) + begin == 52.0


def test_a_later_file_alone_has_them_at_their_place(tmp_path: Path) -> None:
    parts = rolled(tmp_path / "s.xdf", story(), seconds=40.0)  # the last file begins well before 50 s
    log = open_annotations(parts[0])
    log.move(MarkerKey.of(50.5, "end"), 51.0)
    log.add("marker", 3.0, text="in the first file")
    log.add("excluded", 52.0, 2.0, "moved")
    whole = load_session(read_recording_files([parts[-1]]))
    begin = whole.files[0].contents.start_s
    found = annotate_session(whole).session
    assert begin > 0
    assert [(each.time + begin, each.text) for each in found.markers] == [(51.0, "end")]
    (stretch,) = found.annotations.excluded
    assert (stretch.onset + begin, stretch.stop + begin) == (52.0, 54.0)


def test_annotations_of_another_recording_are_found_by_verify_and_stop_the_export(path: Path) -> None:
    other = path.with_name("t.xdf")
    record(other, story())
    annotations_path(path).rename(annotations_path(other))
    found = check_annotations(other)
    assert found is not None
    assert "belongs to another recording" in found.problem
    with pytest.raises(RecordingError, match="belongs to another recording"):
        export(other, "csv", None, PLAIN)
    written = write_group_table(find_recordings([path, other]), path.with_name("t.csv"))
    assert [problem for problem in written.problems if "t.xdf: left out" in problem]
    assert check_annotations(path) is None
    assert read_annotations(path).changes == ()


def test_what_cannot_be_annotated(tmp_path: Path, path: Path) -> None:
    (tmp_path / "other.xdf").write_bytes(b"XDF:")
    with pytest.raises(FormatError, match="was not recorded by ecg-live"):
        open_annotations(tmp_path / "other.xdf")
    editor = open_editor(path)
    assert editor.add("interval", 59.0, 60.0, "end") == "a4"
    with pytest.raises(ConfigError, match=r"61\.000 s; the recording has 60\.000 s"):
        editor.add("note", 61.0, text="x")
    with pytest.raises(ConfigError, match="the end, nan s, is not after"):
        editor.add("interval", 1.0, float("nan"), "x")
    parts = rolled(tmp_path / "r.xdf", story())
    parts[0].unlink()
    with pytest.raises(RecordingError, match="its first file is not beside it"):
        open_annotations(parts[1])


def test_forget_takes_the_annotations_with_the_recording_and_alone(tmp_path: Path, path: Path) -> None:
    profile = Profile("P01", tmp_path / "data")
    found = search_participant(profile, [tmp_path])
    assert sorted(each.path.name for each in found.files) == ["s.annotations.jsonl", "s.xdf"]
    path.unlink()
    alone = search_participant(profile, [tmp_path])
    assert [each.path.name for each in alone.files] == ["s.annotations.jsonl"]
    assert not search_participant(Profile("P02", tmp_path / "data"), [tmp_path]).files


def test_the_report_lists_them_and_its_blocks_leave_out_what_is_excluded(tmp_path: Path) -> None:
    path = record_blocks(tmp_path / "b.xdf")
    log = open_annotations(path, "lee")
    before = rows(body(write_report([path]).path.read_text(encoding="utf-8")), "Blocks")
    log.add("excluded", 51.0, 15.0, "arm <moved>")
    log.add("note", 12.5, text="spoke")
    log.move(MarkerKey.of(90.0, "block/task/stop"), 85.0)
    page = body(write_report([path], force=True).path.read_text(encoding="utf-8"))
    assert "1 stretch (15 s in all) left out of the blocks: arm <moved>." in words(page)
    assert [row[2:5] for row in rows(page, "Annotations")[1:]] == [
        ["note", "spoke", "lee"],
        ["excluded", "arm <moved>", "lee"],
        ["marker edited", "block/task/stop (recorded at 0:01:30.000 as block/task/stop)", "lee"],
    ]
    after = rows(page, "Blocks")
    windows = after[0].index("windows")
    assert [row[windows] for row in before[1:]] == ["11", "31", "16"]
    assert [row[windows] for row in after[1:]] == ["11", "10", "16"]  # those of the task that end at 76 to 85 s
