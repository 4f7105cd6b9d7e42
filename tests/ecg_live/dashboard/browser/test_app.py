"""A window of recorded sessions, run until it is closed: an error in it ends neither the window nor the process."""

from __future__ import annotations

import sys

import pytest
from PyQt6 import QtWidgets

from ecg_live.dashboard.app import DrawingError
from ecg_live.dashboard.browser.app import run_window


class CountedWindow(QtWidgets.QMainWindow):
    """A window that is refreshed, which fails so many times, and then closes."""

    def __init__(self, bad: int) -> None:
        super().__init__()
        self.bad = bad
        self.shown = ""

    def refresh(self) -> None:
        if self.bad:
            self.bad -= 1
            raise ValueError("no such folder")
        bar = self.statusBar()
        self.shown = "" if bar is None else bar.currentMessage()
        self.close()


@pytest.mark.usefixtures("qapp")
def test_an_error_is_a_line_and_the_window_goes_on() -> None:
    hook, made = sys.excepthook, CountedWindow(2)
    assert run_window(lambda: made, CountedWindow.refresh) == 0
    assert "no such folder" in made.shown
    assert sys.excepthook is hook


@pytest.mark.usefixtures("qapp")
def test_an_error_that_comes_time_and_again_closes_the_window() -> None:
    hook = sys.excepthook
    with pytest.raises(DrawingError, match="no such folder"):
        run_window(lambda: CountedWindow(1000), CountedWindow.refresh)
    assert sys.excepthook is hook
