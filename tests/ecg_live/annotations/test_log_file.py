"""A recording's log of annotations: nothing is lost, nothing counts that was deleted, and all that happened stays."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ecg_live.annotations.change import MAX_TEXT_CHARACTERS, MarkerKey
from ecg_live.annotations.current import Annotations
from ecg_live.annotations.log_file import AnnotationLog, RecordingIdentity, annotated_participant
from ecg_live.errors import ConfigError, EcgLiveError, FormatError, RecordingError

IDENTITY = RecordingIdentity("r1", "d1", "P01", "s.xdf")
NOON = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
LOAD = MarkerKey.of(35.5, "load")
ADDERS = """
import sys
from pathlib import Path
from ecg_live.annotations.log_file import AnnotationLog, RecordingIdentity
log = AnnotationLog(Path(sys.argv[1]), RecordingIdentity("r1", "d1", "P01", "s.xdf"), sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for k in range(40):
    print(log.add("note", float(k), text=f"{sys.argv[2]} {k}")[1])
"""


@pytest.fixture
def log(tmp_path: Path) -> AnnotationLog:
    return AnnotationLog(tmp_path / "s.annotations.jsonl", IDENTITY, "lee", lambda: NOON)


def test_what_was_added_moved_edited_and_deleted(log: AnnotationLog) -> None:
    assert log.read() == Annotations()
    _, note = log.add("note", 12.5, text="spoke")
    _, excluded = log.add("excluded", 20.0, 5.0, "electrode\nloose", reason="seen on video")
    assert (note, excluded) == ("a1", "a2")
    log.move("a1", 13.25)
    log.edit("a1", "spoke aloud")
    log.move("a2", 21.0, 3.0)
    log.delete("a1", reason="twice")
    found = log.read()
    (stretch,) = found.standing()
    assert (stretch.id, stretch.onset, stretch.stop, stretch.text) == ("a2", 21.0, 24.0, "electrode loose")
    assert (stretch.author, stretch.time) == ("lee", "2026-11-30T12:00:00.000+00:00")
    assert found.excluded == (stretch,)
    log.restore("a1")
    (again, _) = log.read().standing()
    assert (again.onset, again.text) == (13.25, "spoke aloud")
    assert [change.action for change in log.read().changes] == [
        "add",
        "add",
        "move",
        "edit",
        "move",
        "delete",
        "restore",
    ]
    assert [change.reason for change in log.read().changes if change.reason] == ["seen on video", "twice"]
    assert log.add("note", 0.0, text="later")[1] == "a3"


def test_markers_of_the_recording_are_moved_renamed_and_deleted(log: AnnotationLog) -> None:
    recorded = [(15.5, "rest"), (35.5, "load"), (50.5, "end")]
    assert log.read().edited_markers(recorded) == recorded
    log.move(LOAD, 36.0)
    log.edit(LOAD, "task")
    log.delete(MarkerKey.of(15.5, "rest"))
    log.add("marker", 40.0, text="sound")
    found = log.read()
    assert found.edited_markers(recorded) == [(36.0, "task"), (40.0, "sound"), (50.5, "end")]
    log.restore(MarkerKey.of(15.5, "rest"))
    assert log.read().edited_markers(recorded)[0] == (15.5, "rest")


def test_each_line_stands_and_only_grows(log: AnnotationLog) -> None:
    log.add("note", 1.0, text="one")
    before = log.path.read_bytes()
    log.delete("a1")
    assert log.path.read_bytes().startswith(before)
    header, added, deleted = map(json.loads, log.path.read_text(encoding="utf-8").splitlines())
    assert (header["type"], header["recording"], header["digest"], header["participant"]) == (
        "annotations", "r1", "d1", "P01"
    )  # fmt: skip
    assert (added["change"], added["action"], added["target"], added["onset"]) == (1, "add", "a1", 1.0)
    assert (deleted["change"], deleted["action"], deleted["target"]) == (2, "delete", "a1")
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert annotated_participant(before) == "P01"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda log: log.delete("a9"), "there is no annotation a9"),
        (lambda log: log.move("a2", 1.0), "a2 was deleted by lee"),
        (lambda log: log.restore("a1"), "a1 is not deleted"),
        (lambda log: log.add("note", 1.0), "the text is empty"),
        (lambda log: log.add("interval", 1.0, text="x"), "the interval lasts 0 s"),
        (lambda log: log.add("excluded", 1.0, -1.0, "x"), "the excluded lasts -1 s"),
        (lambda log: log.add("note", 1.0, text="x" * (MAX_TEXT_CHARACTERS + 1)), "2000 are possible"),
        (lambda log: log.edit("a1", "\n"), "the text is empty"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    log: AnnotationLog, change: Callable[[AnnotationLog], object], message: str
) -> None:
    log.add("note", 1.0, text="one")
    log.add("note", 2.0, text="two")
    log.delete("a2")
    before = log.path.read_bytes()
    with pytest.raises(ConfigError, match=message):
        change(log)
    assert log.path.read_bytes() == before


def test_a_refused_first_change_leaves_no_file(log: AnnotationLog) -> None:
    with pytest.raises(ConfigError, match="there is no annotation a1"):
        log.delete("a1")
    assert not log.path.exists()


@pytest.mark.parametrize("left", range(1, 40, 6))
def test_a_line_that_a_power_cut_tore_is_passed_over_and_replaced(log: AnnotationLog, left: int) -> None:
    log.add("note", 1.0, text="one")
    whole = log.path.read_bytes()
    log.add("note", 2.0, text="two")
    torn = log.path.read_bytes()[: len(whole) + left]
    log.path.write_bytes(torn)
    assert [each.text for each in log.read().standing()] == ["one"]
    assert log.add("note", 3.0, text="three")[1] == "a2"
    assert [each.text for each in log.read().standing()] == ["one", "three"]
    assert log.path.read_bytes().startswith(whole)


def test_a_file_that_was_torn_in_its_first_line_begins_again(log: AnnotationLog) -> None:
    log.add("note", 1.0, text="one")
    log.path.write_bytes(log.path.read_bytes()[:30])
    assert log.read() == Annotations()
    log.add("note", 2.0, text="two")
    assert [each.text for each in log.read().standing()] == ["two"]


def test_a_last_line_whose_end_an_editor_took_still_counts(log: AnnotationLog) -> None:
    log.add("note", 1.0, text="one")
    log.path.write_bytes(log.path.read_bytes().rstrip())
    log.add("note", 2.0, text="two")
    assert [each.text for each in log.read().standing()] == ["one", "two"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "line 3"),
        (b"[]", "line 3: it is no object"),
        (b'{"change": 2, "action": "paint", "target": "a1"}', "action is 'paint'; known are add"),
        (b'{"change": 2, "action": "move", "target": "a1", "onset": NaN}', "onset is nan, expected seconds"),
        (b'{"change": 2, "action": "move", "target": "a1", "onset": 1' + b"0" * 400 + b"}", "onset is 1000"),
        (
            b'{"change": 2, "action": "add", "target": "a' + b"9" * 5000 + b'", "kind": "note", "onset": 1}',
            "lacks its id",
        ),
        (b'{"change": 2, "action": "move", "target": "a7", "onset": 1}', "there is no annotation a7"),
        (b'{"change": 2, "action": "add", "target": "b1", "kind": "note", "onset": 1}', "lacks its id"),
        (b'{"change": "2", "action": "delete", "target": "a1"}', "expected its number"),
        (b'{"change": 2, "action": "delete"}', "neither target nor marker"),
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_written_after_it(log: AnnotationLog, line: bytes, message: str) -> None:
    log.add("note", 1.0, text="one")
    damaged = log.path.read_bytes() + line + b"\n"
    log.path.write_bytes(damaged)
    with pytest.raises(FormatError, match=message):
        log.read()
    with pytest.raises(FormatError, match=r"s\.annotations\.jsonl, line 3"):
        log.add("note", 2.0, text="two")
    assert log.path.read_bytes() == damaged


def test_annotations_of_another_recording_are_refused(log: AnnotationLog) -> None:
    log.add("note", 1.0, text="one")
    other = AnnotationLog(log.path, RecordingIdentity("r2", "d2", "P02", "t.xdf"), "lee")
    with pytest.raises(FormatError, match=r"belongs to another recording \(s\.xdf\)"):
        other.read()
    with pytest.raises(EcgLiveError, match="belongs to another recording"):
        other.add("note", 1.0, text="two")


def test_two_programs_at_once_lose_nothing_and_give_no_id_twice(log: AnnotationLog) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", ADDERS, log.path, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for each in programs:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in programs:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    given = [line for each in programs for line in each.communicate(timeout=60)[0].split()]
    assert sorted(given) == sorted(f"a{k}" for k in range(1, 81))
    texts = {each.text for each in log.read().standing()}
    assert texts == {f"{name} {k}" for name in ("one", "two") for k in range(40)}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a file's size are of POSIX")
def test_a_disk_that_takes_no_more_leaves_the_file_as_it_was(log: AnnotationLog) -> None:
    log.add("note", 1.0, text="one")
    before = log.path.read_bytes()
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(RecordingError, match="cannot be written"):
            log.add("note", 2.0, text="two")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.path.read_bytes() == before
    log.add("note", 2.0, text="two")
    assert len(log.read().standing()) == 2
