"""``ecg-live fetch`` as a user types it: the licence, Ctrl-C and going on, what it says in the end."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecg_live.cli.commands.fetch import fetch_data
from ecg_live.errors import ConfigError
from tests.support.http_server import Shop, serving

CODE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from ecg_live.cli import main; main()"


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("training2017/A00001.mat", os.urandom(2_000_000))
    return made.getvalue()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serving(Shop({"a.zip": archive()})) as served:
        yield served


def arguments(shop: Shop, folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-c", CODE, "fetch", "cinc2017", "--url", shop.url + "a.zip", "--to", str(folder), *more]


def test_ctrl_c_and_the_same_command_goes_on(shop: Shop, tmp_path: Path) -> None:
    shop.before_hold = 1_000_000
    part, tick = tmp_path / "training2017.zip.part", threading.Event()
    with subprocess.Popen(arguments(shop, tmp_path, "--yes"), stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for _ in range(3000):
            if running.poll() is not None or (part.exists() and part.stat().st_size > 0):
                break
            tick.wait(0.01)
        running.send_signal(signal.SIGINT)
        complaint = running.stderr.read()
    assert running.returncode == 130
    assert "Traceback" not in complaint
    assert complaint.splitlines()[-1] == "ecg-live: stopped; the same command goes on from here"
    there = part.stat().st_size
    assert there > 0

    shop.before_hold = 0
    shop.hold.set()
    done = subprocess.run(arguments(shop, tmp_path, "--yes"), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert shop.asked[-1] == ("a.zip", f"bytes={there}-")
    folder = tmp_path / "training2017"
    assert done.stdout == f"{folder}\nfor: ecg-live train --pretrain {folder}\n"
    assert (folder / "A00001.mat").stat().st_size == 2_000_000


def test_without_a_terminal_the_licence_is_accepted_by_an_option(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(ConfigError, match=r"the licence cannot be accepted without a terminal .*--yes"):
        fetch_data("cinc2017", tmp_path, shop.url + "a.zip", yes=False)
    assert "Open Data Commons" in capsys.readouterr().err
    assert shop.asked == []


@pytest.mark.parametrize(
    ("answer", "accepted"), [("y", True), ("YES", True), ("n", False), ("", False), ("why", False)]
)
def test_on_a_terminal_the_licence_is_asked_about(
    answer: str, accepted: bool, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    if accepted:
        assert fetch_data("cinc2017", tmp_path, shop.url + "a.zip", yes=False) == 0
    else:
        with pytest.raises(ConfigError, match="licence of cinc2017 was not accepted"):
            fetch_data("cinc2017", tmp_path, shop.url + "a.zip", yes=False)
    assert bool(shop.asked) == accepted


def test_the_default_folder_is_named_after_the_data_set(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fetch_data("cinc2017", None, shop.url + "a.zip", yes=True) == 0
    assert (tmp_path / "data" / "cinc2017" / "training2017" / "A00001.mat").is_file()
    assert capsys.readouterr().out.startswith(str(Path("data", "cinc2017", "training2017")))


def test_without_the_packages_for_training_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "training.fetch", raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ConfigError, match=r"pooch is not installed .*\[train\]"):
        fetch_data("eegmat", None, None, yes=True)
