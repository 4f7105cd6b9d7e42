"""``ecg-live forget`` as a privacy officer types it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ecg_live import resources
from tests.support.command_line import ecg_live
from tests.support.participant_files import profile, recorded

Forget = Callable[..., "subprocess.CompletedProcess[str]"]


class Terminal:
    """A terminal at which somebody types, or presses Ctrl-C."""

    def __init__(self, typed: str | None) -> None:
        self._typed = typed

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        if self._typed is None:
            raise KeyboardInterrupt
        return self._typed


@pytest.fixture
def forget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Forget:
    """The command in a folder with a recording of P1 and one of P2, elsewhere another of P1, and a profile."""
    monkeypatch.chdir(tmp_path)
    recorded(tmp_path / "recordings" / "P1_S1.xdf", "P1")
    recorded(tmp_path / "data" / "recordings" / "P2_S1.xdf", "P2")
    recorded(tmp_path / "usb" / "x.xdf", "P1")
    profile("P1", tmp_path / "data")

    def command(*arguments: object, typed: str | None = "", tty: bool = False) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "stdin", Terminal(typed) if tty else io.StringIO(typed))
        done = ecg_live("forget", *arguments, environ={"ECG_LIVE_DATA": str(tmp_path / "data")})
        assert "Traceback" not in done.stderr
        return done

    return command


@pytest.fixture
def there(tmp_path: Path) -> Callable[[], set[str]]:
    return lambda: {path.name[:5] for path in tmp_path.rglob("*") if path.is_file()}


ALL = {"P1_S1", "P2_S1", "x.xdf", "scale"}
Names = Callable[[], set[str]]


def test_it_lists_asks_and_removes(forget: Forget, there: Names, tmp_path: Path) -> None:
    done = forget("P1", typed="P1\n", tty=True)
    assert done.returncode == 0
    assert f"{tmp_path / 'recordings' / 'P1_S1.xdf'}  (its header says so)" in done.stdout
    assert "backups" in done.stdout
    assert "remove these 2 files? type P1 to confirm: " in done.stderr
    assert "2 files were removed" in done.stderr
    assert there() == {"P2_S1", "x.xdf"}
    done = forget("P1", "--in", tmp_path / "usb", typed="P1\n", tty=True)
    assert "remove this file?" in done.stderr
    assert (done.returncode, there()) == (0, {"P2_S1"})


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [("p1\n", 2, "that is not P1"), ("y\n", 2, "nothing was removed"), ("", 2, "nothing was removed"),
     ("P10\n", 2, "nothing was removed"), (None, 130, "nothing was removed")],
)  # fmt: skip
def test_anything_but_the_id_removes_nothing(
    forget: Forget, there: Names, typed: str | None, code: int, said: str
) -> None:
    done = forget("P1", typed=typed, tty=True)
    assert (done.returncode, there()) == (code, ALL)
    assert said in done.stderr


def test_without_a_terminal_it_lists_only(forget: Forget, there: Names) -> None:
    for typed in ("", "P1\n"):
        done = forget("P1", typed=typed)
        assert (done.returncode, there()) == (2, ALL)
        assert "P1_S1.xdf" in done.stdout
        assert "nothing was removed\n  what to do: read the list, then give --yes" in done.stderr


def test_yes_is_for_scripts_and_json_for_programs(forget: Forget, there: Names, tmp_path: Path) -> None:
    done = forget("P1", "--dry-run", "--yes", "--json")
    assert (done.returncode, there(), done.stderr) == (0, ALL, "")
    told = json.loads(done.stdout)
    assert {Path(each["path"]).name[:5]: each["removed"] for each in told["files"]} == {"P1_S1": False, "scale": False}
    (tmp_path / "recordings" / "P1_cut.xdf").touch()
    done = forget("P1", "--yes", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 4
    assert [each["removed"] for each in told["files"]] == [True, True]
    assert [(Path(each["path"]).name, each["theirs"]) for each in told["left"]] == [("P1_cut.xdf", True)]
    assert told["searched"] == [str(tmp_path / "recordings"), str(tmp_path / "data" / "recordings")]
    assert "1 file remains that may hold data of P1" in done.stderr
    assert "P1_cut.xdf remains: cannot be read" in done.stderr
    done = forget("P1", "--json")  # nothing to confirm, and still something to look at
    assert done.returncode == 4


@pytest.mark.parametrize("who", ["P9", "p1", "P", "*", "P?", "[P]1", "../P1", "P1/../P2", "ä", "-1", "~", "P1.xdf"])
def test_no_one_of_that_name(forget: Forget, there: Names, who: str) -> None:
    done = forget("--yes", "--", who)
    assert (done.returncode, there()) == (2, ALL)
    assert f"nothing of {who!r} is in" in done.stderr
    assert done.stderr.count("\n") == 2


@pytest.mark.parametrize("who", ["", " ", "P1 ", "\x1b[2J", "P\n1", "x" * 201])
def test_a_name_that_no_one_can_have(forget: Forget, there: Names, who: str) -> None:
    done = forget(who, "--yes")
    assert (done.returncode, there()) == (2, ALL)
    assert "is not a valid participant" in done.stderr
    assert done.stderr.isascii()
    assert "\x1b" not in done.stderr


def test_a_folder_that_is_none(forget: Forget, there: Names, tmp_path: Path) -> None:
    done = forget("P1", "--yes", "--in", tmp_path / "absent")
    assert (done.returncode, there()) == (2, ALL)
    assert "which is not a folder" in done.stderr


def test_names_of_files_cannot_steer_the_terminal(forget: Forget, tmp_path: Path) -> None:
    recorded(tmp_path / "recordings" / "a\x1b[2Jb.xdf", "P1")
    (tmp_path / "recordings" / "P1_\x1b[2J.xdf").touch()
    done = forget("P1", "--yes")
    assert "\x1b" not in done.stdout + done.stderr
    assert not (tmp_path / "recordings" / "a\x1b[2Jb.xdf").exists()
    assert done.returncode == 4


def test_what_a_session_left_is_found_wherever_it_was_put(forget: Forget, there: Names, tmp_path: Path) -> None:
    """A series of files in a folder that only the session was told of."""
    environ = {"ECG_LIVE_DATA": str(tmp_path / "data")}
    fixed = ("--headless", "--json", "--speed", "40", "--participant", "../Ä *", "--roll-mb", "0.01")
    source = resources.recordings_folder() / "supine_1min.txt"
    assert ecg_live("run", source, *fixed, "--record", tmp_path / "far" / "a", environ=environ).returncode == 0
    series = sorted((tmp_path / "far").iterdir())
    assert len(series) > 1
    done = forget("../Ä *", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{source}: a.xdf was recorded from it" in done.stdout
    assert list((tmp_path / "far").iterdir()) == []
    assert there() == ALL
    assert [path.name for path in (tmp_path / "data" / "profiles").iterdir()] == ["P1"]
