"""Ids, model and recording of the session to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.desk.study_row import StudyRow
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import TONE_COLOURS
from ecg_live.dashboard.widgets import ElidedLabel, Panel, text_label
from ecg_live.presentation.desk import split_ids
from ecg_live.presentation.status import Tone
from ecg_live.preview_items import ParticipantNote, StudyChoice

FIELD_POINTS = 9
OTHER_MODEL_TEXT = "Other file ..."
MODEL_FILES = "Models (*.safetensors)"
ONE_ID_HINT, SEVERAL_IDS_HINT = "for example P01", "P01, P02 ..."
MAX_ID_CHARACTERS = 400  # of several participants


class SessionForm(Panel):
    """Fields with their check; `changed` is emitted whenever a value changes.

    Parameters
    ----------
    models : sequence of str
        Names of the bundled models, the default one first.
    folder : str
        Where recordings go without another choice.
    check : callable
        Gives what is known of a participant and session, with recordings in a folder, or in a study.
    studies : sequence of str
        Paths of recent studies.
    """

    changed = QtCore.pyqtSignal()

    def __init__(
        self,
        models: Sequence[str],
        folder: str,
        check: Callable[[str, str, str, str], ParticipantNote],
        studies: Sequence[str] = (),
    ) -> None:
        super().__init__("Session")
        self._check = check
        self._default_folder = folder
        self.note = ParticipantNote()
        self._wearers = 1
        self.study = StudyRow(studies)
        self.participant = QtWidgets.QComboBox()
        self.participant.setEditable(True)
        self.session = QtWidgets.QLineEdit()
        self.model = QtWidgets.QComboBox()
        self._model_before = ""  # the choice to return to
        self.record = QtWidgets.QCheckBox("Record from the start")
        self.record_wishes = {False: True, True: False}  # of a device, and of a recording that is played
        self._plays_recording = False
        self.folder_label = ElidedLabel("Folder of recordings", 9)
        self.folder_button = QtWidgets.QPushButton("Folder ...")
        self.note_label = text_label("Note about the ids", 9, muted=True)
        self._folder = folder
        self._prepare(models)
        self.show_source_kind(plays_recording=False)
        self._lay_out()
        self._connect()
        self.update_note()

    @property
    def folder(self) -> str:
        """Folder of recordings."""
        return self._folder

    @property
    def model_name(self) -> str:
        """Name of a bundled model, or path of a file."""
        return str(self.model.currentData() or "")

    @property
    def participant_id(self) -> str:
        """The participant's id, or empty."""
        return self.participant.currentText().strip()

    def show_wearers(self, count: int) -> None:
        """Ask for the ids of so many participants."""
        if count != self._wearers:
            self._wearers = count
            if (line := self.participant.lineEdit()) is not None:
                line.setPlaceholderText(ONE_ID_HINT if count == 1 else SEVERAL_IDS_HINT)
            self._on_edited()

    @property
    def session_id(self) -> str:
        """The session's id, or empty."""
        return self.session.text().strip()

    @property
    def valid(self) -> bool:
        """Whether a session can begin with these values."""
        return not self.note.error

    def choose_model(self, name: str) -> None:
        """Choose a model by its name or path; a file is added to the list."""
        if not name:
            return
        if self.model.findData(name) < 0:
            self.model.insertItem(self.model.count() - 1, Path(name).name, name)
        self.model.setCurrentIndex(self.model.findData(name))
        self._model_before = name

    def choose_folder(self, folder: str) -> None:
        """Choose the folder of recordings; the default one without a text."""
        self._folder = folder or self._default_folder
        self.folder_label.show_text(self._folder)
        self.update_note()
        self.changed.emit()

    def choose_recording(self, wishes: Mapping[bool, bool]) -> None:
        """Choose whether to record a device (False), and a recording that is played (True)."""
        self.record_wishes.update(wishes)
        self.show_source_kind(plays_recording=self._plays_recording)

    def show_source_kind(self, *, plays_recording: bool) -> None:
        """Show whether this kind of source is to be recorded: a copy of a recording is another wish than a session."""
        self._plays_recording = plays_recording
        with QtCore.QSignalBlocker(self.record):
            self.record.setChecked(self.record_wishes[plays_recording])

    def show_study(self, choice: StudyChoice | None) -> None:
        """Offer the participants of a study, whose file says where recordings go; without one, any id."""
        names = choice.participants if choice else ()
        if choice:
            self.study.show_name(choice.path, choice.name)
        typed = self.participant_id
        with QtCore.QSignalBlocker(self.participant):
            self.participant.clear()
            self.participant.addItems(list(names))
            self.participant.setEditText((choice.following if choice and typed not in names else typed) or typed)
        self.record.setEnabled(choice is None)
        self.folder_button.setEnabled(choice is None)
        self.folder_label.show_text("Recorded as the study file says" if choice else self._folder)
        if choice and choice.model:
            self.choose_model(choice.model)
        self._on_edited()

    def update_note(self) -> None:
        """Check the ids, and show what is known of them."""
        self.note = self._note_of_ids()
        tone: Tone = "fault" if self.note.error else "info"
        self.note_label.setText(self.note.text or "Without an id the recording is named by its time")
        self.note_label.setStyleSheet(f"color: {TONE_COLOURS[tone][0]};" if self.note.error else "")

    def _note_of_ids(self) -> ParticipantNote:
        if self._wearers == 1:
            return self._check(self.participant_id, self.session_id, self._folder, self.study.path)
        ids = split_ids(self.participant_id)
        if self.study.path:
            return ParticipantNote("A study is run with one wearer: choose no study, or one source", error=True)
        if ids and len(ids) != self._wearers:
            text = f"{len(ids)} ids for {self._wearers} wearers: one for each, separated by commas, or none"
            return ParticipantNote(text, error=True)
        notes = [self._check(each, self.session_id, self._folder, "") for each in ids]
        text = "; ".join(note.text for note in notes if note.text)
        return ParticipantNote(text or "Each wearer has the name of the source", any(note.error for note in notes))

    def _on_record(self, checked: bool) -> None:
        self.record_wishes[self._plays_recording] = checked
        self.changed.emit()

    def _on_edited(self) -> None:
        self.update_note()
        self.changed.emit()

    def _on_model(self, index: int) -> None:
        if self.model.itemData(index) is None:  # the last entry
            found, _ = QtWidgets.QFileDialog.getOpenFileName(self, "Choose a model", "", MODEL_FILES)
            self.model.setCurrentIndex(max(0, self.model.findData(self._model_before)))
            self.choose_model(found)
        self._model_before = self.model_name
        self.changed.emit()

    def _ask_folder(self) -> None:
        found = QtWidgets.QFileDialog.getExistingDirectory(self, "Folder of recordings", self._folder)
        if found:
            self.choose_folder(found)

    def _prepare(self, models: Sequence[str]) -> None:
        for name in models:
            self.model.addItem(name.replace("_", " "), name)
        self.model.addItem(OTHER_MODEL_TEXT, None)
        if (line := self.participant.lineEdit()) is not None:
            line.setMaxLength(MAX_ID_CHARACTERS)
            style_text(line, FIELD_POINTS)
            line.setPlaceholderText(ONE_ID_HINT)
        self.session.setMaxLength(MAX_ID_CHARACTERS)
        style_text(self.session, FIELD_POINTS)
        self.session.setPlaceholderText("for example S1")
        self.note_label.setWordWrap(True)
        self.folder_label.setProperty("muted", True)
        self.folder_label.show_text(self._folder)
        self.folder_button.setAccessibleName("Choose the folder of recordings")

    def _connect(self) -> None:
        self.participant.editTextChanged.connect(self._on_edited)
        self.session.textChanged.connect(self._on_edited)
        self.model.activated.connect(self._on_model)
        self.record.toggled.connect(self._on_record)
        self.folder_button.clicked.connect(self._ask_folder)

    def _lay_out(self) -> None:
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(14, 12, 14, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        fields = (("Participant", self.participant), ("Session", self.session), ("Model", self.model))
        for column, (name, field) in enumerate(fields):
            label = text_label(f"Label of {name}", 9, muted=True)
            label.setText(name)
            label.setBuddy(field)
            field.setAccessibleName(name)
            field.setMinimumHeight(30)
            field.setMinimumWidth(120)
            grid.addWidget(label, 1, column)
            grid.addWidget(field, 2, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.study, 0, 0, 1, 3)
        grid.addWidget(self.note_label, 3, 0, 1, 3)
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.record)
        row.addWidget(self.folder_label, 1)
        row.addWidget(self.folder_button)
        grid.addLayout(row, 4, 0, 1, 3)
