"""What every command shares: exit codes of an output that takes no more, and packages that are hidden."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecg_live import cli
from ecg_live.cli.one_thread import THREAD_COUNTS
from tests.support.warm_program import run_warm

COMMAND = [sys.executable, "-m", "ecg_live"]
CHECKOUT = Path(__file__).parents[3]


def run(*arguments: str, stdout: int, cwd: Path) -> tuple[int, str]:
    """Exit code and complaint of a command in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        cwd=cwd,
        check=False,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["--help", "--version", "doctor"])
def test_a_reader_that_has_left_is_no_fault(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run_warm(command, stdout=writer)
        assert (done.returncode, done.stderr) == (0, "")
    finally:
        os.close(writer)


@pytest.mark.parametrize("options", [[], ["--seconds", "9"]], ids=["alone", "with an option"])
def test_a_demonstration_that_is_interrupted_ends_so(monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    """Ctrl-C before its window takes it, whether the command line was read by typer or had nothing to read."""

    def interrupted(*_args: object, **_named: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    for name in THREAD_COUNTS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr("ecg_live.cli.live.live", interrupted)
    monkeypatch.setattr(sys, "argv", ["ecg-live", "demo", *options])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["--help", "doctor"])
def test_an_output_that_is_full_is_reported_in_one_line(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = run_warm(command, stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith("ecg-live: the output cannot be written: No space left on device\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("devices/__init__.py", ["devices"]),
        ("devices.py", ["run", "x.csv", "--headless"]),
        ("training/__init__.py", ["train", "--dataset", "eegmat", "--data", "x", "--out", "y"]),
    ],
)
def test_a_folder_of_the_user_that_hides_a_package_is_named(name: str, command: list[str], tmp_path: Path) -> None:
    if command[0] == "train":
        pytest.importorskip("lightning_fabric", reason="a missing extra is told first")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    code, said = run(*command, stdout=subprocess.DEVNULL, cwd=tmp_path)
    package = name.split("/", maxsplit=1)[0]
    assert code == 2
    assert said.splitlines() == [
        f"ecg-live: {tmp_path / package} hides the package {package.removesuffix('.py')!r} of ecg-live",
        "  what to do: rename it, or run ecg-live from another folder",
    ]


def test_ctrl_c_while_a_command_loads_is_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_start_page", interrupted)
    monkeypatch.setattr(sys, "argv", ["ecg-live"])
    assert cli._run() == 130


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_id_that_the_terminal_has_no_letters_for_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    path, out = tmp_path / "study.toml", io.BytesIO()
    study = 'name = "Lab"\nparticipants = ["P\N{SNOWMAN}"]\n[[blocks]]\nname = "rest"\nseconds = 60\n'
    path.write_text(study, encoding="utf-8")
    with io.TextIOWrapper(out, encoding=encoding) as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(sys, "argv", ["ecg-live", "study", str(path)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        assert b"P\\u2603" in out.getvalue()
        monkeypatch.undo()
