"""The window that says what is looked for."""

from __future__ import annotations

from threading import Event

import pytest
from pyqtgraph.Qt import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.searching import SearchWindow, search
from ecg_live.errors import DeviceNotFound


def windows() -> list[SearchWindow]:
    return [each for each in QtWidgets.QApplication.topLevelWidgets() if isinstance(each, SearchWindow)]


def test_it_shows_what_is_looked_for_until_it_is_found(qtbot: QtBot) -> None:
    seen: list[str] = []
    shown = Event()

    def look() -> None:
        (window,) = windows()
        seen.extend(label.text() for label in window.findChildren(QtWidgets.QLabel))
        shown.set()

    QtCore.QTimer.singleShot(0, look)
    assert search(lambda: shown.wait(10), "ecg-live", "looking for lsl:<b>X</b>") is True
    assert seen == ["looking for lsl:<b>X</b>"]


def test_what_goes_wrong_is_raised(qtbot: QtBot) -> None:
    def work() -> None:
        raise DeviceNotFound("no LSL stream at all")

    with pytest.raises(DeviceNotFound, match="no LSL stream"):
        search(work, "ecg-live", "looking for lsl:X")


def test_who_does_not_want_to_wait_closes_it(qtbot: QtBot) -> None:
    never = Event()

    def leave() -> None:
        windows()[0].reject()

    QtCore.QTimer.singleShot(0, leave)
    assert search(lambda: never.wait(10), "ecg-live", "looking for lsl:X") is None
    never.set()


def test_an_interrupt_is_one(qtbot: QtBot) -> None:
    never, stopped = Event(), Event()
    QtCore.QTimer.singleShot(0, stopped.set)
    with pytest.raises(KeyboardInterrupt):
        search(lambda: never.wait(10), "ecg-live", "looking for lsl:X", stopped.is_set)
    never.set()
