"""A whole study: three blocks, two self-reports, a dropout, a kill -9 and going on, up to the group's table."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_live.recorded.rr_intervals import read_rr_intervals
from ecg_live.recorded.self_reports import read_self_reports
from ecg_live.recorded.session_file import read_contents
from tests.support.command_line import CLEAN, ecg_live, write_csv
from tests.support.synthetic_signals import ecg
from tests.support.warm_program import WarmProgram

RATE, SPEED = 250, 10
LOST_S = (6, 9)  # of the signal
STUDY = """\
name = "Lab stress"
source = "ecg.csv"
participants = ["P01", "P02"]

[self_reports.mood]
kind = "sam"
question = "How do you feel now?"

[self_reports.remarks]
kind = "text"
question = "Anything else?"

[[blocks]]
name = "rest"
seconds = 24
self_reports = ["mood"]

[[blocks]]
name = "task"
seconds = 20
self_reports = ["remarks"]

[[blocks]]
name = "talk"
until = "key"
"""


class Session:
    """A study's session in a process of its own, steered by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read lines up to one that is wanted."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            self.lines.append(json.loads(text))
            if wanted(self.lines[-1]):
                return self.lines[-1]
        pytest.fail(f"it ended before: {self.lines[-3:]}")

    def block(self, name: str, event: str) -> dict[str, Any]:
        return self.until(lambda line: line["type"] == "block" and (line["name"], line["event"]) == (name, event))

    def reached(self, seconds: float) -> None:
        """Wait for a prediction that stops so late in the stream."""
        self.until(lambda line: line["type"] == "prediction" and line["stop"] >= seconds)

    def asked(self, question: str) -> None:
        """Wait for a question in the terminal."""
        assert self.process.stderr is not None
        assert any(question in line for line in self.process.stderr)

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Session]:
    command = ["run", "--study", str(folder / "study.toml"), "--participant", "P01", "--headless", "--json"]
    environ = CLEAN | {"ECG_LIVE_DATA": str(folder / "data"), "QT_QPA_PLATFORM": ""}
    pipe = subprocess.PIPE
    process = WarmProgram(*command, "--speed", str(SPEED), *options, stdin=pipe, stdout=pipe, stderr=pipe, env=environ)
    with process:
        try:
            yield Session(process)
        finally:
            process.kill()


def recorded(path: Path) -> list[tuple[float, str]]:
    """Markers of a recording, in seconds from its first sample."""
    contents = read_contents(path)
    assert contents is not None
    stream = contents.text_streams["markers"]
    return [(t - contents.first_timestamp, row[0]) for t, row in zip(stream.stamps, stream.values, strict=True)]


def self_reports(path: Path) -> list[Any]:
    contents = read_contents(path, ("self_reports",))
    assert contents is not None
    return list(read_self_reports(contents))


def until_written(path: Path, text: str) -> None:
    end = time.monotonic() + 20
    while text.encode() not in path.read_bytes():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_participant_goes_through_a_study_that_is_cut(tmp_path: Path) -> None:
    signal_mv = ecg(120, RATE)[:, 0]
    signal_mv[LOST_S[0] * RATE : LOST_S[1] * RATE] = np.nan
    write_csv(tmp_path / "ecg.csv", signal_mv)
    (tmp_path / "study.toml").write_text(STUDY)
    first, second, third = (tmp_path / f"Lab stress_P01_S1{part}.xdf" for part in ("", "_2", "_3"))

    with running(tmp_path) as session:
        session.block("rest", "stop")
        session.type("3 7")
        start = session.block("task", "start")
        session.reached(start["time"] + 12)
        until_written(first, "block/task/start")
        session.process.send_signal(signal.SIGKILL)
        session.process.wait()
    (gap,) = [line for line in session.lines if line["type"] == "gap"]
    assert (gap["start"], gap["stop"], gap["lost"]) == (6.0, 9.0, 3 * RATE)
    assert [text for _, text in recorded(first)] == ["block/rest/start", "block/rest/stop", "block/task/start"]
    times = [time for time, _ in recorded(first)]
    assert times[1] - times[0] == pytest.approx(24, abs=1e-3)  # to the second, through the dropout

    refused = ecg_live("run", "--study", tmp_path / "study.toml", "--participant", "P01", "--headless")
    assert refused.returncode == 2
    assert "P01 has been through 1 of 3 blocks" in refused.stderr
    os.utime(first, (time.time() - 60,) * 2)

    with running(tmp_path, "--resume") as session:
        session.block("task", "start")
        session.reached(session.block("task", "stop")["time"] - 1)  # a busy machine replays late
        until_written(second, "block/task/stop")
        session.process.send_signal(signal.SIGKILL)  # before the self-report was answered
        session.process.wait()
    os.utime(second, (time.time() - 60,) * 2)

    with running(tmp_path, "--resume") as session:
        session.asked("Anything else?")
        session.type("Quite hard")
        start = session.block("talk", "start")
        second_desk = ecg_live("run", "--study", tmp_path / "study.toml", "--participant", "P01", "--resume")
        assert second_desk.returncode == 2
        assert f"{third.name} is being recorded now" in second_desk.stderr
        session.reached(start["time"] + 12)
        session.type("n")
        session.reached(session.block("talk", "stop")["time"] - 1)
        session.process.send_signal(signal.SIGINT)
        assert session.process.wait() == 130
    assert [text for _, text in recorded(second)] == ["block/task/start", "block/task/stop"]
    assert [text for _, text in recorded(third)] == ["block/talk/start", "block/talk/stop"]
    begin, end = (time for time, _ in recorded(second))
    assert end - begin == pytest.approx(20, abs=1e-3)
    complete = ecg_live("run", "--study", tmp_path / "study.toml", "--participant", "P01", "--headless", "--resume")
    assert "P01 has been through 3 of 3 blocks" in complete.stderr

    answers = [answer for path in (first, second, third) for answer in self_reports(path)]
    assert [(each.report, each.item, each.value, each.text, each.block) for each in answers] == [
        ("mood", "valence", 3.0, "", "rest"), ("mood", "arousal", 7.0, "", "rest"),
        ("remarks", "text", None, "Quite hard", "task"),
    ]  # fmt: skip
    check_table(tmp_path, first, second, third)


def check_table(folder: Path, *files: Path) -> None:
    """Compare each cell of the group's table with what was planned, typed or is known of the signal."""
    done = ecg_live("table", *files, "--out", folder / "group.csv")
    assert done.returncode == 0
    with (folder / "group.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["block"], row["run"], row["complete"], row["file"]) for row in rows] == [
        ("rest", "1", "true", files[0].name), ("task", "1", "false", files[0].name),
        ("task", "2", "true", files[1].name), ("talk", "1", "true", files[2].name),
    ]  # fmt: skip
    starts = [time for path in files for time, text in recorded(path) if text.endswith("start")]
    for row, onset in zip(rows, starts, strict=True):
        assert row["participant_id"] == "P01"
        assert row["session_id"] == "S1"
        assert row["study"] == "Lab stress"
        assert row["device"] == "ecg.csv"
        assert float(row["sampling_rate"]) == RATE
        assert float(row["onset"]) == pytest.approx(onset, abs=1e-3)
        check_row(row, folder / row["file"])
    reports = [
        [row[f"self_report_{name}"] for name in ("mood_valence", "mood_arousal", "remarks_text")] for row in rows
    ]
    assert reports == [["3.0", "7.0", ""], [""] * 3, ["", "", "Quite hard"], [""] * 3]  # typed after the cut
    assert [float(row["duration"]) for row in (rows[0], rows[2])] == pytest.approx([24, 20], abs=1e-3)


def check_row(row: dict[str, str], path: Path) -> None:
    begin, end = float(row["onset"]), float(row["onset"]) + float(row["duration"])
    lost = max(0.0, min(end, LOST_S[1]) - max(begin, LOST_S[0]))
    assert int(row["lost_samples"]) == pytest.approx(lost * RATE, abs=1)
    assert float(row["lost_share"]) == pytest.approx(lost / (end - begin), abs=1e-3)
    contents = read_contents(path)
    assert contents is not None
    labels = contents.streams["predictions"].labels
    values = contents.numeric_streams["predictions"].values
    inside = [dict(zip(labels, each, strict=True)) for each in values if begin <= each[0] and each[1] <= end]
    assert int(row["n_windows"]) == int(row["n_windows_hr"]) == len(inside) >= 1
    assert (row["good_share"], row["poor_share"], row["unusable_share"]) == ("1.0", "0.0", "0.0")
    assert (row["excluded_duration"], row["n_windows_excluded"], row["exclusion_reasons"]) == ("0.0", "0", "")
    assert float(row["hr_mean"]) == pytest.approx(72, abs=0.1)  # of the made-up heart
    series = read_rr_intervals(path).main()
    inside_rr = (series.stop - series.rr >= begin) & (series.stop <= end) & series.normal
    assert 0 < int(row["n_rr"]) == int(inside_rr.sum()) <= 72 / 60 * (end - begin - lost) + 1
    assert 0 < float(row["rr_coverage"]) <= 1
    assert row["n_ectopic"] == "0"
    assert {row[name] for name in ("sdnn", "rmssd", "pnn50", "sd1", "sd2", "lf", "hf", "lf_hf")} == {""}  # too short
    assert row["acq_time"] == ""  # of a replay
    assert row["model"].startswith("mental_load")
    load = [each["mental_load/load"] for each in inside if np.isfinite(each["mental_load/load"])]
    assert int(row["mental_load_n_answered"]) == len(load)
    assert float(row["mental_load_abstained_share"]) == pytest.approx(1 - len(load) / len(inside))
    if load:
        assert float(row["mental_load_prob_load_mean"]) == pytest.approx(np.mean(load), abs=1e-6)
        assert float(row["mental_load_prob_rest_mean"]) == pytest.approx(1 - np.mean(load), abs=1e-6)
        assert float(row["mental_load_label_load_share"]) == pytest.approx(np.mean(np.array(load) > 0.5))
        assert float(row["mental_load_label_rest_share"]) == pytest.approx(np.mean(np.array(load) <= 0.5))
        assert (row["mental_load_set"], row["mental_load_n_other_sets"]) == ("adaptive", "0")
    else:
        answers = [
            name for name in row if name.startswith(("mental_load_prob", "mental_load_label", "mental_load_set"))
        ]
        assert {row[name] for name in answers} == {""}
