"""Which screen the participant looks at: one that the experimenter's window is not on; it may come and go."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets


def other_screen(experimenter: QtWidgets.QWidget) -> QtGui.QScreen | None:
    """Return a screen that does not show the experimenter's window; None if there is but one."""
    own = experimenter.screen()
    return next((screen for screen in QtGui.QGuiApplication.screens() if screen is not own), None)


class ScreenKeeper(QtCore.QObject):
    """Keeps a window on the participant's screen: full there, a normal window where there is none.

    Parameters
    ----------
    window : QWidget
        The participant's.
    experimenter : QWidget
        The main window.

    Attributes
    ----------
    moved : signal of bool
        The window is on a screen of its own now, or not any more.
    """

    moved = QtCore.pyqtSignal(bool)

    def __init__(self, window: QtWidgets.QWidget, experimenter: QtWidgets.QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._experimenter = experimenter
        self.own: QtGui.QScreen | None = None
        app = QtGui.QGuiApplication.instance()
        if isinstance(app, QtGui.QGuiApplication):
            app.screenAdded.connect(self._place_later)
            app.screenRemoved.connect(self._screen_left)

    def place(self) -> None:
        """Show the window where it belongs."""
        self.put_on(other_screen(self._experimenter))

    def put_on(self, screen: QtGui.QScreen | None) -> None:
        """Show the window on a screen of its own, full; or as a normal window where there is none."""
        self.own = screen
        window = self._window
        if screen is None:
            if window.isFullScreen():
                window.setWindowState(QtCore.Qt.WindowState.WindowNoState)
            home = self._experimenter.screen()
            if home is not None:
                area = home.availableGeometry()
                window.resize(min(window.width(), area.width()), min(window.height(), area.height()))
                window.move(area.center() - window.rect().center())
            window.show()
        else:
            window.setGeometry(screen.geometry())
            window.showFullScreen()
        self.moved.emit(screen is not None)

    def _screen_left(self, screen: QtGui.QScreen) -> None:
        """A screen vanished: what was on it goes on in a normal window."""
        if screen is self.own:
            self.own = None
            if not self._window.isHidden():
                self.put_on(None)

    def _place_later(self) -> None:
        """A screen came: a window without one moves there, once Qt has its geometry."""
        if self.own is None and not self._window.isHidden():
            QtCore.QTimer.singleShot(0, self.place)
