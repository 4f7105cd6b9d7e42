"""The spool: first in, first out, across a crash."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.nats import spool as spools
from ecg_live.nats.frames import FrameKind, StreamFrame
from ecg_live.nats.spool import Spool


def frame(number: int, size: int = 100, run: int = 1) -> StreamFrame:
    return StreamFrame(FrameKind.EVENT, run, number, bytes([number % 256]) * size)


def test_frames_leave_in_their_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "deep" / "P1.frames")
    for number in range(1, 6):
        spool.put(frame(number))
    assert [one.number for one in spool.first(2 * frame(1).size)] == [1, 2]
    assert [one.number for one in spool.first(1)] == [1]  # at least one
    spool.drop(1)
    spool.put(frame(6))
    assert [one.number for one in spool.first(10**6)] == [2, 3, 4, 5, 6][: len(spool.first(10**6))]
    spool.drop(len(spool.first(10**6)))
    assert [one.number for one in spool.first(10**6)] in ([6], [])
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.integers(1, 400_000), st.just(-1)), max_size=30), st.integers(0, 90))
def test_what_was_put_in_is_there_after_a_crash(steps: list[int], torn: int) -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 - removed below
    path = folder / f"spool-{os.getpid()}.frames"
    path.unlink(missing_ok=True)
    spool, expected, number = Spool(path), list[int](), 0
    for step in steps:
        if step < 0:
            taken = len(spool.first(200_000))
            spool.drop(taken)
            expected = expected[taken:]
        else:
            number += 1
            spool.put(frame(number, step))
            expected.append(number)
    assert [one.number for one in spool.all_waiting()][: len(expected)] == expected
    start, waiting = spool._start, spool.waiting_bytes
    os.close(spool._file)  # as by a kill
    with path.open("ab") as file:
        file.write(frame(number + 1).encode()[:torn])
    again = Spool(path)
    known = [one.number for one in again.all_waiting()]
    assert known[len(known) - len(expected) :] == expected  # sent ones before them: the server knows those
    assert again.waiting_bytes - waiting == start
    again.close()
    path.unlink(missing_ok=True)


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps an open file from others")
def test_two_programs_cannot_have_one_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "a")
    with pytest.raises(BlockingIOError):
        Spool(tmp_path / "a")
    spool.put(frame(1))
    spool.close()
    again = Spool(tmp_path / "a")
    assert [one.number for one in again.all_waiting()] == [1]
    again.drop(len(again.first(1)))
    again.close()
    assert not again.path.exists()


def test_a_sent_spool_is_emptied_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "MIN_TRUNCATED_BYTES", 100)
    spool = Spool(tmp_path / "a")
    spool.put(frame(1))
    spool.drop(len(spool.first(1)))
    assert spool.path.stat().st_size == 0
    spool.close()
    assert not spool.path.exists()


def test_the_limit_and_putting_aside(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "a", limit=200)
    spool.put(frame(1))
    assert not spool.full
    spool.put(frame(2))
    assert spool.full
    kept = spool.put_aside()
    assert (spool.waiting_bytes, spool.first(10)) == (0, [])
    assert len(Spool(kept).all_waiting()) == 2
