"""``run A B C``: lines and recordings of each wearer, and what ends one of them or all."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rich.console import Console

import ecg_live as api
from ecg_live.cli.terminal import TerminalView
from ecg_live.cli.terminal_wearers import show_wearers, wearers_table
from ecg_live.participant_profile import Profile
from ecg_live.recorded.verify import verify
from tests.support.command_line import ecg_live, run_json, write_csv
from tests.support.grouped_sessions import beating, group, seconds_of, session
from tests.support.xdf_recordings import until


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two wearers' recordings, of 14 and 18 s."""
    return [
        write_csv(tmp_path / "ann.csv", beating(14, 0)[:, 0]),
        write_csv(tmp_path / "bob.csv", beating(18, 1)[:, 0]),
    ]


def lines_of(done_stdout: str) -> dict[str, list[dict[str, Any]]]:
    lines: dict[str, list[dict[str, Any]]] = {}
    for text in done_stdout.splitlines():
        line = json.loads(text)
        lines.setdefault(line.pop("wearer"), []).append(line)
    return lines


def together(*arguments: object) -> tuple[int, dict[str, list[dict[str, Any]]], str]:
    done = ecg_live("run", *arguments, "--headless", "--json", "--speed", "max", "--unit", "mV")
    return done.returncode, lines_of(done.stdout), done.stderr


def without_clock(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key not in {"latency", "wall", "speed"}} for line in lines]


def test_each_wearers_lines_are_those_of_a_run_alone(files: list[Path]) -> None:
    code, lines, complaint = together(*files)
    assert (code, complaint) == (0, "")
    assert set(lines) == {"ann", "bob"}
    for path in files:
        _, alone, _ = run_json(path, "--unit", "mV")
        assert without_clock(lines[path.stem]) == without_clock(alone)
    assert [lines[name][-1]["predictions"] for name in ("ann", "bob")] == [5, 9]


def test_one_source_is_as_it_was(files: list[Path]) -> None:
    code, lines, _ = run_json(files[0], "--unit", "mV")
    assert code == 0
    assert not any("wearer" in line for line in lines)


def test_each_wearer_is_recorded_in_an_own_file(files: list[Path], tmp_path: Path) -> None:
    code, _, _ = together(f"P1={files[0]}", f"P2={files[1]}", "--record", tmp_path / "{wearer}_day1.xdf")
    assert code == 0
    for name, seconds in (("P1", 14), ("P2", 18)):
        path = tmp_path / f"{name}_day1.xdf"
        assert api.read(path).duration == pytest.approx(seconds)
        assert name.encode() in path.read_bytes()  # the participant


def test_a_source_that_is_missing_ends_that_wearer_only(files: list[Path], tmp_path: Path) -> None:
    code, lines, complaint = together(files[0], tmp_path / "gone.csv", files[1])
    assert code == 4
    assert "gone.csv" in complaint
    assert complaint.count("\n") == 2  # the error and its remedy
    assert {name: rows[-1]["type"] for name, rows in lines.items()} == {"ann": "summary", "bob": "summary"}


def test_a_file_that_breaks_off_ends_that_wearer_only(files: list[Path]) -> None:
    rows = files[0].read_text().splitlines()
    rows[11 * 250] = "abc,def,ghi"
    files[0].write_text("\n".join(rows))
    code, lines, complaint = together(*files)
    assert code == 4
    assert "ann: " in complaint or "ann.csv" in complaint
    assert [line["detail"] for line in lines["ann"] if line.get("state") == "error"]
    assert lines["ann"][-1]["predictions"] >= 1
    assert lines["bob"][-1]["predictions"] == 9


def test_none_is_left(tmp_path: Path) -> None:
    code, lines, complaint = together(tmp_path / "a.csv", tmp_path / "b.csv")
    assert (code, lines) == (4, {})
    assert complaint.count("no such file") == 2


def test_a_recording_that_exists_ends_that_wearer_only(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "ann.xdf").write_bytes(b"XDF:")
    code, lines, complaint = together(*files, "--record", tmp_path)
    assert code == 4
    assert "ann" in complaint
    assert lines["bob"][-1]["predictions"] == 9
    assert (tmp_path / "bob.xdf").stat().st_size > 1000
    assert (tmp_path / "ann.xdf").read_bytes() == b"XDF:"


def test_participants_given_once_for_each(files: list[Path]) -> None:
    code, lines, complaint = together(*files, "--participant", "P1", "--participant", "P2")
    assert code == 0
    assert set(lines) == {"P1", "P2"}
    assert "profile of P1" in complaint


def test_ctrl_c_ends_all_with_their_summaries(files: list[Path], tmp_path: Path) -> None:
    recordings = [tmp_path / "ann.xdf", tmp_path / "bob.xdf"]

    def interrupt() -> None:
        until(lambda: all(path.exists() and path.stat().st_size > 0 for path in recordings))
        os.kill(os.getpid(), signal.SIGINT)

    killer = Thread(target=interrupt)
    killer.start()
    done = ecg_live("run", *files, "--headless", "--json", "--unit", "mV", "--record", tmp_path)
    killer.join()
    assert done.returncode == 130
    lines = lines_of(done.stdout)
    assert {name: rows[-1]["type"] for name, rows in lines.items()} == {"ann": "summary", "bob": "summary"}
    assert all(verify(path).sound for path in recordings)


def test_two_wearers_of_one_source_are_refused(files: list[Path]) -> None:
    done = ecg_live("run", files[0], files[0], "--headless")
    assert done.returncode == 2
    assert "given twice" in done.stderr


def test_plain_lines_carry_the_wearer() -> None:
    sessions = [session(seconds_of(beating(12, k))) for k in range(2)]
    running, out, looks = group(sessions), io.StringIO(), list[int]()
    running.start()
    names = dict(zip(sessions, ("ann", "bob"), strict=True))
    show_wearers(running, names, lambda: looks.append(1), Console(file=out, width=200))
    text = out.getvalue().splitlines()
    assert sum(line.startswith("ann ") and "bpm" in line for line in text) == 3
    assert any(line.startswith("bob: 3000 samples, 0 lost; 3 predictions") for line in text)
    assert looks


def test_a_terminal_shows_a_row_each() -> None:
    sessions = [session(seconds_of(beating(12, k))) for k in range(3)]
    running, out = group(sessions), io.StringIO()
    running.start()
    names = dict(zip(sessions, ("ann", "bob", "eve\x1b[2J"), strict=True))
    show_wearers(running, names, lambda: None, Console(file=out, width=200, force_terminal=True, color_system=None))
    last = out.getvalue().split("wearer")[-1]
    for name in ("ann", "bob"):
        (row,) = (line for line in last.splitlines() if f" {name} " in line and "good" in line)
        assert "3,000" in row
        assert "ended" in row.casefold()
    assert "\x1b[2J" not in out.getvalue()


def test_a_row_is_one_line_in_any_terminal() -> None:
    sessions = [session(seconds_of(beating(12, k))) for k in range(3)]
    running = group(sessions)
    running.start()
    while not running.wait(1.0):
        pass
    views = {f"wearer {k} with a long name": TerminalView(each) for k, each in enumerate(sessions)}
    for view in views.values():
        view.update()
    for width in (60, 80, 100, 130):
        out = io.StringIO()
        Console(file=out, width=width).print(wearers_table(views, width))
        lines = out.getvalue().splitlines()
        assert max(map(len, lines)) <= width
        rows = [line for line in lines if "wearer " in line and "ENDED" in line]
        assert len(rows) == 3
        assert len([line for line in lines if line.strip()]) == 3 + 3  # header, rule, and that it is for research
        assert ("RMSSD" in out.getvalue()) == (width >= 100)


def test_synchrony_of_pairs_in_json_lines(tmp_path: Path) -> None:
    """Two wearers with the same heart: lines every ten seconds of raw time, without a wearer of their own."""
    x = beating(130, 0)[:, 0]
    files = [write_csv(tmp_path / "ann.csv", x), write_csv(tmp_path / "bob.csv", x * 2)]
    arguments = ("--headless", "--json", "--speed", "max", "--unit", "mV", "--synchrony", "60")
    done = ecg_live("run", *files, *arguments)
    assert done.returncode == 0
    lines = [line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "synchrony"]
    rates = [line for line in lines if line["measure"] == "heart rate"]
    assert [line["time"] for line in rates] == list(range(50, 131, 10))
    assert all(line["wearers"] == ["ann", "bob"] and "wearer" not in line for line in lines)
    assert all(line["r"] == pytest.approx(1, abs=1e-4) and 0 < line["limit"] <= 1 for line in rates)
    assert {line["seconds"] for line in lines} == {60}


@pytest.mark.parametrize("width", ["30", "3600", "many"])
def test_a_window_of_synchrony_that_cannot_be(files: list[Path], width: str) -> None:
    done = ecg_live("run", *files, "--headless", "--synchrony", width)
    assert done.returncode == 2
    assert "from 60 to 1800 s" in done.stderr


def test_the_window_of_all_closes_when_the_time_is_up(files: list[Path]) -> None:
    arguments = ("--speed", "max", "--unit", "mV", "--seconds", "60")
    done = ecg_live("run", *files, *arguments, environ={"QT_QPA_PLATFORM": "offscreen"})
    assert done.returncode == 0
    assert "ann: 3500 samples, 0 lost; 5 predictions" in done.stderr
    assert "bob: 4500 samples, 0 lost; 9 predictions" in done.stderr


def test_more_wearers_than_a_window_shows(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.csv" for number in range(17)]
    done = ecg_live("run", *files, environ={"QT_QPA_PLATFORM": "offscreen"})
    assert done.returncode == 2
    assert "17 wearers for one window, which shows up to 16" in done.stderr
    assert "--headless" in done.stderr


def test_all_wearers_in_one_file(files: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "day" / "session.xdf"
    done = ecg_live(
        "run", *files, "--headless", "--json", "--speed", "max", "--unit", "mV", "--record", out, "--one-file"
    )
    assert done.returncode == 0
    assert f"all wearers are in {out}" in done.stderr
    assert [path.name for path in out.parent.iterdir()] == ["session.xdf"]
    assert verify(out).sound
    assert ecg_live("report", out).stderr.endswith("ecg-live split session.xdf makes a file of each\n")
    split = ecg_live("split", out)
    assert [Path(line).name for line in split.stdout.splitlines()] == ["session_ann.xdf", "session_bob.xdf"]
    assert api.read(out.with_name("session_bob.xdf")).duration == pytest.approx(18)


def test_a_participants_profile_knows_the_one_file(files: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "session.xdf"
    named = (f"P1={files[0]}", f"P2={files[1]}")
    arguments = ("--headless", "--json", "--speed", "max", "--unit", "mV", "--record", out, "--one-file")
    assert ecg_live("run", *named, *arguments).returncode == 0
    for name in ("P1", "P2"):
        assert out in Profile(name).recordings()


def test_one_file_that_cannot_be_keeps_each_wearers_own(files: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "session.xdf"
    out.write_bytes(b"XDF:")
    done = ecg_live(
        "run", *files, "--headless", "--json", "--speed", "max", "--unit", "mV", "--record", out, "--one-file"
    )
    assert done.returncode == 4
    assert "session.xdf is there already" in done.stderr
    assert "Each wearer's own recording is kept" in done.stderr
    assert all(verify(tmp_path / f"session_{name}.xdf").sound for name in ("ann", "bob"))


def test_one_source_has_no_one_file(files: list[Path]) -> None:
    done = ecg_live("run", files[0], "--one-file", "--headless")
    assert done.returncode == 2
    assert "--one-file with one source" in done.stderr


def test_recordings_are_joined_and_correlated_afterwards(tmp_path: Path) -> None:
    x = beating(80, 0)[:, 0]
    sources = [write_csv(tmp_path / "ann.csv", x), write_csv(tmp_path / "bob.csv", x)]
    folder = tmp_path / "recorded"
    done = ecg_live("run", *sources, "--headless", "--json", "--speed", "max", "--unit", "mV", "--record", folder)
    assert done.returncode == 0
    recorded = [folder / "ann.xdf", folder / "bob.xdf"]
    table = ecg_live("synchrony", *recorded, "--seconds", "60")
    assert table.returncode == 0
    assert "ann, bob  heart rate" in table.stdout
    assert "By chance 5 to 7 % are beyond" in table.stdout
    assert "without any interaction" in table.stdout
    lines = ecg_live("synchrony", *recorded, "--seconds", "60", "--json").stdout.splitlines()
    assert {tuple(json.loads(line)["wearers"]) for line in lines} == {("ann", "bob")}
    joined = ecg_live("join", f"P1={recorded[0]}", f"P2={recorded[1]}", "--out", folder / "both.xdf")
    assert joined.returncode == 0
    assert {path.name for path in folder.iterdir()} == {"ann.xdf", "bob.xdf", "both.xdf"}
    assert b"<name>P2/" in (folder / "both.xdf").read_bytes()


@pytest.mark.parametrize(
    "arguments", [("synchrony", "ann.xdf"), ("join", "ann.xdf", "--out", "both.xdf"), ("split", "ann.xdf")]
)
def test_recordings_that_are_missing(arguments: tuple[str, ...]) -> None:
    done = ecg_live(*arguments)
    assert done.returncode == 4
    assert "no such file" in done.stderr
