"""Output files: two programs that write the same never mix, and what is there is replaced only on request."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from ecg_live.errors import RecordingError
from ecg_live.recorded.output_file import atomic_output


@pytest.mark.skipif(sys.platform == "win32", reason="there an open file cannot be removed")
@pytest.mark.parametrize("force", [True, False])
def test_of_two_programs_that_write_one_file_the_second_is_refused(tmp_path: Path, *, force: bool) -> None:
    out, source = tmp_path / "a.edf", tmp_path / "a.xdf"
    with atomic_output(out, source, force=force) as part:
        part.write_text("first")
        with (
            pytest.raises(RecordingError, match=r"a\.edf is being written by another program \(wait until it is done"),
            atomic_output(out, source, force=force),
        ):
            pytest.fail("both wrote")
    assert out.read_text() == "first"
    with atomic_output(out, source, force=True) as part:
        part.write_text("second")
    assert out.read_text() == "second"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such locks")
def test_the_second_is_refused_on_a_file_server_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS locks a file for one program alone only if that may write to it (man 2 flock)."""
    import fcntl

    local = fcntl.flock

    def flock(file: int, operation: int) -> None:
        if operation & fcntl.LOCK_EX and fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        local(file, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    out, source = tmp_path / "a.edf", tmp_path / "a.xdf"
    with atomic_output(out, source, force=False) as part:
        part.write_text("first")
        with (
            pytest.raises(RecordingError, match="is being written by another program"),
            atomic_output(out, source, force=False),
        ):
            pytest.fail("both wrote")
    assert out.read_text() == "first"


def test_a_file_that_came_meanwhile_is_not_replaced_unless_forced(tmp_path: Path) -> None:
    out, source = tmp_path / "a.edf", tmp_path / "a.xdf"

    def written_over(*, force: bool) -> None:
        with atomic_output(out, source, force=force) as part:
            part.write_text("mine")
            out.write_text("theirs")

    with pytest.raises(RecordingError, match="is there already"):
        written_over(force=False)
    assert out.read_text() == "theirs"
    written_over(force=True)
    assert out.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("kind", ["file", "link", "link to nowhere"])
def test_what_a_killed_program_left_is_replaced(tmp_path: Path, kind: str) -> None:
    out, other = tmp_path / "a.edf", tmp_path / "other"
    left = tmp_path / "a.edf.part"
    if kind == "file":
        left.write_text("half of it, and much more than that")
    else:
        left.symlink_to(other)
    if kind == "link":
        other.write_text("somebody's")
    with atomic_output(out, tmp_path / "a.xdf", force=False) as part:
        part.write_text("whole")
    assert out.read_text() == "whole"
    assert not out.is_symlink()
    assert not left.is_symlink()
    assert not left.exists()
    assert kind != "link" or other.read_text() == "somebody's"
