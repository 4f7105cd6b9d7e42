"""A small window while a source is searched for and the model is loaded, until there is something to show."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar

from PyQt6 import QtCore, QtWidgets

from ecg_live.cancelling import let_cancel

POLL_INTERVAL_MS = 10  # the dashboard waits so long for what is ready

T = TypeVar("T")


class _BackgroundTask(Generic[T]):
    """A function that runs on a daemon thread of its own."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._cancelled = Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="searching", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Let what waits in the function end; its result is not wanted."""
        self._cancelled.set()

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
        let_cancel(self._cancelled.is_set)
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - `result` raises it
            self._error = error


class SearchWindow(QtWidgets.QDialog):
    """Shows what is searched for; its button, Escape and closing it end the search.

    Parameters
    ----------
    title : str
        Of the window.
    text : str
        What is searched for, and loaded.
    heading : str
        Line above the text; none if empty.
    """

    def __init__(self, title: str, text: str, heading: str = "") -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_QuitOnClose, on=False)  # the dashboard ends without it
        self.setMinimumWidth(420)
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        if heading:
            box.addWidget(_plain_label(heading, 15))
        label = _plain_label(text)
        label.setWordWrap(True)
        busy = QtWidgets.QProgressBar()
        busy.setRange(0, 0)
        busy.setAccessibleName(text)
        self._rejected = Event()
        self.rejected.connect(self._rejected.set)
        self._cancel = QtWidgets.QPushButton("Cancel")
        self._cancel.clicked.connect(self.reject)
        for each in (label, busy, self._cancel):
            box.addWidget(each)

    def show_now(self) -> None:
        """Show the window, before anything else takes time."""
        self.show()
        for _ in range(2):  # it is exposed, then painted
            QtWidgets.QApplication.processEvents()

    def run(self, work: Callable[[], T], stopped: Callable[[], bool] = lambda: False) -> T | None:
        """Run a function on another thread while the window is open; it stays open afterwards.

        Returns
        -------
        T or None
            The result of ``work``; None if the user cancelled.

        Raises
        ------
        BaseException
            Whatever ``work`` raises; KeyboardInterrupt if ``stopped``.
        """
        if self._rejected.is_set():
            return None
        working, loop, timer = _BackgroundTask(work), QtCore.QEventLoop(), QtCore.QTimer()
        timer.timeout.connect(lambda: loop.quit() if working.done or stopped() else None)
        self.rejected.connect(loop.quit)
        timer.start(POLL_INTERVAL_MS)
        loop.exec()
        timer.stop()
        if self._rejected.is_set() or stopped():
            working.cancel()
        if stopped():
            raise KeyboardInterrupt
        if self._rejected.is_set():
            return None
        self._cancel.setEnabled(False)
        return working.result()


def _plain_label(text: str, points: int | None = None) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    if points is not None:
        font = label.font()
        font.setPointSize(points)
        font.setBold(True)
        label.setFont(font)
    return label


def application() -> QtCore.QCoreApplication:
    """Return the application, which there is only once."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    return app


def search(work: Callable[[], T], title: str, text: str, stopped: Callable[[], bool] = lambda: False) -> T | None:
    """Run a function on another thread while a window is open; see `SearchWindow.run`.

    Parameters
    ----------
    work : callable
        The search.
    title, text : str
        Title and text of the window.
    stopped : callable
        Polled; returns True after Ctrl-C.
    """
    app, window = application(), SearchWindow(title, text)
    window.show_now()
    try:
        return window.run(work, stopped)
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()
