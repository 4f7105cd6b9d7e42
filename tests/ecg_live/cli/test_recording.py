"""Recordings of whole sessions: run --record, from the first option to the last byte."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread, Timer

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live import resources
from ecg_live.cli import recording
from ecg_live.cli.live import live
from ecg_live.cli.live_wearers import live_wearers
from ecg_live.cli.participant import ParticipantState
from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError, RecordingError
from ecg_live.events import StreamInfo
from ecg_live.participant_profile import Profile
from ecg_live.recorded.verify import verify
from tests.support.random_bundles import random_bundle
from tests.support.warm_program import WarmProgram, run_warm
from tests.support.xdf_recordings import INFO, ecg, load, until

OPTIONS = {"headless": True, "json": True, "participant": "P 01/ä", "session": "S1"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_LIVE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def test_a_whole_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, source = tmp_path / "new" / "a.xdf", resources.demo_recording()
    assert live(str(source), {**OPTIONS, "speed": "max", "record": str(path)}) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    report = verify(path)
    assert report.sound, report.problems
    played = np.concatenate(
        [c.samples[:, 0] for c in open_recording(source, ReadOptions()).chunks(999) if hasattr(c, "samples")]
    )
    np.testing.assert_array_equal(ecg(path), played)
    got = load(path)
    assert told[-1]["samples"] == len(played)
    assert len(got["predictions"]["time_stamps"]) == told[-1]["predictions"] > 0
    own = got["predictions"]["info"]["desc"][0]["ecg_live"][0]
    assert own["participant"] == ["P 01/ä"]
    assert json.loads(own["configuration"][0])["source"] == str(source)
    assert json.loads(own["model"][0])["heads"]
    with pytest.raises(RecordingError, match="is there already"):
        live(str(source), {**OPTIONS, "speed": "max", "record": str(path)})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_close_the_recording(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "a.xdf"

    def interrupt() -> None:
        until(lambda: path.exists() and path.stat().st_size > 0)  # the headers are one write
        first = path.stat().st_size
        until(lambda: path.stat().st_size > first + 2000)  # by then the worker runs
        os.kill(os.getpid(), number)

    killer = Thread(target=interrupt)
    killer.start()
    assert live(str(resources.demo_recording()), {**OPTIONS, "record": str(path)}) == 128 + number
    killer.join()
    report = verify(path)
    assert report.sound, report.problems


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGHUP")
def test_a_terminal_that_hangs_up_closes_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    command = ["run", resources.demo_recording(), "--headless", "--json", "--record", path]
    with WarmProgram(*command, stdout=subprocess.DEVNULL) as running:
        until(lambda: path.exists() and path.stat().st_size > 110_000)  # by then the worker runs
        running.send_signal(signal.SIGHUP)
    assert running.returncode == 129
    assert verify(path).closed


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGHUP")
def test_nohup_is_respected() -> None:
    found: list[object] = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    looker = Timer(0.5, lambda: found.append(signal.getsignal(signal.SIGHUP)))
    looker.start()
    try:
        assert live(str(resources.demo_recording()), {**OPTIONS, "seconds": 1.0}) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
        looker.join()
    assert found == [signal.SIG_IGN]


def test_a_recording_goes_on_when_the_readers_of_json_leave(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    command = ["run", resources.demo_recording(), "--headless", "--json", "--record", path, "--participant", "P1"]
    with WarmProgram(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert "the recording goes on" in running.stderr.readline()
        before = path.stat().st_size
        until(lambda: path.stat().st_size > before + 10_000)
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
    assert running.returncode == 130
    assert "kept nothing" in rest
    assert "Traceback" not in rest
    assert verify(path).sound


def test_a_recording_goes_on_when_the_readers_of_both_outputs_leave(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    command = ["run", resources.demo_recording(), "--headless", "--json", "--record", path]
    with WarmProgram(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.stdout.close()
        before = path.stat().st_size
        until(lambda: path.stat().st_size > before + 10_000)
        running.send_signal(signal.SIGINT)
    assert running.returncode == 130
    assert verify(path).sound


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGHUP")
def test_a_terminal_that_is_gone_loses_nothing_of_the_participant(tmp_path: Path) -> None:
    path, (ours, theirs) = tmp_path / "a.xdf", os.openpty()
    command = [
        "run",
        resources.demo_recording(),
        "--headless",
        "--speed",
        "60",
        "--record",
        path,
        "--participant",
        "P1",
    ]
    with WarmProgram(*command, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        os.close(ours)
        until(lambda: path.exists() and path.stat().st_size > 800_000)  # 80 s, of which a scale needs 60
        running.send_signal(signal.SIGHUP)
    assert running.returncode == 129
    assert verify(path).sound
    assert [each.name.partition("-")[0] for each in Profile("P1").files()] == ["level", "recording", "scale"]


@pytest.mark.parametrize("wearers", [1, 2])
def test_a_second_ctrl_c_loses_nothing_of_the_participants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wearers: int
) -> None:
    kept = ParticipantState.save

    def impatient(state: ParticipantState) -> int:
        signal.raise_signal(signal.SIGINT)
        return kept(state)

    monkeypatch.setattr(ParticipantState, "save", impatient)
    names, options = [f"P{number}" for number in range(wearers)], {"headless": True, "speed": "max"}
    for name in names:
        shutil.copy(resources.recordings_folder() / "supine_1min.txt", tmp_path / f"{name}.txt")
    if wearers == 1:
        assert live("P0.txt", {**options, "participant": "P0"}) == 130
    else:
        assert live_wearers([f"{name}={name}.txt" for name in names], (), options) == 130
    for name in names:
        assert any(each.name.startswith("scale-") for each in Profile(name).files())


def test_a_recording_goes_on_while_no_one_reads_the_json_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    command = ["run", resources.recordings_folder() / "supine_1min.txt", "--headless", "--json", "--speed", "max"]
    pipe = subprocess.PIPE
    with WarmProgram(*command, "--record", path, stdout=pipe, stderr=pipe, pipesize=4096) as running:
        until(lambda: path.exists() and path.stat().st_size > 0 and verify(path).closed)  # 15 kB of lines
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 1
        assert running.stderr is not None
        assert "were not read" in running.stderr.read()
    assert verify(path).sound


def test_a_session_that_cannot_take_markers_leaves_no_empty_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = {**OPTIONS, "record": str(path), "mark_port": taken.getsockname()[1]}
        with pytest.raises(ConfigError, match="cannot be opened"):
            live(str(resources.demo_recording()), options)
    assert not path.exists()


def test_json_needs_a_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(ConfigError, match="it is closed"):
        live(str(resources.demo_recording()), {**OPTIONS, "json": True})


def recordings(info: StreamInfo = INFO, **settings: object) -> recording.RecorderFactory:
    return recording.RecorderFactory(LiveSettings(**settings), "x", info, random_bundle(), lambda: 1.0)  # type: ignore[arg-type]


def test_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make = recordings(record="one", participant="P/1", session="../S")
    first, second = make(), make()
    first.close()
    second.close()
    assert first.status.path == "one.xdf"
    found = Path(second.status.path)
    assert found.parent == tmp_path / "data" / "recordings"
    assert found.name.startswith("P%2F1_..%2FS_2")
    assert capsys.readouterr().err == f"ecg-live: recording to {found}\n"  # the name that nobody gave
    (tmp_path / "recordings").mkdir()
    third = recordings()()
    third.close()
    assert Path(third.status.path).parent == Path("recordings")
    assert Path(third.status.path).name.startswith("ecg-live_2")
    for wrong in ("one.csv", "", "..", "a/.."):
        with pytest.raises(ConfigError, match=r"ends in \.xdf"):
            recordings(record=wrong)


def test_a_folder_that_cannot_be_made_ends_the_program_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordingError, match="cannot be made") as told:
        live(str(resources.demo_recording()), {**OPTIONS, "speed": "max", "record": str(tmp_path / "file" / "a.xdf")})
    assert told.value.exit_code == 4


def test_the_profile_remembers_where_a_recording_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings(record="one", participant="P1")().close()
    assert Profile("P1").recordings() == [tmp_path / "one.xdf"]
    recordings(record="two")().close()  # nobody's
    (tmp_path / "file").touch()
    monkeypatch.setenv("ECG_LIVE_DATA", str(tmp_path / "file"))
    recordings(record="three", participant="P1")().close()  # a recording is worth more than the profile
    assert "the profile cannot be kept" in capsys.readouterr().err
    assert verify(tmp_path / "three.xdf").sound


def test_a_session_of_any_name_is_recorded() -> None:
    make = recordings(session="a\udcff")()
    make.close()
    assert "a%3F_" in Path(make.status.path).name


def test_room_is_checked_before(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(recording, "free_bytes", lambda _path: 99 * 10**6)
    with pytest.raises(RecordingError, match="99 MB are free, a recording needs at least 100 MB"):
        recordings()()
    monkeypatch.setattr(recording, "free_bytes", lambda _path: 101 * 10**6)
    recordings(StreamInfo(1000.0, ("a", "b")), record="a")().close()
    assert "four hours need 288 MB" in capsys.readouterr().err
    recordings(StreamInfo(1.0, ()), record="b")().close()
    assert "gives no ECG" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_terminal_that_takes_no_more_ends_no_recording(tmp_path: Path) -> None:
    path, source = tmp_path / "a.xdf", resources.recordings_folder() / "supine_1min.txt"
    with Path("/dev/full").open("w") as full:
        done = run_warm("run", source, "--headless", "--speed", "30", "--record", path, stdout=full)
    assert done.returncode == 0
    assert "the terminal shows nothing any more (No space left on device); the session goes on" in done.stderr
    assert len(ecg(path)) == 60_000
    assert verify(path).closed
