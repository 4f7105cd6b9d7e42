"""What may go wrong with a disk: nothing written is lost, the worker never waits, and the failure is loud."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from math import inf
from pathlib import Path
from threading import Barrier, Event, Thread
from unittest import mock

import numpy as np
import pytest

from ecg_live.errors import RecordingError
from ecg_live.events import Chunk, Gap
from ecg_live.recorded.verify import verify
from ecg_live.results import Item
from ecg_live.sinks.xdf_file import XdfFile
from ecg_live.sinks.xdf_parts import RollLimits
from tests.support.decoding import decode
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import BEGAN, INFO, RATE, counted, ecg, load, record, recorder, settled, until

FULL = textwrap.dedent("""
    import resource, sys, time
    from pathlib import Path
    from tests.support.xdf_recordings import counted, recorder, settled
    path = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (66_000, 66_000))
    sink = recorder(path, time.monotonic)
    for chunk in counted(0, 20_000, (200,)):
        sink.write(chunk)
        settled(sink)
    print(sink.status.note)
    sink.close()
""")


class Disk:
    """A disk that fails when it is told to, and at most so many times."""

    def __init__(self) -> None:
        self.fails, self.left = 0, 10**9
        self.error = errno.EIO

    def __call__(self, file: int) -> None:
        if self.fails and self.left:
            self.fails, self.left = self.fails + 1, self.left - 1
            raise OSError(self.error, os.strerror(self.error))
        os.fsync(file)


def lies_in(folder: Path, file: int) -> bool:
    """Whether an open file's name, or the one that it has for now, is in a folder."""
    return any(os.path.samestat(each.stat(), os.fstat(file)) for each in folder.glob("*"))


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_file_that_has_reached_its_largest_size_is_followed_by_another(tmp_path: Path) -> None:
    """As on FAT32, where a file ends at 4 GB."""
    path = tmp_path / "a.xdf"
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True, timeout=100)
    assert "File too large; the recording goes on in" in done.stdout
    parts = [path, *(tmp_path / f"a_{k}.xdf" for k in range(2, len(list(tmp_path.iterdir())) + 1))]
    assert len(parts) > 3
    assert np.concatenate([ecg(each) for each in parts]).tolist() == list(range(20_000))
    for each in parts:
        report = verify(each)
        assert (report.torn_bytes, report.problems) == (0, [])
        assert each.stat().st_size <= 66_000
    assert decode(parts[2]).counter == list(range(len(ecg(parts[2]))))


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_and_then_does_not_costs_nothing(tmp_path: Path, error: int) -> None:
    """What a failing `fsync` did not bring to the disk is written again, though the file seems to hold it."""
    path, disk, clock = tmp_path / "a.xdf", Disk(), HandClock()
    disk.error = error
    sink = recorder(path, clock, sync=disk)
    chunks = list(counted(0, 3000))
    for k, chunk in enumerate(chunks):
        if k == 50:
            settled(sink)
            disk.fails = 1
        if k == 100:
            until(lambda: disk.fails > 3)
            clock.wait(3.0)
            assert sink.status.failed is None
            assert sink.status.late == 3.0
            assert f"cannot be written: {os.strerror(error)}; what comes is kept" in sink.status.note
            disk.fails = 0
            settled(sink)
            assert sink.status.note.endswith("a.xdf can be written again; nothing is lost")
        sink.write(chunk)
    sink.close()
    assert list(tmp_path.iterdir()) == [path]
    assert ecg(path).tolist() == list(range(3000))
    report = verify(path)
    assert (report.sound, report.closed) == (True, True)


def test_a_disk_that_fails_for_long_is_left_for_another_folder(tmp_path: Path) -> None:
    path, other, disk, clock = tmp_path / "a.xdf", tmp_path / "other", Disk(), HandClock()
    told: list[Path] = []

    def sync(file: int) -> None:
        if not lies_in(other, file):
            disk(file)

    sink = recorder(path, clock, sync=sync, elsewhere=[tmp_path, other], moved=told.append)
    chunks = list(counted(0, 3000))
    for k, chunk in enumerate(chunks):
        if k == 50:
            settled(sink)
            disk.fails = 1
        if k == 100:
            until(lambda: disk.fails > 3)
            clock.wait(59.0)
            disk.fails = 1
            until(lambda: disk.fails > 3)
            assert sink.status.path == str(path)
            clock.wait(2.0)
            settled(sink)
        sink.write(chunk)
    sink.close()
    new = other / "a_2.xdf"
    assert (sink.status.path, told) == (str(new), [new])
    assert sink.status.note == f"{path} cannot be written: Input/output error; the recording goes on in {new}"
    assert np.concatenate([ecg(path), ecg(new)]).tolist() == list(range(3000))
    assert [verify(each).problems for each in (path, new)] == [[], []]
    assert [verify(each).closed for each in (path, new)] == [False, True]
    assert list(tmp_path.glob(".*")) == []


def test_a_recording_that_ends_while_its_disk_fails_is_finished_elsewhere(tmp_path: Path) -> None:
    path, other, disk = tmp_path / "a.xdf", tmp_path / "other", Disk()

    def sync(file: int) -> None:
        if not lies_in(other, file):
            disk(file)

    sink = recorder(path, sync=sync, elsewhere=[other])
    disk.fails = 1
    for chunk in counted(0, 1000):
        sink.write(chunk)
    sink.close()
    assert ecg(other / "a_2.xdf").tolist() == list(range(1000))
    assert verify(other / "a_2.xdf").closed


def test_a_recording_that_lacks_only_its_footers_says_so(tmp_path: Path) -> None:
    """Headers and footers of many streams are larger than what comes in a moment: a disk may be full just then."""
    path, disk = tmp_path / "a.xdf", Disk()
    sink = recorder(path, HandClock(), sync=disk, elsewhere=[tmp_path / "other"])
    for chunk in counted(0, 1000):
        sink.write(chunk)
    settled(sink)
    disk.fails, disk.error = 1, errno.ENOSPC
    lacking = r"a\.xdf has all 3\.9 s, but no footers: No space left on device"
    with pytest.raises(RecordingError, match=lacking) as error:
        sink.close()
    assert "export FILE --to xdf closes it" in error.value.remedy
    assert sink.status.whole
    assert list(tmp_path.iterdir()) == [path]
    assert ecg(path).tolist() == list(range(1000))
    report = verify(path)
    assert (report.sound, report.closed, report.torn_bytes) == (True, False, 0)


def test_a_recording_fails_loudly_where_no_disk_takes_it(tmp_path: Path) -> None:
    path, disk = tmp_path / "a.xdf", Disk()
    sink = recorder(path, sync=disk, limit=1 << 20, elsewhere=[tmp_path / "other", Path("/proc/self/no")])
    disk.fails = 1
    first, *chunks = counted(0, 40_000)
    sink.write(first)
    until(lambda: disk.fails > 3)
    with pytest.raises(RecordingError, match="1 MB wait for a disk that fails: Input/output error"):  # noqa: PT012
        for chunk in chunks:
            sink.write(chunk)
    with pytest.raises(RecordingError):
        sink.close()
    sink._thread.join(60)
    assert not sink.status.whole
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a.xdf", "other"]  # no half file is left behind


def test_a_roll_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    path, disk, clock = tmp_path / "a.xdf", Disk(), HandClock()
    sink = recorder(path, clock, roll=RollLimits(seconds=10.0), sync=disk)
    for chunk in counted(0, 1000):
        sink.write(chunk)
    settled(sink)
    clock.wait(10.0)
    disk.fails = 1
    for chunk in counted(1000, 2000):
        sink.write(chunk)
    until(lambda: disk.fails > 5)
    disk.fails = 0
    sink.close()
    assert [ecg(tmp_path / name).tolist() for name in ("a.xdf", "a_2.xdf")] == [
        list(range(1000)), list(range(1000, 2000))
    ]  # fmt: skip
    assert [verify(tmp_path / name).closed for name in ("a.xdf", "a_2.xdf")] == [True, True]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_file_that_is_removed_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    sink = recorder(path)
    chunks = list(counted(0, 1000))
    for chunk in chunks[:25]:
        sink.write(chunk)
    settled(sink)
    for kept in ("a_rescued.xdf", "a_rescued_rescued.xdf"):  # it goes on, and that file is taken away as well
        path.unlink()
        until(lambda name=kept: sink.status.path.endswith(name))  # type: ignore[misc]
        path = tmp_path / kept
    assert sink.status.note.endswith(
        "a_rescued.xdf was removed or renamed while it was written; all of it is in " + str(path)
    )
    for chunk in chunks[25:]:
        sink.write(chunk)
    sink.close()
    assert ecg(path).tolist() == list(range(1000))
    found = verify(path)
    assert found.sound
    assert found.closed


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_disk_that_does_not_answer_has_not_removed_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = XdfFile(tmp_path / "a.xdf")
    file.appear()
    with monkeypatch.context() as away:
        away.setattr(Path, "stat", mock.Mock(side_effect=OSError(errno.ESTALE, "Stale file handle")))
        assert not file.damage()
    assert not file.damage()
    file.path.unlink()
    assert file.damage() == "removed or renamed"
    file.close()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be cut there")
@pytest.mark.parametrize("kept", [0.9, 0.75, 0.0])
def test_a_file_that_is_cut_while_it_is_written_goes_on_in_another(tmp_path: Path, kept: float) -> None:
    """With what is left of it; what is lost is told as a gap, so that the counts are right."""
    path, new = tmp_path / "a.xdf", tmp_path / "a_rescued.xdf"
    sink = recorder(path)
    chunks = list(counted(0, 3000))
    for k, chunk in enumerate(chunks):
        if k % 10 == 0:
            settled(sink)
        if k == 100:
            headers, size = 20_000, path.stat().st_size
            cut = round(kept * size) if kept else headers // 2
            os.truncate(path, cut)
            until(lambda: sink.status.path == str(new))
        sink.write(chunk)
    sink.close()
    assert sink.status.note == (
        f"{path} was cut from {size} to {cut} bytes while it was written; "
        f"what was left of it, and what follows, is in {new}"
    )
    assert path.stat().st_size == cut
    there = ecg(new).tolist()
    left = there.index(2000)
    assert there == [*range(left), *range(2000, 3000)]
    assert (left > 100) == (kept > 0)
    report = verify(new)
    assert (report.sound, report.closed, report.reported_lost) == (True, True, 2000 - left if kept else 0), (
        report.problems
    )
    assert decode(new).gaps == ([(left, 2000 - left)] if kept else [])


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordingError, match="cannot be made"):
        recorder(tmp_path / "file" / "a.xdf")
    if Path("/proc/self").exists():  # denies even root
        with pytest.raises(RecordingError, match="cannot be made"):
            recorder(Path("/proc/self/a.xdf"))
    if hasattr(os, "geteuid") and os.geteuid():
        (tmp_path / "shut").mkdir(mode=0o500)
        with pytest.raises(RecordingError, match="Permission denied"):
            recorder(tmp_path / "shut" / "a.xdf")


@pytest.mark.skipif(sys.platform == "win32", reason="it has another word for it")
def test_a_name_that_is_too_long_is_refused_as_any_other_fault_of_a_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"File name too long \(choose a shorter name, participant or session"):
        recorder(tmp_path / f"{'x' * 300}.xdf")
    assert list(tmp_path.iterdir()) == []


def test_a_slow_disk_loses_nothing_and_blocks_no_one(tmp_path: Path) -> None:
    path, clock, slow, stuck = tmp_path / "a.xdf", HandClock(), Event(), Event()
    slow.set()

    def sync(file: int) -> None:
        if not slow.is_set():
            stuck.set()
        slow.wait(60)
        os.fsync(file)

    sink = recorder(path, clock, sync=sync)
    slow.clear()
    chunks = list(counted(0, 20_000))
    sink.write(chunks[0])
    assert stuck.wait(60)
    began = time.monotonic()
    for chunk in chunks[1:]:
        sink.write(chunk)
    assert time.monotonic() - began < 30.0  # while the disk does not answer at all
    clock.wait(2.0)
    assert sink.status.late == 2.0
    slow.set()
    settled(sink)
    sink.close()
    assert ecg(path).tolist() == list(range(20_000))


def test_a_disk_that_is_too_slow_fails_loudly(tmp_path: Path) -> None:
    path, slow, stuck = tmp_path / "a.xdf", Event(), Event()
    slow.set()

    def sync(_file: int) -> None:
        if not slow.is_set():
            stuck.set()
        slow.wait(60)

    sink = recorder(path, sync=sync, limit=1 << 20)
    slow.clear()
    chunks = list(counted(0, 20_000))
    sink.write(chunks[0])
    assert stuck.wait(60)
    written = 1
    with pytest.raises(RecordingError, match="1 MB wait for a disk that is too slow"):  # noqa: PT012 - which one is it
        for chunk in chunks[1:]:
            written += 1
            sink.write(chunk)
    began = time.monotonic()
    with pytest.raises(RecordingError):
        sink.close()
    assert time.monotonic() - began < 30.0  # nobody waits for such a disk
    slow.set()
    sink._thread.join(60)
    assert ecg(path).tolist() == list(range(20 * written))  # what was taken is there in the end
    assert verify(path).sound


def test_a_replay_at_full_speed_waits_for_a_slow_disk(tmp_path: Path) -> None:
    path, limit, slow = tmp_path / "a.xdf", 1 << 20, Event()
    slow.set()

    def sync(_file: int) -> None:
        slow.wait(60)

    sink = recorder(path, info=replace(INFO, speed=inf), sync=sync, limit=limit)
    slow.clear()
    chunks = list(counted(0, 40_000))

    def play() -> None:
        for chunk in chunks:
            sink.write(chunk)

    player = Thread(target=play)
    player.start()
    until(lambda: sink._backlog._size > limit)
    assert player.is_alive()
    slow.set()
    player.join(60)
    sink.close()
    assert ecg(path).tolist() == list(range(40_000))


def test_a_replay_that_waits_is_released_when_the_disk_fails(tmp_path: Path) -> None:
    slow, broken = Event(), Event()
    slow.set()

    def sync(_file: int) -> None:
        slow.wait(60)
        if broken.is_set():
            raise OSError(5, "Input/output error")

    sink = recorder(tmp_path / "a.xdf", info=replace(INFO, speed=inf), sync=sync, limit=1 << 20, patience=0.5)
    slow.clear()
    broken.set()
    told: list[str] = []

    def play() -> None:
        try:
            for chunk in counted(0, 40_000):
                sink.write(chunk)
        except RecordingError as error:
            told.append(error.message)

    player = Thread(target=play)
    player.start()
    until(lambda: sink._backlog._size > 1 << 20)
    slow.set()
    player.join(60)
    assert "Input/output error" in told[0]


def test_two_sessions_that_write_the_same_name_at_the_same_instant(tmp_path: Path) -> None:
    path, start = tmp_path / "a.xdf", Barrier(8)
    told: list[str] = []

    def run(k: int) -> None:
        start.wait(60)
        try:
            record(path, counted(1000 * k, 1000 * k + 100))
            told.append("recorded")
        except RecordingError as error:
            told.append(error.message)

    threads = [Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert told.count("recorded") == 1
    assert sum("is there already" in text for text in told) == 7
    assert verify(path).sound


def test_bursts_of_no_numbers_and_of_rails_and_200_gaps(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    items: list[Item] = []
    for k in range(201):
        x = np.full((100, 1), float(k))
        x[10:20] = np.nan if k % 2 else 1.5
        items.append(Chunk(x, 130 * k, BEGAN + 130 * k / RATE))
        if k:
            items.append(Gap(130 * k - 30, 30, "radio lost", time=BEGAN))
        if k % 2:
            items.append(Gap(130 * k + 10, 10, "samples are invalid (NaN)", time=BEGAN))
    record(path, items)
    got = decode(path)
    assert got.gaps == [(130 * k - 30, 30) for k in range(1, 201)]
    np.testing.assert_array_equal(got.samples, np.concatenate([c.samples[:, 0] for c in items if isinstance(c, Chunk)]))
    report = verify(path)
    assert report.sound, report.problems
    (count,) = [each for each in report.counts.values() if each.stream.own["key"] == "ecg"]
    assert (count.samples, count.missing, count.invalid, report.reported_lost) == (20100, 6000, 1000, 7000)


def test_a_wall_clock_that_is_set_by_an_hour_is_in_the_header_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xdf"
    sink = recorder(path)
    chunks = list(counted(0, 1000))
    for chunk in chunks[:25]:
        sink.write(chunk)
    settled(sink)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    for chunk in chunks[25:]:
        sink.write(chunk)
    sink.close()
    np.testing.assert_allclose(load(path)["ecg"]["time_stamps"], BEGAN + np.arange(1000) / RATE, rtol=0, atol=1e-6)
