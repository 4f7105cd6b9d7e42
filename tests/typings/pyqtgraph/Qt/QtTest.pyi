# PyQt6's own stub forgets that these are static.
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget

class QTest:
    @staticmethod
    def keyClick(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = ...) -> None: ...
    @staticmethod
    def keyClicks(widget: QWidget, sequence: str) -> None: ...
    @staticmethod
    def mouseClick(widget: QWidget, button: Qt.MouseButton) -> None: ...
