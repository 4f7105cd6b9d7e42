"""A small window while a device is searched for, until its stream begins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

from PyQt6 import QtCore, QtWidgets

POLL_INTERVAL_MS = 50

T = TypeVar("T")


class _BackgroundTask(Generic[T]):
    """A function that runs on a daemon thread of its own."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="searching", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> T | None:
        """Return the result, or None while the function runs.

        Raises
        ------
        BaseException
            Whatever the function raised.
        """
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - `result` raises it
            self._error = error


class SearchWindow(QtWidgets.QDialog):
    """Shows what is searched for; its button, Escape and closing it end the search."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        label = QtWidgets.QLabel(text)
        label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        busy = QtWidgets.QProgressBar()
        busy.setRange(0, 0)
        busy.setAccessibleName(text)
        cancel = QtWidgets.QPushButton("Cancel")
        cancel.clicked.connect(self.reject)
        box = QtWidgets.QVBoxLayout(self)
        for each in (label, busy, cancel):
            box.addWidget(each)


def search(work: Callable[[], T], title: str, text: str, stopped: Callable[[], bool] = lambda: False) -> T | None:
    """Run a function on another thread while a window is open.

    Parameters
    ----------
    work : callable
        The search.
    title, text : str
        Title and text of the window.
    stopped : callable
        Polled; returns True after Ctrl-C.

    Returns
    -------
    T or None
        The result of ``work``; None if the user cancelled.

    Raises
    ------
    BaseException
        Whatever ``work`` raises; KeyboardInterrupt if ``stopped``.
    """
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    window, working = SearchWindow(title, text), _BackgroundTask(work)
    timer = QtCore.QTimer()
    timer.timeout.connect(lambda: window.accept() if working.done or stopped() else None)
    timer.start(POLL_INTERVAL_MS)
    try:
        window.exec()
    finally:
        timer.stop()
        window.deleteLater()
        app.processEvents()
    if stopped():
        raise KeyboardInterrupt
    return working.result()
