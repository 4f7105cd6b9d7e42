"""What is removed: what was listed, while it is as it was listed; the rest is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ecg_live.recorded.forget import forget, not_reached
from ecg_live.recorded.forget.inventory import Inventory
from ecg_live.recorded.forget.search import search_participant
from ecg_live.sinks.xdf_file import XdfFile
from ecg_live.xdf.encode import MAGIC
from tests.support.participant_files import profile, recorded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recorded(tmp_path / "r" / "a.xdf", "P1")
    recorded(tmp_path / "r" / "b.xdf", "P1")
    recorded(tmp_path / "r" / "c.xdf", "P2")
    return tmp_path / "r"


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException) -> None:
    """Let the file of that name not be removed."""
    unlink = Path.unlink

    def refusing(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == name:
            raise error
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refusing)


def listed(found: Inventory) -> list[str]:
    return [path.name for path in found.removed if path.suffix == ".xdf"]


def test_recordings_profile_and_folder_go_and_others_stay(folder: Path, tmp_path: Path) -> None:
    kept = profile("P1", tmp_path / "data", folder / "a.xdf")
    other = profile("P2", tmp_path / "data")
    found = search_participant(kept, [folder])
    forget(found, kept)
    assert sorted(listed(found)) == ["a.xdf", "b.xdf"]
    assert [path.name for path in folder.iterdir()] == ["c.xdf"]
    assert (kept.folder.exists(), len(other.files())) == (False, 1)
    assert not found.kept_of_participant
    assert not list(not_reached(found))
    assert search_participant(kept, [folder]).to_remove == []


def test_what_cannot_be_removed_is_reported_and_can_be_found_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = profile("P1", tmp_path / "data", folder / "a.xdf")
    found = search_participant(kept, [])
    with monkeypatch.context() as patch:
        refuse(patch, "a.xdf", PermissionError(13, "Permission denied"))
        forget(found, kept)
    assert [(left.path.name, left.why) for left in found.kept_of_participant] == [
        ("a.xdf", "cannot be removed: Permission denied")
    ]
    assert listed(found) == ["b.xdf"]
    assert [path.name[:9] for path in kept.files()] == ["recording"]  # leads the next search to it
    again = search_participant(kept, [])
    forget(again, kept)
    assert not kept.folder.exists()
    assert [path.name for path in folder.iterdir()] == ["c.xdf"]


def test_a_file_that_changed_since_it_was_listed_stays(folder: Path, tmp_path: Path) -> None:
    kept = profile("P1", tmp_path / "data")
    found = search_participant(kept, [folder])
    (folder / "a.xdf").unlink()
    recorded(folder / "a.xdf", "P2")
    (folder / "b.xdf").unlink()
    forget(found, kept)
    assert [(left.path.name, left.why) for left in found.kept_of_participant] == [
        ("a.xdf", "has changed since it was listed")
    ]
    assert listed(found) == ["b.xdf"]
    assert (folder / "a.xdf").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_what_is_being_recorded_by_now_stays(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = XdfFile(folder / "d.xdf")
    file.append((folder / "a.xdf").read_bytes()[len(MAGIC) :])
    file.appear()
    kept = profile("P1", tmp_path / "data")
    with monkeypatch.context() as patch:
        patch.setattr("ecg_live.recorded.forget.search.being_written", lambda _path: False)
        found = search_participant(kept, [folder])
    forget(found, kept)
    file.close()
    assert [left.path.name for left in found.kept_of_participant] == ["d.xdf"]
    assert (folder / "d.xdf").exists()


def test_an_interruption_reports_how_far_it_came(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = profile("P1", tmp_path / "data", folder / "a.xdf")
    found = search_participant(kept, [folder])
    with monkeypatch.context() as patch:
        refuse(patch, "b.xdf", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            forget(found, kept)
    assert listed(found) == ["a.xdf"]
    assert {path.name[:9] for path in not_reached(found)} == {"b.xdf", "recording"}
    assert (folder / "b.xdf").exists()
