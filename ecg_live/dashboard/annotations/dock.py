"""The annotations at the side of a recorded session's window, shown by a button and a key."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6 import QtGui, QtWidgets

from ecg_live.annotations.editor import AnnotationEditor
from ecg_live.dashboard.annotations.panel import AnnotationPanel

KEY = "A"


class AnnotationDock(QtWidgets.QDockWidget):
    """Holds the panel of annotations.

    Parameters
    ----------
    window : QWidget
        In which the key works.
    editor : AnnotationEditor
    place : callable
        Returns the place that is shown, s.
    """

    def __init__(self, window: QtWidgets.QWidget, editor: AnnotationEditor, place: Callable[[], float]) -> None:
        super().__init__("Annotations")
        self.setAccessibleName("Annotations")
        self.setFeatures(
            QtWidgets.QDockWidget.DockWidgetFeature.DockWidgetClosable
            | QtWidgets.QDockWidget.DockWidgetFeature.DockWidgetMovable
        )
        self.panel = AnnotationPanel(editor, place)
        self.setWidget(self.panel)
        self.button = QtWidgets.QPushButton(f"Annotations  ({KEY})")
        self.button.setAccessibleName("Annotations")
        self.button.setCheckable(True)
        self.button.setAutoDefault(True)
        self._action = QtGui.QAction("Annotations: show them, or hide them", window)
        self._action.setShortcut(QtGui.QKeySequence(KEY))
        self._action.triggered.connect(self.button.click)
        window.addAction(self._action)
        self.button.toggled.connect(self._show)
        self.visibilityChanged.connect(self._follow)

    def _show(self, on: bool) -> None:
        """Show the panel with what stands now, and the cursor in its text; or hide it."""
        if on:
            self.panel.show_rows()
            self.panel.begin_here()
        self.setVisible(on)
        if on:
            self.panel.form.text.setFocus()

    def _follow(self) -> None:
        """Release the button where the panel was closed by its own cross."""
        if self.isHidden() and self.button.isChecked():
            self.button.setChecked(False)
