"""The list of a folder's sessions: what it states of each, and that it writes nothing there."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from ecg_live.presentation.session_list import SessionEntry
from ecg_live.recorded import session_list
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.session_list import NOT_OURS, SessionScan, read_entry, session_files
from tests.support.blocked_session import record_blocks
from tests.support.command_line import ecg_live
from tests.support.recorded_sessions import STRAP, rolled, story, strap_story
from tests.support.xdf_recordings import record

PATIENCE_S = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study's folder: a session, one in parts, one below, a strap's, one of another program, and one cut."""
    (tmp_path / "P02").mkdir()
    record_blocks(tmp_path / "P02" / "b.xdf", "P02")
    rolled(tmp_path / "parts.xdf", story())
    record(tmp_path / "strap.xdf", strap_story(), info=STRAP)
    (tmp_path / "other.xdf").write_bytes(b"XDF:")
    (tmp_path / "text.xdf").write_text("no XDF")
    record(tmp_path / "a.xdf", story())
    content = (tmp_path / "a.xdf").read_bytes()
    (tmp_path / "cut.xdf").write_bytes(content[: len(content) * 3 // 4])
    for age, name in enumerate(("a.xdf", "P02/b.xdf")):
        os.utime(tmp_path / name, (2e9 - age, 2e9 - age))  # newer than the others
    open_annotations(tmp_path / "a.xdf").add("note", 1.0, text="x")
    return tmp_path


def scanned(scan: SessionScan) -> dict[str, SessionEntry]:
    scan.start()
    scan.wait()
    progress = scan.poll()
    assert (progress.done, progress.total, progress.over) == (7, 7, True)
    return {each.path.name: each for each in progress.entries}


def test_each_session_is_one_entry(folder: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*"))
    found = scanned(SessionScan(folder))
    assert list(found)[:2] == ["a.xdf", "b.xdf"]
    one = found["a.xdf"]
    assert (one.participant, one.session, one.duration, one.windows, one.usable) == ("P01", "S1", 60.0, 40, 35 / 40)
    assert (one.lost, one.annotations, one.files, one.remark) == (512, 1, 1, "")
    assert (found["b.xdf"].participant, found["b.xdf"].duration) == ("P02", 120.0)
    parts = found["parts.xdf"]
    assert (parts.files, parts.duration, parts.windows) == (len(list(folder.glob("parts*.xdf"))), 60.0, 40)
    assert found["strap.xdf"].duration == 29
    assert 30 < found["cut.xdf"].duration < 60
    assert found["text.xdf"].problem == NOT_OURS
    assert sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*")) == before


def test_a_second_scan_reads_only_what_changed(folder: Path) -> None:
    (folder / "other.xdf").unlink()
    (folder / "cut.xdf").rename(folder / "later.xdf")
    scan = SessionScan(folder)
    scan.start()
    scan.wait()
    first = {each.path.name: each for each in scan.poll().entries}
    open_annotations(folder / "a.xdf").add("note", 2.0, text="y")
    scan.start()
    scan.wait()
    second = {each.path.name: each for each in scan.poll().entries}
    assert second["a.xdf"].annotations == 2
    assert all(second[name] is first[name] for name in first if name != "a.xdf")


def test_a_file_that_takes_long_holds_nobody_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, goes_on = Event(), Event()

    def slow(paths: Sequence[Path]) -> SessionEntry:
        reads.set()
        assert goes_on.wait(PATIENCE_S)
        return read_entry(paths)

    monkeypatch.setattr(session_list, "read_entry", slow)
    scan = SessionScan(folder)
    scan.start()
    assert reads.wait(PATIENCE_S)
    before = scan._thread
    scan.stop()
    assert before.is_alive()  # it is at the file still
    scan.start()
    goes_on.set()
    scan.wait()
    before.join()
    found = [each.path.name for each in scan.poll().entries]
    assert (len(found), len(set(found))) == (7, 7)  # of the second reading alone


def test_a_note_on_a_recording_with_brackets_in_its_name_is_seen_by_the_next_scan(folder: Path) -> None:
    path = (folder / "strap.xdf").rename(folder / "strap [1].xdf")
    scan = SessionScan(folder)
    scanned(scan)
    open_annotations(path).add("note", 1.0, text="x")
    assert scanned(scan)["strap [1].xdf"].annotations == 1


def test_parts_of_a_recording_are_together_and_copies_elsewhere_are_not(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "a.xdf").write_bytes((folder / "a.xdf").read_bytes())
    names = [[path.name for path in paths] for paths in session_files(folder)]
    assert ["a.xdf"] in names
    assert names.count(["a.xdf"]) == 2
    assert [each for each in names if len(each) > 1] == [sorted(each.name for each in folder.glob("parts*.xdf"))]


def test_the_command_lists_a_folder(folder: Path) -> None:
    done = ecg_live("open", folder, "--json")
    assert done.returncode == 0
    rows = {Path(line["path"]).name: line for line in map(json.loads, done.stdout.splitlines())}
    assert rows["a.xdf"]["usable"] == 0.875
    assert rows["text.xdf"]["problem"] == NOT_OURS
    text = ecg_live("open", folder, "--headless").stdout
    assert "P01 · S1  0:01:00  88 % usable  512 lost  1 annotation  " in text
    assert f"{folder / 'text.xdf'}  {NOT_OURS}" in text.splitlines()  # no value beside a file that is no session
    refused = ecg_live("open", folder / "a.xdf", folder / "parts.xdf", "--headless")
    assert refused.returncode == 2
    assert "two sessions are compared in a window" in refused.stderr
    assert ecg_live("open", folder, folder / "a.xdf", "--headless").returncode == 2
