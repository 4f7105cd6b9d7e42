"""What is found of a participant: all that headers call theirs, and nothing else."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devices.read_options import ReadOptions
from ecg_live.events import AuxiliarySamples, AuxiliaryStream
from ecg_live.participant_profile import Profile
from ecg_live.recorded.export import export
from ecg_live.recorded.export.bids import BidsNames
from ecg_live.recorded.forget.inventory import FileToRemove, Inventory, KeptFile
from ecg_live.recorded.forget.ownership import participant_in, read_owner
from ecg_live.recorded.forget.search import search_participant
from ecg_live.recorded.joined.join import WearerRecording, join_recordings
from ecg_live.recorded.report import write_report
from ecg_live.results import Item
from ecg_live.sinks.xdf_file import being_written
from ecg_live.sinks.xdf_parts import RollLimits
from tests.support.participant_files import NAMES, begun, profile, recorded
from tests.support.xdf_recordings import BEGAN, INFO, counted, record, until

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recordings").mkdir()
    return tmp_path / "recordings"


def look(folder: Path, who: str = "P1", *more: Path) -> Inventory:
    return search_participant(Profile(who, folder.parent / "data"), [folder, *more])


def names(paths: Iterable[FileToRemove | KeptFile]) -> list[str]:
    return sorted(each.path.name for each in paths)


def test_a_file_of_several_wearers_is_kept_and_said_so(folder: Path) -> None:
    """Removing it would remove the others; leaving it out would leave the participant in it."""
    for name in ("P1", "P2"):
        recorded(folder / f"{name}.xdf", name)
    join_recordings([WearerRecording(name, folder / f"{name}.xdf") for name in ("P1", "P2")], folder / "both.xdf")
    for name, other in (("P1", "P2"), ("P2", "P1")):
        found = look(folder, name)
        assert names(found.files) == [f"{name}.xdf"]
        kept = {left.path.name: (left.why, left.of_participant) for left in found.kept}
        assert kept["both.xdf"] == ("holds 2 wearers: ecg-live split it, delete it, and forget again", True)
        assert f"{other}.xdf" not in kept
    assert "both.xdf" not in names(look(folder, "P3").kept)


def test_the_header_decides_not_the_name(folder: Path) -> None:
    for name, who in (("P1_S1.xdf", "P1"), ("x.xdf", "P1"), ("P10_S1.xdf", "P10"), ("P1_A_S1.xdf", "P1_A"),
                      ("other.xdf", "P2"), ("P1_nobody.xdf", None), ("nobody.xdf", None)):  # fmt: skip
        recorded(folder / name, who)
    found = look(folder)
    assert names(found.files) == ["P1_S1.xdf", "x.xdf"]
    assert {left.path.name: (left.why, left.of_participant) for left in found.kept} == {
        "P1_A_S1.xdf": ("is named like the participant's files, but its header says 'P1_A'", False),
        "P1_nobody.xdf": ("is named like the participant's files, but its header names no participant", True),
    }
    assert found.searched == [folder]


def test_what_cannot_be_read_is_left_and_may_be_theirs_by_its_name(folder: Path) -> None:
    whole = recorded(folder / "whole.xdf", "P2").read_bytes()
    bad = {"P1_cut.xdf": whole[:60], "P1_empty.xdf": b"", "P1_other.xdf": b"Dear diary", "z.xdf": whole[:4]}
    for name, content in bad.items():
        (folder / name).write_bytes(content)
    found = look(folder)
    assert found.files == []
    assert {left.path.name: left.of_participant for left in found.kept} == dict.fromkeys(bad, True) | {"z.xdf": False}
    assert all(left.why.startswith("cannot be read: ") for left in found.kept)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_damaged_header_is_never_somebody_elses(folder: Path, data: st.DataObject) -> None:
    path = folder / "a.xdf"
    if not path.exists():
        recorded(path, "P22222")
    whole = path.read_bytes()
    at = data.draw(st.integers(0, 3000))
    (folder / "b.xdf").write_bytes(whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + 4 :])
    assert look(folder).files == []


def test_exports_belong_to_their_recording(folder: Path) -> None:
    mine, other = recorded(folder / "a.xdf", "P1"), recorded(folder / "P1_b.xdf", "P1_b")
    for path in (mine, other):
        for form in ("csv", "edf", "xdf"):
            export(path, form, None, ReadOptions())
        write_report([path])
    (folder / "a_ecg.csv.part").write_text("")
    orphan = export(mine, "edf", folder / "orphan.edf", ReadOptions()).files[0]
    page = write_report([mine], folder / "orphan.html").path
    write_report([other], folder / "P1_stray.html")
    assert participant_in(orphan) == participant_in(page) == "P1"
    found = look(folder)
    assert names(found.files) == [
        "a.edf", "a.html", "a.xdf", "a_closed.xdf", "a_ecg.csv", "a_ecg.csv.part", "a_gaps.csv", "a_markers.csv",
        "orphan.edf", "orphan.html",
    ]  # fmt: skip
    assert names(found.kept) == ["P1_b.xdf", "P1_b_closed.xdf", "P1_stray.html"]  # the exports of P1_b are known
    assert not found.kept_of_participant


def test_what_lies_beside_a_recording_but_was_not_made_from_it_is_left(folder: Path) -> None:
    recorded(folder / "a.xdf", "P1")
    foreign = export(recorded(folder / "b.xdf", "P2"), "edf", None, ReadOptions()).files[0]
    shutil.copy(foreign, folder / "a.edf")
    write_report([folder / "b.xdf"], folder / "a.html")
    (folder / "a_ecg.csv").write_text("when,what\n1,2\n")
    (folder / "P1_old_ecg.csv").write_text("time [s],ECG [mV]\n")
    found = look(folder)
    assert names(found.files) == ["a.xdf"]
    assert {left.path.name: left.why for left in found.kept} == {
        "a.edf": "is beside a.xdf, but was not made from it",
        "a.html": "is beside a.xdf, but was not made from it",
        "a_ecg.csv": "is beside a.xdf, but was not made from it",
        "P1_old_ecg.csv": "is named like the participant's files, but it does not name a participant",
    }
    assert len(found.kept_of_participant) == 4


def test_a_rolled_series_is_found_whole(folder: Path) -> None:
    sink = begun(folder / "a.xdf", "P1", RollLimits(size=1))
    for chunk in counted(600, 700):
        sink.write(chunk)
    until((folder / "a_2.xdf").exists)
    sink.close()
    made = sorted(path.name for path in folder.iterdir())
    assert len(made) > 1
    assert names(look(folder).files) == made


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_what_is_being_recorded_is_left(folder: Path) -> None:
    sink = begun(folder / "a.xdf", "P1")
    found = look(folder)
    assert (found.files, names(found.kept_of_participant)) == ([], ["a.xdf"])
    assert "being recorded now" in found.kept[0].why
    sink.close()
    assert not being_written(folder / "a.xdf")
    assert names(look(folder).files) == ["a.xdf"]


def test_the_profile_leads_to_recordings_elsewhere(folder: Path, tmp_path: Path) -> None:
    for name in ("elsewhere", "elsewhere/below"):
        (tmp_path / name).mkdir()
        recorded(tmp_path / name / "b.xdf", "P1")
    gone, moved = tmp_path / "gone" / "c.xdf", tmp_path / "elsewhere" / "moved.xdf"
    kept = profile("P1", tmp_path / "data", tmp_path / "elsewhere" / "b.xdf", gone, moved)
    (kept.folder / "scale-0.0a.part").touch()  # what a killed session left
    found = look(folder)
    assert [each.path for each in found.files if each.why != "profile"] == [tmp_path / "elsewhere" / "b.xdf"]
    assert len(found.recording_index) == 3
    assert {path.path for path in found.to_remove if path.path.parent == kept.folder} == set(kept.files())
    assert {left.path: left.why for left in found.kept} == {
        gone: "a recording was begun there; its folder does not exist now",
        moved: "a recording was begun there; it does not exist any more",
    }
    assert not found.kept_of_participant


def test_folders_are_searched_to_their_depth_and_nothing_is_found_twice(folder: Path) -> None:
    (folder / "deep" / "deeper").mkdir(parents=True)
    path = recorded(folder / "deep" / "deeper" / "a.XDF", "P1")
    profile("P1", folder.parent / "data", path)
    found = look(folder, "P1", folder / "deep", folder / "deep" / ".." / "deep")
    assert [each.path for each in found.files if each.why != "profile"] == [path]


def test_an_id_that_differs_in_case_or_in_unicode_form_is_reported(folder: Path) -> None:
    recorded(folder / "a.xdf", "p1")
    recorded(folder / "b.xdf", "A\u030a1")
    assert [left.why for left in look(folder).kept] == ["its header says 'p1'"]
    assert names(look(folder, "\u00c51").kept) == ["b.xdf"]
    assert not look(folder, "\u00c51").files


def test_another_ones_entry_in_the_profile_is_left(folder: Path) -> None:
    """As on a disk that does not tell p1 from P1."""
    kept = profile("P1", folder.parent / "data")
    (path,) = kept.files()
    path.write_text(path.read_text().replace("P1", "p1"))
    (kept.folder / "scale-00.json").write_text("{")
    found = look(folder)
    assert names(found.files) == ["scale-00.json"]  # damaged, in a folder of theirs alone
    assert [left.why for left in found.kept] == ["belongs to 'p1'"]


def test_the_recording_that_was_played_is_reported(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.touch()
    recorded(folder / "a.xdf", "P1", source.as_posix())
    recorded(folder / "b.xdf", "P1", (folder / "a.xdf").as_posix())
    recorded(folder / "c.xdf", "P1", "polar:" + "x" * 5000)
    found = look(folder)
    assert [(left.path, left.why, left.of_participant) for left in found.kept] == [
        (source, "a.xdf was recorded from it", False)
    ]


@LINKS
def test_links_are_reported_and_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    recorded(outside / "a.xdf", "P1")
    recorded(folder / "b.xdf", "P1")
    (folder / "a.xdf").symlink_to(outside / "a.xdf")
    (folder / "c.xdf").symlink_to("b.xdf")
    (folder / "broken_P1.xdf").symlink_to("nowhere")
    (folder / "folder").symlink_to(outside)
    os.link(folder / "b.xdf", outside / "b.txt")
    found = look(folder)
    assert names(found.files) == ["b.xdf"]
    assert "2 names (hard links)" in found.files[0].why
    assert {left.path.name: left.of_participant for left in found.kept} == {
        "a.xdf": True,
        "c.xdf": False,
        "folder": False,
    }
    assert names(look(outside).files) == ["a.xdf"]
    kept = profile("P1", tmp_path / "data")
    kept.folder.rename(outside / "P1")
    kept.folder.symlink_to(outside / "P1")
    assert names(look(folder).files) == ["b.xdf"]
    assert kept.folder in [left.path for left in look(folder).kept_of_participant]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_what_is_no_file_is_passed_over(folder: Path) -> None:
    os.mkfifo(folder / "P1_a.xdf")
    (folder / "P1_b.xdf").mkdir()
    assert (look(folder).files, look(folder).kept) == ([], [])


def test_a_folder_that_cannot_be_searched_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(root: str, onerror: object) -> Iterable[object]:
        assert callable(onerror)
        onerror(PermissionError(13, "Permission denied", root))
        return iter(())

    monkeypatch.setattr(os, "walk", walk)
    assert [(left.path, left.why) for left in look(folder).kept_of_participant] == [
        (folder, "cannot be searched: Permission denied")
    ]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(NAMES, NAMES)
@example("../x", "x")
@example("*", "a")
@example("[a-z]", "a")
@example("<&>", "]]>")
@example("P1", "P10")
@example("a\u0301", "\u00e1")
def test_any_name_finds_its_own_recording_and_no_others(tmp_path: Path, mine: str, other: str) -> None:
    shutil.rmtree(tmp_path / "r", ignore_errors=True)
    for k, who in enumerate(sorted({mine, other})):
        path = recorded(tmp_path / "r" / f"{k}_{quote(mine, safe='')[:150]}.xdf", who)
        assert read_owner(path).participant == who
        write_report([path], tmp_path / "r" / f"{k}.html")
        assert participant_in(tmp_path / "r" / f"{k}.html") == who
    found = look(tmp_path / "r", mine)
    assert sum(each.path.suffix == ".html" for each in found.files) == 1
    assert [read_owner(each.path).participant for each in found.files if each.path.suffix == ".xdf"] == [mine]


def test_in_a_bids_data_set_the_participants_folder_is_named_and_left(folder: Path) -> None:
    for who in ("P1", "P-2"):
        source = recorded(folder / f"{who}.xdf", who)
        export(source, "bids", folder / "study", ReadOptions(), names=BidsNames("rest"))
    for who, subject in (("P1", "sub-P1"), ("P-2", "sub-P2")):
        kept = [each for each in look(folder, who).kept if "BIDS" in each.why]
        assert [(each.path, each.of_participant) for each in kept] == [(folder / "study" / subject, True)]
    (folder / "study" / "participants.tsv").write_bytes(b"\xff")
    assert not [each for each in look(folder).kept if "BIDS" in each.why]


def test_tables_of_streams_beside_the_ecg_are_exports(folder: Path) -> None:
    stream = AuxiliaryStream("EDA left", "EDA", (("EDA", "uS"),), 32.0)
    items: list[Item] = [*counted(0, 512), AuxiliarySamples(stream, np.array([BEGAN]), np.ones((1, 1)))]
    record(folder / "a.xdf", items, replace(INFO, auxiliary=(stream,)))  # of P01
    export(folder / "a.xdf", "csv", None, ReadOptions())
    assert "a_EDA_left.csv" in names(look(folder, "P01").files)
