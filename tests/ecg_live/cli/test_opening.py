"""The window that is there at once, before anything is found or loaded."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pyqtgraph.Qt import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.cli.opening import Opening
from ecg_live.dashboard.searching import SearchWindow
from ecg_live.errors import DeviceNotFound


def windows() -> list[SearchWindow]:
    """The windows that are open."""
    every = QtWidgets.QApplication.topLevelWidgets()
    return [each for each in every if isinstance(each, SearchWindow) and each.isVisible()]


def shown() -> list[str]:
    """Their texts."""
    return [label.text() for window in windows() for label in window.findChildren(QtWidgets.QLabel)]


def test_it_is_open_before_the_work_begins_and_until_it_is_closed(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "walk.txt"
    recording.touch()
    opening = Opening(str(recording), "P01 · S1", headless=False)
    assert shown() == ["P01 · S1", "Opening walk.txt, loading the model"]
    assert opening.run(threading.get_ident) != threading.get_ident()
    assert len(shown()) == 2
    opening.close()
    opening.close()
    assert shown() == []
    assert capsys.readouterr().err == ""


def test_a_search_is_announced_in_the_terminal_as_well(qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    opening = Opening("lsl:Lab", "P01", headless=False)
    assert shown() == ["P01", "Looking for lsl:Lab, loading the model"]
    assert "looking for lsl:Lab" in capsys.readouterr().err

    def fail() -> None:
        raise DeviceNotFound("no LSL stream at all")

    with pytest.raises(DeviceNotFound):
        opening.run(fail)
    opening.close()


def test_who_does_not_want_to_wait_is_not_kept(qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    opening, never = Opening("lsl:Lab", "P01", headless=False), threading.Event()
    (window,) = windows()
    QtCore.QTimer.singleShot(0, window.reject)
    assert opening.run(lambda: never.wait(10)) is None
    never.set()
    opening.close()
    assert "the search was ended" in capsys.readouterr().err


def test_headless_there_is_none() -> None:
    opening = Opening("walk.txt", "P01", headless=True)
    assert opening.run(threading.get_ident) == threading.get_ident()
    opening.close()
