"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ecg_live.atomic_write import private_folder, write_whole
from tests.emulators.full_disk import FULL, full_disk


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b", b"first")
    with (tmp_path / "a" / "b").open("rb") as reader:
        write_whole(tmp_path / "a" / "b", b"second")
        assert reader.read() == b"first", "who reads the old file goes on reading it"
    assert (tmp_path / "a" / "b").read_bytes() == b"second"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"first")
    with full_disk(1000), pytest.raises(OSError, match=FULL):
        write_whole(tmp_path / "a", bytes(2000))
    assert (tmp_path / "a").read_bytes() == b"first"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="no modes")
def test_what_is_private_is_its_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_whole(tmp_path / "new" / "deep" / "a", b"x", private=True)
        write_whole(tmp_path / "new" / "b", b"x")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").rglob("*")}
    assert modes == {"deep": 0o700, "a": 0o600, "b": 0o666}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="no modes")
def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)
    private_folder(tmp_path / "shared" / "mine")
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("shared", "shared/mine")] == [0o755, 0o700]
