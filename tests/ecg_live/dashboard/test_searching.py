"""The window that says what is looked for."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest
from pyqtgraph.Qt import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.cancelling import check_cancelled
from ecg_live.dashboard.searching import SearchWindow, search
from ecg_live.errors import DeviceNotFound

PATIENCE_S = 30.0


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
    assert search(lambda: shown.wait(60), "ecg-live", "looking for lsl:<b>X</b>") is True
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


@pytest.fixture
def begun(qtbot: QtBot) -> Iterator[Event]:
    """Set by the work; the user then closes the window."""
    event, timer = Event(), QtCore.QTimer()

    def leave() -> None:
        for window in windows() if event.is_set() else ():
            window.reject()

    timer.timeout.connect(leave)
    timer.start(10)
    yield event
    timer.stop()


def test_a_search_that_nobody_waits_for_ends(begun: Event) -> None:
    ended, never = Event(), Event()

    def work() -> None:
        begun.set()
        try:
            while not never.wait(0.01):
                check_cancelled()
        finally:
            ended.set()

    assert search(work, "ecg-live", "looking for lsl:X") is None
    assert ended.wait(PATIENCE_S)
    check_cancelled()  # that was another thread's


def test_what_was_found_as_it_was_cancelled_is_not_taken(qtbot: QtBot, begun: Event) -> None:
    closed = Event()

    def work() -> str:
        begun.set()
        closed.wait(PATIENCE_S)
        return "found"

    window = SearchWindow("ecg-live", "looking for lsl:X")
    qtbot.addWidget(window)
    window.rejected.connect(closed.set)
    window.show_now()
    assert window.run(work) is None


def test_an_interrupt_is_one(qtbot: QtBot) -> None:
    never, stopped = Event(), Event()
    QtCore.QTimer.singleShot(0, stopped.set)
    with pytest.raises(KeyboardInterrupt):
        search(lambda: never.wait(10), "ecg-live", "looking for lsl:X", stopped.is_set)
    never.set()
