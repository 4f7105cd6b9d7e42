"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_live.whole import write_whole
from tests.emulators.disk import FULL, full_disk


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
