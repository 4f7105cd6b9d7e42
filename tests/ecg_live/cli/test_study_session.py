"""``run --study``: what the file plans for a session, what is refused before it begins, and going on after a cut."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from threading import Timer
from typing import Any

import pylsl
import pytest
import pyxdf

from devices.read_options import ReadOptions
from ecg_live.cli.study_recordings import refuse_growing
from ecg_live.cli.study_session import file_beside, plan_session
from ecg_live.errors import ConfigError
from ecg_live.recorded.export import export
from ecg_live.sinks.xdf_file import XdfFile
from tests.support.command_line import ECG, ecg_live, of, run_json

STUDY = f"""\
name = "Lab stress"
source = "{ECG}"
participants = ["P01", "P02"]
order = "counterbalanced"

[[blocks]]
name = "rest"
seconds = 20
in_place = true

[[blocks]]
name = "task"
seconds = 12.5

[[blocks]]
name = "talk"
seconds = 10
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def run(study: Path, *options: object) -> tuple[int, list[dict[str, Any]], str]:
    """A session of P01 at full speed."""
    done = ecg_live(
        "run", "--study", study, "--participant", "P01", "--headless", "--json", "--speed", "max", *options,
        environ={"ECG_LIVE_DATA": str(study.parent / "data")},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def recorded(path: Path) -> list[tuple[float, str]]:
    """Markers of a recording, in seconds from its first sample."""
    streams = {each["info"]["name"][0]: each for each in pyxdf.load_xdf(str(path))[0]}
    (ecg,) = [each for each in streams.values() if each["info"]["type"][0] == "ECG"]
    marks = streams["Markers"]
    return [
        (round(float(t - ecg["time_stamps"][0]), 3), row[0])
        for t, row in zip(marks["time_stamps"], marks["time_series"], strict=True)
    ]


def test_a_session_runs_its_blocks_in_the_participants_order(study: Path) -> None:
    code, lines, _ = run(study)
    assert code == 0
    blocks = [(line["name"], line["event"], line["time"]) for line in of(lines, "block")]
    assert blocks == [
        ("rest", "start", 0.0), ("rest", "stop", 20.0), ("task", "start", 20.0), ("task", "stop", 32.5),
        ("talk", "start", 32.5), ("talk", "stop", 42.5),
    ]  # fmt: skip
    path = study.parent / "Lab stress_P01_S1.xdf"
    assert recorded(path) == [(at, f"block/{name}/{event}") for name, event, at in blocks]
    code, lines, _ = run(study, "--session-id", "S2", "--record", study.parent / "other.xdf")
    assert code == 0
    assert (study.parent / "other.xdf").exists()
    assert [line["text"] for line in of(lines, "marker")][2] == "block/task/start"
    again = ecg_live(
        "run", "--study", study, "--participant", "P01", "--session", "S2", "--record", study.parent / "other"
    )
    assert "of 3 blocks of session S2 (other.xdf): it is complete" in again.stderr


def test_a_session_that_is_complete_is_not_run_again(study: Path) -> None:
    run(study)
    code, _, complaint = run(study)
    assert code == 2
    assert "P01 has been through 3 of 3 blocks of session S1 (Lab stress_P01_S1.xdf): it is complete" in complaint
    assert "name another --session, or mend the id" in complaint
    code, _, complaint = run(study, "--resume")
    assert code == 2
    assert "it is complete" in complaint
    assert run(study, "--session", "S2")[0] == 0


def test_a_recording_is_known_by_its_name_in_capitals_as_well(study: Path) -> None:
    study.write_text('record = "{participant}.XDF"\n' + STUDY)
    assert run(study)[0] == 0
    assert (study.parent / "P01.XDF").exists()
    assert "P01 has been through 3 of 3 blocks of session S1 (P01.XDF)" in run(study)[2]


def test_a_session_that_was_cut_is_gone_on_with_only_if_asked(study: Path) -> None:
    """The wall time ends the first part within its second block, as a crash would."""
    study.write_text(STUDY.replace("seconds = 10", 'until = "key"'))
    assert run(study)[0] == 0  # nobody ends the last block; its part of the source ends
    path = study.parent / "Lab stress_P01_S1.xdf"
    assert [text for _, text in recorded(path)][-2:] == ["block/talk/abort", "block/talk/stop"]
    cut_after(path, "block/talk/start")
    code, _, complaint = run(study)
    assert code == 2
    assert "P01 has been through 2 of 3 blocks of session S1" in complaint
    assert "--resume goes on with block talk" in complaint
    os.utime(path, (time.time() - 9, time.time() - 9))
    code, lines, _ = run(study, "--resume")
    assert code == 0
    assert of(lines, "block")[0] == {"type": "block", "name": "talk", "event": "start", "time": 0.0}
    assert recorded(study.parent / "Lab stress_P01_S1_2.xdf")[0] == (0.0, "block/talk/start")


def test_parts_are_in_order_where_the_clock_was_set_back_between_them(study: Path) -> None:
    study.write_text(STUDY.replace("seconds = 10", 'until = "key"'))
    assert run(study)[0] == 0
    study.write_text(STUDY)
    path = study.parent / "Lab stress_P01_S1.xdf"
    cut_after(path, "block/talk/start")
    path.write_bytes(path.read_bytes().replace(b"<datetime>20", b"<datetime>21", 1))
    os.utime(path, (1e9, 1e9))
    assert run(study, "--resume")[0] == 0
    assert "P01 has been through 3 of 3 blocks of session S1 (Lab stress_P01_S1_2.xdf)" in run(study)[2]


def cut_after(path: Path, text: str) -> None:
    """Cut a recording as a power failure would, after the newest marker with this text."""
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(text.encode()) + len(text) + 4000])
    while text.replace("start", "abort").encode() in path.read_bytes():
        path.write_bytes(path.read_bytes()[:-100])


def test_a_recording_that_was_moved_is_gone_on_with(study: Path) -> None:
    """It is found beside the study file, and in the folder that ``--record`` names; not another study's there."""
    study.write_text('record = "raw/{participant}.xdf"\n' + STUDY)
    assert run(study)[0] == 0
    (path,), backup = study.parent.glob("raw/*.xdf"), study.parent / "backup"
    cut_after(path, "block/task/start")
    os.utime(path, (time.time() - 9, time.time() - 9))
    shutil.copy(path, study.parent / "P01.xdf")
    assert plan_session(study, None, {"participant": "P01"}, resume=True).earlier == (path,)  # a copy tells nothing new
    closed = path.with_name("P01_closed.xdf")
    export(path, "xdf", closed, ReadOptions())
    assert plan_session(study, None, {"participant": "P01"}, resume=True).earlier == (path,)
    with (study.parent / "P01.xdf").open("ab") as file:
        file.write(bytes(100))
    planned = plan_session(study, None, {"participant": "P01"}, resume=True)
    assert planned.earlier == (study.parent / "P01.xdf",)  # the longer one
    closed.unlink()
    path.unlink()
    planned = plan_session(study, None, {"participant": "P01"}, resume=True)
    assert planned.blocks[planned.first].name == "task"
    assert planned.options["record"] == str(study.parent / "raw" / "P01_2.xdf")  # not that of the first part
    backup.mkdir()
    (study.parent / "P01.xdf").rename(backup / "P01.xdf")
    options = {"participant": "P01", "record": str(backup / "again.xdf")}
    planned = plan_session(study, None, options, resume=True)
    assert planned.blocks[planned.first].name == "task"
    assert planned.options["record"] == str(backup / "again.xdf")
    study.write_text(study.read_text().replace("Lab stress", "Lab calm"))
    with pytest.raises(ConfigError, match="no recording of session S1 of Lab calm"):
        plan_session(study, None, options, resume=True)


def test_there_is_nothing_to_resume(study: Path) -> None:
    code, _, complaint = run(study, "--resume")
    assert code == 2
    assert "P01 has no recording of session S1 of Lab stress: there is nothing to resume" in complaint
    assert f"looked for Lab stress_P01_S1.xdf in {study.parent}, " in complaint
    assert "name one that was moved, for example --record FOLDER/NAME.xdf" in complaint
    code, _, complaint = run_json(ECG, "--resume")
    assert (code, "--resume without a study" in complaint) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ('"P01", ', "", 2, "'P01' is not one of the 1 participants of Lab stress"),
        (f'source = "{ECG}"\n', "", 2, "source: missing"),
        ("seconds = 12.5", "secs = 12.5", 2, "study.toml, line 13: blocks.2.secs: unknown"),
        ("seconds = 12.5", 'seconds = 12.5\nheads = ["joy"]', 4, "block task of Lab stress needs head joy; the model"),
        ("seconds = 10", 'seconds = 10\nbiofeedback = "joy"', 4, "block talk of Lab stress needs head joy"),
        ("\n[[", '\n[self_reports.mood]\nkind = "sam"\nheads = ["x"]\n[[', 4, "self-report mood of Lab stress needs"),
        ("participants", 'model = "none.safetensors"\nparticipants', 4, "none.safetensors"),
        ("parti", 'required_streams = ["Stimuli", "Pupil"]\nparti', 3, "not in reach: Stimuli, Pupil"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_before_anything_is_recorded(
    study: Path, old: str, new: str, code: int, message: str
) -> None:
    assert old in STUDY
    study.write_text(STUDY.replace(old, new, 1))
    found, lines, complaint = run(study)
    assert (found, lines) == (code, [])
    assert message in complaint
    assert len(complaint.strip().splitlines()) == 2  # what was found, and what to do
    assert list(study.parent.glob("*.xdf")) == []


def test_a_required_stream_that_is_there_is_enough(study: Path) -> None:
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("Stimuli 4711", "Markers", 1, 0.0, pylsl.cf_string, "stimuli"))
    study.write_text(STUDY.replace("participants", 'required_streams = ["stimuli 4711"]\nparticipants', 1))
    assert run(study)[0] == 0
    assert outlet is not None


def test_a_full_disk_is_named_before_the_study_begins(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecg_live.cli.recording.free_bytes", lambda _path: 5_000_000)
    code, lines, complaint = run(study)
    assert (code, lines) == (4, [])
    assert "Lab stress_P01_S1.xdf: 5 MB are free, a recording needs at least 100 MB" in complaint
    assert list(study.parent.glob("*.xdf")) == []


def test_ids_may_come_from_the_environment(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_LIVE_PARTICIPANT", "P02")
    planned = plan_session(study, None, {}, resume=False)
    assert (planned.participant, [block.name for block in planned.blocks]) == ("P02", ["rest", "talk", "task"])
    assert planned.options["record"] == str(study.parent / "Lab stress_P02_S1.xdf")


def test_no_participant_and_several_wearers_are_refused(study: Path) -> None:
    refused = ecg_live("run", "--study", study, "--headless")
    assert refused.returncode == 2
    assert "Lab stress: no participant" in refused.stderr
    refused = ecg_live("run", ECG, ECG, "--study", study, "--headless")
    assert refused.returncode == 2
    assert "--study beside several wearers" in refused.stderr
    refused = ecg_live("run", "--headless")
    assert refused.returncode == 2
    assert "no source" in refused.stderr


def test_a_recording_that_grows_is_another_desks(tmp_path: Path) -> None:
    path = tmp_path / "x.xdf"
    path.write_bytes(b"1")
    writer = Timer(0.05, path.write_bytes, [b"12"])
    writer.start()
    with pytest.raises(ConfigError, match=r"x\.xdf is being recorded now"):
        refuse_growing(path)
    writer.join()
    os.utime(path, (1e9, 1e9))
    refuse_growing(path)


def test_a_recording_that_grows_on_a_server_whose_clock_is_ahead_is_another_desks(tmp_path: Path) -> None:
    path = tmp_path / "x.xdf"
    path.write_bytes(b"1")
    os.utime(path, (time.time() + 3600, time.time() + 3600))
    writer = Timer(0.05, path.write_bytes, [b"12"])
    writer.start()
    with pytest.raises(ConfigError, match=r"x\.xdf is being recorded now"):
        refuse_growing(path)
    writer.join()


@pytest.mark.skipif(sys.platform == "win32", reason="there an open recording is seen by its growth only")
def test_a_recording_whose_device_is_away_is_another_desks_as_well(tmp_path: Path) -> None:
    path = tmp_path / "x.xdf"
    file = XdfFile(path)
    file.appear()
    os.utime(path, (1e9, 1e9))
    with pytest.raises(ConfigError, match=r"x\.xdf is being recorded now"):
        refuse_growing(path)
    file.close()
    refuse_growing(path)


def test_a_source_may_be_longer_than_the_name_of_a_file(tmp_path: Path) -> None:
    source = f"lsl:name={'x' * 300}"
    assert file_beside(source, tmp_path / "study.toml") == source
    assert file_beside(None, tmp_path / "study.toml") is None
