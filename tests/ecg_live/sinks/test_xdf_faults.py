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
from threading import Barrier, Thread
from threading import Event as Flag
from unittest import mock

import numpy as np
import pytest

from ecg_live.errors import RecordingError
from ecg_live.recorded.verify import verify
from ecg_live.sinks.xdf_file import XdfFile
from ecg_live.types import Chunk, Gap, Item
from tests.contracts.sources import HandClock
from tests.devices.decoded import decode
from tests.ecg_live.sinks.recordings import BEGAN, INFO, RATE, counted, ecg, load, record, recorder, until

FULL = textwrap.dedent("""
    import resource, sys, time
    from pathlib import Path
    from ecg_live.errors import RecordingError
    from tests.ecg_live.sinks.recordings import counted, recorder, until
    path = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
    sink = recorder(path, time.monotonic)
    try:
        for chunk in counted(0, 40_000):
            sink.write(chunk)
            until(lambda: not sink.status.late)
    except RecordingError as error:
        print(error, sink.status.failed, sep="|")
    try:
        sink.close()
    except RecordingError as error:
        print("closed:", error)
""")


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True, timeout=60)
    told, closed = done.stdout.splitlines()
    assert "File too large" in told
    assert told.split("|")[1] in told.split("|")[0]
    assert "closed:" in closed
    report = verify(path)
    assert (report.torn, report.problems, report.closed) == (0, [], False)
    assert path.stat().st_size <= 60_000
    there = ecg(path)
    assert there.tolist() == list(range(len(there)))
    assert len(there) > 1000


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_file_that_is_removed_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    sink = recorder(path)
    chunks = list(counted(0, 1000))
    for chunk in chunks[:25]:
        sink.write(chunk)
    until(lambda: not sink.status.late)
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
    with monkeypatch.context() as away:
        away.setattr(Path, "stat", mock.Mock(side_effect=OSError(errno.ESTALE, "Stale file handle")))
        assert not file.removed()
    assert not file.removed()
    file.path.unlink()
    assert file.removed()
    file.close()


def test_a_file_that_is_cut_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    sink = recorder(path)
    for chunk in counted(0, 500):
        sink.write(chunk)
    until(lambda: not sink.status.late)
    os.truncate(path, 5000)
    sink.write(next(iter(counted(500, 520))))
    until(lambda: sink.status.failed is not None)
    with pytest.raises(RecordingError, match="to 5000 bytes while it was written"):
        sink.close()
    assert path.stat().st_size == 5000


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


def test_a_slow_disk_loses_nothing_and_blocks_nobody(tmp_path: Path) -> None:
    path, clock, slow, stuck = tmp_path / "a.xdf", HandClock(), Flag(), Flag()
    slow.set()

    def sync(file: int) -> None:
        if not slow.is_set():
            stuck.set()
        slow.wait(30)
        os.fsync(file)

    sink = recorder(path, clock, sync=sync)
    slow.clear()
    chunks = list(counted(0, 20_000))
    sink.write(chunks[0])
    assert stuck.wait(20)
    began = time.monotonic()
    for chunk in chunks[1:]:
        sink.write(chunk)
    assert time.monotonic() - began < 2.0  # while the disk does not answer at all
    clock.wait(2.0)
    assert sink.status.late == 2.0
    slow.set()
    until(lambda: not sink.status.late)
    sink.close()
    assert ecg(path).tolist() == list(range(20_000))


def test_a_disk_that_is_too_slow_fails_loudly(tmp_path: Path) -> None:
    path, slow, stuck = tmp_path / "a.xdf", Flag(), Flag()
    slow.set()

    def sync(_file: int) -> None:
        if not slow.is_set():
            stuck.set()
        slow.wait(30)

    sink = recorder(path, sync=sync, limit=1 << 20)
    slow.clear()
    chunks = list(counted(0, 20_000))
    sink.write(chunks[0])
    assert stuck.wait(20)
    written = 1
    with pytest.raises(RecordingError, match="1 MB wait for a disk that is too slow"):  # noqa: PT012 - which one is it
        for chunk in chunks[1:]:
            written += 1
            sink.write(chunk)
    began = time.monotonic()
    with pytest.raises(RecordingError):
        sink.close()
    assert time.monotonic() - began < 1.0  # nobody waits for such a disk
    slow.set()
    sink._thread.join(20)
    assert ecg(path).tolist() == list(range(20 * written))  # what was taken is there in the end
    assert verify(path).sound


def test_a_replay_at_full_speed_waits_for_a_slow_disk(tmp_path: Path) -> None:
    path, limit, slow = tmp_path / "a.xdf", 1 << 20, Flag()
    slow.set()

    def sync(_file: int) -> None:
        slow.wait(30)

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
    player.join(30)
    sink.close()
    assert ecg(path).tolist() == list(range(40_000))


def test_a_replay_that_waits_is_released_when_the_disk_fails(tmp_path: Path) -> None:
    slow, broken = Flag(), Flag()
    slow.set()

    def sync(_file: int) -> None:
        slow.wait(30)
        if broken.is_set():
            raise OSError(5, "Input/output error")

    sink = recorder(tmp_path / "a.xdf", info=replace(INFO, speed=inf), sync=sync, limit=1 << 20)
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
    player.join(30)
    assert "Input/output error" in told[0]


def test_two_sessions_that_write_the_same_name_at_the_same_instant(tmp_path: Path) -> None:
    path, start = tmp_path / "a.xdf", Barrier(8)
    told: list[str] = []

    def run(k: int) -> None:
        start.wait(20)
        try:
            record(path, counted(1000 * k, 1000 * k + 100))
            told.append("recorded")
        except RecordingError as error:
            told.append(error.message)

    threads = [Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
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
            items.append(Gap(130 * k + 10, 10, "samples are not numbers", time=BEGAN))
    record(path, items)
    got = decode(path)
    assert got.gaps == [(130 * k - 30, 30) for k in range(1, 201)]
    np.testing.assert_array_equal(got.samples, np.concatenate([c.samples[:, 0] for c in items if isinstance(c, Chunk)]))
    report = verify(path)
    assert report.sound, report.problems
    (count,) = [each for each in report.counts.values() if each.stream.own["key"] == "ecg"]
    assert (count.samples, count.missing, count.empty, report.reported) == (20100, 6000, 1000, 7000)


def test_a_wall_clock_that_is_set_by_an_hour_is_in_the_header_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xdf"
    sink = recorder(path)
    chunks = list(counted(0, 1000))
    for chunk in chunks[:25]:
        sink.write(chunk)
    until(lambda: not sink.status.late)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    for chunk in chunks[25:]:
        sink.write(chunk)
    sink.close()
    np.testing.assert_allclose(load(path)["ecg"]["time_stamps"], BEGAN + np.arange(1000) / RATE, rtol=0, atol=1e-6)
