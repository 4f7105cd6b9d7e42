"""Zip files from the network stay in their folder and within their size."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ecg_live.errors import DatasetError
from tests.emulators.full_disk import FULL, full_disk
from training.fetch.unpack import unpack


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def test_the_folder_appears_and_the_archive_goes(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"top/S2/S2.pkl": b"x", "top/readme": b"y", "__MACOSX/z": b"z"})
    assert unpack(archive, "top", tmp_path, 100) == tmp_path / "top"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["S2", "S2.pkl", "readme", "top"]


@pytest.mark.parametrize("name", ["../evil", "/evil", "top/../../evil", "..\\evil", "C:\\evil"])
def test_nothing_lies_outside(name: str, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = zipped(inner / "a.zip", {"top/a": b"x", name: b"evil"})
    with pytest.raises(DatasetError, match="outside the folder"):
        unpack(archive, "top", inner, 100)
    assert list(tmp_path.rglob("*")) == [inner]


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"top/a": bytes(10_000_000)})
    with pytest.raises(DatasetError, match="grows to 10000000 bytes; 1000 is the most"):
        unpack(archive, "top", tmp_path, 1000)
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"top/a": bytes(1_000_000)})
    content = archive.read_bytes().replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(content)
    with pytest.raises(DatasetError, match="not a complete zip file"):
        unpack(archive, "top", tmp_path, 1000)
    assert list(tmp_path.iterdir()) == []


def test_damage_is_found_and_nothing_stays(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "a.zip", {"top/a": bytes(range(256)) * 40}).read_bytes()
    damaged = [whole[:-30], b"<html>", b"", whole.replace(whole[60:70], bytes(10))]
    for content in damaged:
        (tmp_path / "a.zip").write_bytes(content)
        with pytest.raises(DatasetError, match=r"not a complete zip file.*downloads the file again"):
            unpack(tmp_path / "a.zip", "top", tmp_path, 100_000)
        assert list(tmp_path.iterdir()) == []


def test_another_content_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no folder top"):
        unpack(zipped(tmp_path / "a.zip", {"other/a": b""}), "top", tmp_path, 100)


def test_a_full_disk_keeps_the_archive(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"top/a": bytes(10_000_000)})
    with full_disk(500_000), pytest.raises(DatasetError, match=f"{FULL} .*make room"):
        unpack(archive, "top", tmp_path, 10**8)
    assert list(tmp_path.iterdir()) == [archive]
    assert (unpack(archive, "top", tmp_path, 10**8) / "a").stat().st_size == 10_000_000


def test_a_list_of_too_many_files_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(unpack.__globals__, "MAX_ENTRIES", 3)
    archive = zipped(tmp_path / "a.zip", {f"top/{i}": b"" for i in range(4)})
    with pytest.raises(DatasetError, match=r"lists 4 files in .* bytes; 3 files is the most"):
        unpack(archive, "top", tmp_path, 100)
    assert list(tmp_path.iterdir()) == []
    archive = zipped(tmp_path / "a.zip", {f"top/{i}": b"" for i in range(3)})
    assert unpack(archive, "top", tmp_path, 100) == tmp_path / "top"
