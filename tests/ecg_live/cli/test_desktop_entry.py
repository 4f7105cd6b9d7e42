"""The entry in the menu of a desktop, and the program without a console."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ecg_live.cli.desktop_entry import ICON, entry_paths, entry_text, fault_of, quoted
from tests.support.command_line import ecg_live

ROOT = Path(__file__).parents[3]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="desktop entries are Linux's")


def read_entry(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys have case
    parser.read(path)
    return parser["Desktop Entry"]


@LINUX
def test_it_is_installed_for_the_user_found_valid_and_removed(tmp_path: Path) -> None:
    environ = {"XDG_DATA_HOME": str(tmp_path / "da ta")}
    done = ecg_live("install-desktop", environ=environ)
    assert done.returncode == 0
    entry, icon = entry_paths(environ)
    found = read_entry(entry)
    assert (found["Type"], found["Terminal"], found["Icon"]) == ("Application", "false", icon.stem)
    words = shlex.split(found["Exec"])
    assert Path(words[0]).is_file()
    assert words[0].endswith("ecg-live-desk") or words[1:] == ["-m", "ecg_live", "desk"]
    assert icon.read_bytes() == ICON.read_bytes()
    assert fault_of(entry) == ""
    assert ecg_live("install-desktop", "--remove", environ=environ).returncode == 0
    assert not entry.exists()
    assert not icon.exists()
    assert "no entry" in ecg_live("install-desktop", "--remove", environ=environ).stdout


@LINUX
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = ecg_live("install-desktop", environ={"XDG_DATA_HOME": str(tmp_path / "file")})
    assert done.returncode == 4
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-validate is not installed")
def test_the_desktops_own_check_passes(tmp_path: Path) -> None:
    path = tmp_path / "ecg-live.desktop"
    path.write_text(entry_text())
    assert fault_of(path) == ""
    path.write_text("[Desktop Entry]\nType=Nothing\n")
    assert fault_of(path) != ""


def test_words_are_quoted_as_the_specification_has_it() -> None:
    assert quoted("/usr/bin/ecg-live-desk") == "/usr/bin/ecg-live-desk"
    assert quoted("/home/a b/x") == '"/home/a b/x"'
    assert quoted("/home/100%/x") == "/home/100%%/x"
    assert quoted('a"b$c') == r'"a\\"b\\$c"'


def test_the_icon_is_a_small_picture_of_its_own() -> None:
    assert ET.parse(ICON).getroot().tag.endswith("svg")  # noqa: S314 - ours
    assert ICON.stat().st_size < 1000


def test_windows_has_a_program_without_a_console() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["gui-scripts"] == {"ecg-live-desk": "ecg_live.cli:main_desk"}


WITHOUT_CONSOLE = """
import sys
sys.stdout = sys.stderr = None
sys.argv = ["ecg-live-desk", *sys.argv[1:]]
from ecg_live.cli import main_desk, print_error
print_error(RuntimeError("nobody sees it"))
from PyQt6 import QtCore
def close():
    from PyQt6 import QtWidgets
    for each in QtWidgets.QApplication.topLevelWidgets():
        if each.windowTitle() == "ecg-live" and each.isVisible():
            each.close()
from ecg_live.dashboard.desk import app
choose = app.Desk.choose
def choose_and_close(self):
    QtCore.QTimer.singleShot(100, close)
    return choose(self)
app.Desk.choose = choose_and_close
main_desk()
"""


def test_without_standard_streams_the_start_page_opens_and_closes(tmp_path: Path) -> None:
    environ = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "ECG_LIVE_DATA": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    done = subprocess.run([sys.executable, "-c", WITHOUT_CONSOLE], env=environ, timeout=120, check=False)
    assert done.returncode == 0
