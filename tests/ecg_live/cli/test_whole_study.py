"""A whole study on a simulated device: three blocks, two self-reports, a dropout, crashes, going on, the group's table.

Nothing waits for a time: for what the session tells, or its file holds.
"""

from __future__ import annotations

import csv
import os
import signal
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_live.recorded.session_file import read_contents
from tests.support.command_line import ecg_live, of, write_csv
from tests.support.steered_study import PluggedDevice, SteeredStudy, steered_study
from tests.support.synthetic_signals import ecg

RATE = 250
HEART_RATE = 72
STUDY = """\
name = "Lab stress"
source = "lsl:PORT"
participants = ["P01", "P02"]

[self_reports.mood]
kind = "sam"
question = "How do you feel now?"

[self_reports.remarks]
kind = "text"
question = "Anything else?"

[[blocks]]
name = "rest"
seconds = 6
self_reports = ["mood"]

[[blocks]]
name = "task"
seconds = 12.5
self_reports = ["remarks"]

[[blocks]]
name = "talk"
until = "key"
"""
NO_ANSWER = {"set": "", "n_answered": "0", "n_other_sets": "0", "abstained_share": ""}


class Cells(dict[str, str]):
    """A row of the table that knows which of its cells were looked at."""

    seen: set[str]

    def __init__(self, row: dict[str, str]) -> None:
        super().__init__(row)
        self.seen = set()

    def __getitem__(self, column: str) -> str:
        self.seen.add(column)
        return super().__getitem__(column)

    def texts(self, *columns: str) -> list[str]:
        return [self[column] for column in columns]

    def numbers(self, *columns: str) -> list[float]:
        return [float(self[column] or "nan") for column in columns]


def recorded(path: Path) -> list[str]:
    """Markers of a recording."""
    contents = read_contents(path)
    assert contents is not None
    return [row[0] for row in contents.text_streams["markers"].values]


def cut(session: SteeredStudy, path: Path) -> None:
    """Kill a session once its file holds what it has told; the file looks as if a while had passed since."""
    for _ in range(2):  # what is being written now may be older
        size, end = path.stat().st_size, time.monotonic() + 60
        while path.stat().st_size == size:
            assert time.monotonic() < end
            time.sleep(0.02)
    assert session.end(signal.SIGKILL) == -signal.SIGKILL
    os.utime(path, (time.time() - 60,) * 2)


def test_a_participant_goes_through_a_study_that_is_cut(tmp_path: Path) -> None:
    samples = write_csv(tmp_path / "ecg.csv", ecg(60, RATE)[:, 0])
    study = tmp_path / "study.toml"
    first, second, third = files = [tmp_path / f"Lab stress_P01_S1{part}.xdf" for part in ("", "_2", "_3")]
    profile = {"ECG_LIVE_DATA": str(tmp_path / "data")}
    # What a profile keeps of the wearer lets heads answer from the first window on.
    ecg_live("run", samples, "--headless", "--speed", "max", "--participant", "P01", environ=profile)
    began = time.time()
    with PluggedDevice(samples, "Chest 13") as device:
        study.write_text(STUDY.replace("PORT", device.name))
        with steered_study(study, "--reuse-profile") as one:
            one.block("rest", "start")
            device.unplug()
            one.state("lost")
            device.plug_in()
            assert one.gap()["lost"] > 0
            one.asked("How do you feel now?")
            one.type("3 7")
            one.block("task", "start")
            cut(one, first)
        refused = ecg_live("run", "--study", study, "--participant", "P01", "--headless")
        assert refused.returncode == 2
        assert "P01 has been through 1 of 3 blocks" in refused.stderr
        with steered_study(study, "--reuse-profile", "--resume") as two:
            two.reached(two.block("task", "stop")["time"] - 1)
            two.asked("Anything else?")
            cut(two, second)  # before that was answered
        with steered_study(study, "--reuse-profile", "--resume") as three:
            three.asked("Anything else?")
            three.type("Quite hard")
            three.reached(three.block("talk", "start")["time"] + 2)
            second_desk = ecg_live("run", "--study", study, "--participant", "P01", "--resume")
            assert second_desk.returncode == 2
            assert f"{third.name} is being recorded now" in second_desk.stderr
            three.type("n")
            three.block("talk", "stop")
            assert three.end(signal.SIGINT) == 130
    complete = ecg_live("run", "--study", study, "--participant", "P01", "--headless", "--resume")
    assert "P01 has been through 3 of 3 blocks" in complete.stderr
    assert [recorded(path) for path in files] == [
        ["block/rest/start", "block/rest/stop", "block/task/start"], ["block/task/start", "block/task/stop"],
        ["block/talk/start", "block/talk/stop"],
    ]  # fmt: skip

    assert ecg_live("table", *files, "--out", tmp_path / "group.csv").returncode == 0
    with (tmp_path / "group.csv").open() as file:
        rows = [Cells(row) for row in csv.DictReader(file)]
    check_spans(rows, files, device.name)
    told = [one.lines, one.lines, two.lines, three.lines]
    for row, lines in zip(rows, told, strict=True):
        check_times(row, lines, (began, time.time()))
        check_losses(row, lines)
        check_windows(row, lines)
        check_intervals(row, lines)
        assert row.seen == set(row)  # no column is left out
    assert float(rows[0]["lost_samples"]) > 0


def check_spans(rows: list[Cells], files: list[Path], device: str) -> None:
    """What was planned and typed."""
    spans = [row.texts("block", "run", "complete", "file") for row in rows]
    assert spans == [
        ["rest", "1", "true", files[0].name], ["task", "1", "false", files[0].name],
        ["task", "2", "true", files[1].name], ["talk", "1", "true", files[2].name],
    ]  # fmt: skip
    reports = [
        row.texts(*(f"self_report_{name}" for name in ("mood_valence", "mood_arousal", "remarks_text"))) for row in rows
    ]
    assert reports == [["3.0", "7.0", ""], [""] * 3, ["", "", "Quite hard"], [""] * 3]  # typed after the cut
    for row in rows:
        assert row.texts("participant_id", "session_id", "study") == ["P01", "S1", "Lab stress"]
        assert row.texts("device", "sampling_rate") == [device, "250.0"]
        assert row["model"].startswith("mental_load from ECG ")
        assert row.texts("n_windows_excluded", "excluded_duration", "exclusion_reasons") == ["0", "0.0", ""]


def mean(values: Sequence[float]) -> float:
    """NaN of none, as an empty cell."""
    return float(np.mean(values)) if values else np.nan


def span_of(row: Cells) -> tuple[float, float]:
    onset, duration = row.numbers("onset", "duration")
    return onset, onset + duration


def check_times(row: Cells, lines: list[dict[str, Any]], wall: tuple[float, float]) -> None:
    begin, end = span_of(row)
    times = {line["event"]: line["time"] for line in of(lines, "block") if line["name"] == row["block"]}
    assert begin == pytest.approx(times["start"], abs=0.02)  # the device's clock is fitted from what came by then
    if row["complete"] == "true":
        assert end == pytest.approx(times["stop"], abs=0.02)
    else:
        assert end > begin
    planned = {"rest": 6.0, "task": 12.5}.get(row["block"], end - begin)
    assert row["complete"] == "false" or end - begin == pytest.approx(planned, abs=0.5)
    assert wall[0] <= datetime.fromisoformat(row["acq_time"]).timestamp() <= wall[1]


def check_losses(row: Cells, lines: list[dict[str, Any]]) -> None:
    begin, end = span_of(row)
    inside = [(gap, max(0.0, min(end, gap["stop"]) - max(begin, gap["start"]))) for gap in of(lines, "gap")]
    lost = sum(gap["lost"] * seconds / (gap["stop"] - gap["start"]) for gap, seconds in inside)
    assert int(row["lost_samples"]) == pytest.approx(lost, abs=1)
    assert float(row["lost_share"]) == pytest.approx(min(1.0, lost / RATE / (end - begin)), abs=1e-3)


def check_windows(row: Cells, lines: list[dict[str, Any]]) -> None:
    """Quality, heart rate and answers, as the predictions were told."""
    begin, end = span_of(row)
    inside = [line for line in of(lines, "prediction") if begin <= line["start"] and line["stop"] <= end]
    told, count = len(inside), int(row["n_windows"])
    assert count == told or (row["complete"] == "false" and count == told - 1)  # it was cut with the last half second
    assert count or row["block"] != "task" or row["complete"] == "false" or of(lines, "gap")
    inside = inside[:count]
    shares = [
        np.mean([each["quality"] == grade for each in inside] or np.nan) for grade in ("good", "poor", "unusable")
    ]
    np.testing.assert_allclose(row.numbers("good_share", "poor_share", "unusable_share"), shares, atol=1e-6)
    rates = [each["heart_rate"] for each in inside if each["heart_rate"] and each["quality"] != "unusable"]
    rmssd = [each["rmssd"] for each in inside if each["rmssd"] and each["quality"] != "unusable"]
    assert int(row["n_windows_hr"]) == len(rates)
    assert rates == pytest.approx([HEART_RATE] * len(rates), abs=0.5)  # of the made-up heart
    expected = [mean(rates), float(np.std(rates, ddof=1)) if len(rates) > 1 else np.nan, mean(rmssd)]
    np.testing.assert_allclose(row.numbers("hr_mean", "hr_sd", "rmssd_10s_mean"), expected, atol=1e-5)
    check_answers(row, [each["heads"]["mental_load"] for each in inside])


def check_answers(row: Cells, told: list[dict[str, Any]]) -> None:
    head = {name.removeprefix("mental_load_"): row[name] for name in row if name.startswith("mental_load_")}
    answers = [each for each in told if each["probs"]]
    assert bool(answers) == bool(told)  # the profile knows the wearer
    for label in ("rest", "load"):
        probs = [each["probs"][label] for each in answers]
        shares = [each["label"] == label for each in answers]
        found = [float(head.pop(f"{name}") or "nan") for name in (f"prob_{label}_mean", f"label_{label}_share")]
        np.testing.assert_allclose(found, [mean(probs), mean(shares)], atol=2e-6)
    if not told:
        assert head == NO_ANSWER
    else:
        assert head == {"set": "adaptive", "n_answered": str(len(told)), "n_other_sets": "0", "abstained_share": "0.0"}


def check_intervals(row: Cells, lines: list[dict[str, Any]]) -> None:
    begin, end = span_of(row)
    told = of(lines, "rr")
    inside = [line for line in told if begin <= line["time"] - line["rr"] and line["time"] <= end]
    normal = [line["rr"] for line in inside if line["flag"] == "normal"]
    columns = row.texts("n_rr", "n_ectopic", "rr_coverage")
    if not told:  # no usable window, and with it no interval
        assert columns == ["", "", ""]
    elif row["complete"] == "true":
        assert columns[:2] == [str(len(normal)), str(len(inside) - len(normal))]
        assert float(columns[2]) == pytest.approx(sum(normal) / (end - begin), abs=1e-4)
        assert normal == pytest.approx([60 / HEART_RATE] * len(normal), abs=0.005)
    measures = row.texts("sdnn", "rmssd", "pnn50", "sd1", "sd2", "lf", "hf", "lf_hf")
    assert set(measures) == {""}  # too short
