"""The form of an annotation: kind, beginning, end, text, and why it is changed."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6 import QtCore, QtWidgets

from ecg_live.annotations.change import KINDS, Kind
from ecg_live.annotations.current import SessionAnnotation

SECONDS_DECIMALS = 3
WITH_END: tuple[Kind, ...] = ("interval", "excluded")
KIND_NAMES: dict[Kind, str] = {
    "note": "Note",
    "interval": "Interval",
    "excluded": "Excluded stretch",
    "marker": "Marker",
}
TEXT_HINTS: dict[Kind, str] = {
    "note": "what was noted",
    "interval": "what it was",
    "excluded": "why it is excluded",
    "marker": "the marker's text",
}


@dataclass(frozen=True, slots=True)
class FormValues:
    """What the form states; ``stop`` is None for a kind without an end."""

    kind: Kind
    onset: float
    stop: float | None
    text: str
    reason: str


class AnnotationForm(QtWidgets.QWidget):
    """Fields of an annotation; their buttons set a time to the place that is shown.

    Parameters
    ----------
    duration : float
        Of the recording, s.
    """

    place_requested = QtCore.pyqtSignal(object)  # the field that shall have the place

    def __init__(self, duration: float) -> None:
        super().__init__()
        self.setAccessibleName("Annotation")
        self.kind = QtWidgets.QComboBox()
        self.kind.setAccessibleName("Kind")
        for kind in KINDS:
            self.kind.addItem(KIND_NAMES[kind], kind)
        self.onset, self.stop = (self._seconds(name, duration) for name in ("Beginning", "End"))
        self.text, self.reason = QtWidgets.QLineEdit(), QtWidgets.QLineEdit()
        self.text.setAccessibleName("Text")
        self.reason.setAccessibleName("Reason of the change")
        self.reason.setPlaceholderText("why it is changed (optional)")
        self._here = {field: self._here_button(field) for field in (self.onset, self.stop)}
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        rows = (
            ("Kind", self.kind),
            ("From", self.onset),
            ("To", self.stop),
            ("Text", self.text),
            ("Reason", self.reason),
        )
        for row, (name, widget) in enumerate(rows):
            label = QtWidgets.QLabel(name)
            label.setBuddy(widget)
            label.setAccessibleName(f"{name} caption")
            grid.addWidget(label, row, 0)
            here = self._here.get(widget) if isinstance(widget, QtWidgets.QDoubleSpinBox) else None
            grid.addWidget(widget, row, 1, 1, 1 if here else 2)
            if here is not None:
                grid.addWidget(here, row, 2)
        grid.setColumnStretch(1, 1)
        self.kind.currentIndexChanged.connect(self._show_kind)
        self._show_kind()

    @staticmethod
    def _seconds(name: str, duration: float) -> QtWidgets.QDoubleSpinBox:
        field = QtWidgets.QDoubleSpinBox()
        field.setAccessibleName(f"{name} in seconds")
        field.setRange(0.0, duration)
        field.setDecimals(SECONDS_DECIMALS)
        field.setSuffix(" s")
        return field

    def _here_button(self, field: QtWidgets.QDoubleSpinBox) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton("Here")
        button.setObjectName("small")
        button.setAccessibleName(f"{field.accessibleName()}: the place that is shown")
        button.setToolTip("The place that is shown")
        button.setAutoDefault(True)
        button.clicked.connect(lambda: self.place_requested.emit(field))
        return button

    @property
    def chosen_kind(self) -> Kind:
        """The kind that is chosen."""
        return KINDS[self.kind.currentIndex()]

    @property
    def values(self) -> FormValues:
        """What the fields state."""
        ends = self.chosen_kind in WITH_END
        stop = self.stop.value() if ends else None
        return FormValues(self.chosen_kind, self.onset.value(), stop, self.text.text(), self.reason.text())

    def show_annotation(self, now: SessionAnnotation) -> None:
        """Fill the fields with an annotation."""
        self.kind.setCurrentIndex(KINDS.index(now.kind))
        self.onset.setValue(now.onset)
        self.stop.setValue(now.stop)
        self.text.setText(now.text)
        self.reason.clear()

    def _show_kind(self) -> None:
        """Enable what the kind has."""
        ends = self.chosen_kind in WITH_END
        for widget in (self.stop, self._here[self.stop]):
            widget.setEnabled(ends)
        self.text.setPlaceholderText(TEXT_HINTS[self.chosen_kind])
