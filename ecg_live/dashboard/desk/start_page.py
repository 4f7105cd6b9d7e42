"""The start page: sources on the left; on the right the chosen one's signal, the ids, and the buttons to begin."""

from __future__ import annotations

import os
from dataclasses import replace

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.desk.memory import DeskChoices
from ecg_live.dashboard.desk.notice import Notice
from ecg_live.dashboard.desk.preview_panel import PreviewPanel
from ecg_live.dashboard.desk.session_form import SessionForm
from ecg_live.dashboard.desk.source_list import SourceList
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.widgets import Panel, text_label
from ecg_live.presentation.desk import RECORDING_KIND, problem_line, recording_source, searching_line
from ecg_live.preview_items import FoundSource, FoundSources
from ecg_live.protocols import DeskServices

LAST_USED_KIND, STUDY_SOURCE_KIND = "last used", "source of the study"
DEMO_NAME = "Demo recording"
LIVE_HEADING, FILE_HEADING = "DEVICES AND STREAMS", "RECORDINGS"
CHECK_TEXT, REPLAY_TEXT = "Check the signal", "Open the recording"


class StartPage(QtWidgets.QWidget):
    """Shows what is found, and what was chosen.

    Parameters
    ----------
    services : DeskServices
    palette : Palette
    choices : DeskChoices
        Those of the last session.
    """

    source_chosen = QtCore.pyqtSignal(str)
    check_wanted = QtCore.pyqtSignal()
    start_wanted = QtCore.pyqtSignal()
    search_retried = QtCore.pyqtSignal()
    study_refused = QtCore.pyqtSignal(str)  # why; empty once there is no fault
    browsed = QtCore.pyqtSignal(str)  # what was done, in a line

    def __init__(self, services: DeskServices, palette: Palette, choices: DeskChoices) -> None:
        super().__init__()
        self.setAccessibleName("Start page")
        self._choices = choices
        self._services = services
        self._demo = services.demo
        self._files = choices.files
        self._found = FoundSources()
        self._study_error = ""
        self._known: dict[str, FoundSource] = {}  # live sources that were shown, by URI
        self.list = SourceList(palette)
        self.searching = text_label("What is being looked for", 9, muted=True)
        self.busy = QtWidgets.QProgressBar()
        self.problems = Notice("Failed search", "Retry")
        self.open_file = QtWidgets.QPushButton("Open a recording ...")
        self.browse = QtWidgets.QPushButton("Past sessions ...")
        self.panel = PreviewPanel(palette)
        self.form = SessionForm(services.models, services.recordings, services.participant_note, choices.studies)
        self.check = QtWidgets.QPushButton(CHECK_TEXT)
        self.start = QtWidgets.QPushButton("Start without a check")
        self._restore(choices)
        self._lay_out()
        self._connect()
        self.show_found(FoundSources())
        self.searching.setText("")  # the search is about to begin
        self.update_buttons()

    @property
    def is_recording(self) -> bool:
        """Whether the chosen source is a recording."""
        return self.list.source is not None and self.list.source.kind == RECORDING_KIND

    @property
    def starts_at_once(self) -> bool:
        """Whether there is no signal check: for a recording, and for several wearers."""
        return self.is_recording or len(self.list.chosen_sources) > 1

    def show_found(self, found: FoundSources) -> None:
        """Show the sources in reach, and what is being looked for."""
        self._found = found
        self.searching.setText(searching_line(found))
        self.busy.setVisible(bool(found.searching))
        self.problems.show_text(problem_line(found), "warn")
        in_reach = {source.source: source for source in found.sources}
        self._known |= in_reach
        chosen = self.list.source.source if self.list.source else ""
        gone = [
            self._known[uri]
            for uri in dict.fromkeys((self._choices.source, chosen))
            if uri in self._known and uri not in in_reach
        ]
        files = [recording_source(path) for path in self._files]
        demo = FoundSource(self._demo, RECORDING_KIND, DEMO_NAME, detail="bundled")
        self.list.show_sections(
            ((LIVE_HEADING, (*found.sources, *gone)), (FILE_HEADING, (*files, demo))),
            frozenset(source.source for source in gone),
        )
        if self.list.source is None and self._choices.source:
            self.list.choose(self._choices.source)

    def add_file(self, path: str) -> None:
        """Add a recording to the list, and choose it."""
        self._files = (path, *(each for each in self._files if each != path))
        self.show_found(self._found)
        self.list.choose(path)

    def show_study(self, path: str) -> None:
        """Take participants, source and model from a study file; one with a fault holds up the session."""
        choice = self._services.study_choice(path, self.form.session_id) if path else None
        error = choice.error if choice else ""
        if error != self._study_error:
            self._study_error = error
            self.study_refused.emit(error)
        self.form.show_study(choice)
        if choice and choice.source:
            self._choose_source(choice.source)

    def _choose_source(self, uri: str) -> None:
        """Choose the source that a study names, though it may not be in reach."""
        if os.path.isfile(uri):  # noqa: PTH113 - of a long source, or a share that is gone, Path.is_file raises
            self.add_file(uri)
            return
        self._known.setdefault(uri, FoundSource(uri, STUDY_SOURCE_KIND, uri))
        self._choices = replace(self._choices, source=uri)
        self.show_found(self._found)
        self.list.choose(uri)

    def update_buttons(self) -> None:
        """Offer what can be done with the chosen source and ids."""
        count = len(self.list.chosen_sources)
        self.form.show_wearers(max(1, count))
        self.form.show_source_kind(plays_recording=self.is_recording)
        ready = count > 0 and self.form.valid
        one = REPLAY_TEXT if self.is_recording else CHECK_TEXT
        self.check.setText(one if count <= 1 else f"Start {count} wearers")
        self.check.setAccessibleName(self.check.text())
        self.check.setEnabled(ready)
        self.start.setEnabled(ready)
        self.start.setVisible(not self.starts_at_once)

    def go_on(self) -> None:
        """Go on to the signal check, or with a recording to the session."""
        if not self.check.isEnabled():
            return
        (self.start_wanted if self.starts_at_once else self.check_wanted).emit()

    def ask_file(self) -> None:
        """Choose a recording on the disk."""
        found, _ = QtWidgets.QFileDialog.getOpenFileName(self, "Open a recording")
        if found:
            self.add_file(found)

    def restyle(self, palette: Palette) -> None:
        """Change the colours."""
        self.list.restyle(palette)
        self.panel.restyle(palette)

    def _restore(self, choices: DeskChoices) -> None:
        last = choices.source
        if last and last not in (*choices.files, self._demo):
            self._known[last] = FoundSource(last, LAST_USED_KIND, last)
        self.form.choose_model(choices.model)
        self.form.study.choose(choices.study)
        self.form.choose_folder(choices.folder)
        self.form.choose_recording({False: choices.record, True: choices.record_replay})

    def _connect(self) -> None:
        self.list.chosen.connect(self._on_chosen)
        self.list.itemSelectionChanged.connect(self.update_buttons)
        self.list.opened.connect(lambda _: self.go_on())
        self.problems.triggered.connect(self.search_retried)
        self.open_file.clicked.connect(self.ask_file)
        self.browse.clicked.connect(lambda: self.browsed.emit(self._services.browse(self.form.folder)))
        self.form.changed.connect(self.update_buttons)
        self.form.study.chosen.connect(self.show_study)
        self.check.clicked.connect(self.go_on)
        self.start.clicked.connect(self.start_wanted)

    def _on_chosen(self, uri: str) -> None:
        self.update_buttons()
        self.source_chosen.emit(uri)

    def _lay_out(self) -> None:
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedHeight(3)
        self.busy.setAccessibleName("Looking for sources")
        sources = Panel("Sources")
        column = QtWidgets.QVBoxLayout(sources)
        column.setContentsMargins(6, 10, 6, 10)
        column.setSpacing(6)
        heading = QtWidgets.QHBoxLayout()
        heading.setContentsMargins(10, 0, 10, 0)
        title = text_label("Heading of the sources", 12, bold=True)
        title.setText("Source")
        heading.addWidget(title)
        heading.addStretch(1)
        heading.addWidget(self.searching)
        column.addLayout(heading)
        column.addWidget(self.busy)
        column.addWidget(self.problems)
        column.addWidget(self.list, 1)
        foot = QtWidgets.QHBoxLayout()
        foot.setContentsMargins(10, 0, 10, 0)
        foot.addWidget(self.open_file)
        foot.addWidget(self.browse)
        foot.addStretch(1)
        column.addLayout(foot)
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(10)
        grid.addWidget(sources, 0, 0, 3, 1)
        grid.addWidget(self.panel, 0, 1)
        grid.addWidget(self.form, 1, 1)
        grid.addLayout(self._buttons(), 2, 1)
        grid.setColumnStretch(0, 4)
        grid.setColumnStretch(1, 6)
        grid.setRowStretch(0, 1)

    def _buttons(self) -> QtWidgets.QHBoxLayout:
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(10)
        self.check.setObjectName("primary")
        self.open_file.setAccessibleName("Open a recording")
        self.browse.setAccessibleName("Past sessions of the folder of recordings")
        self.browse.setToolTip("All sessions of the folder of recordings: play back, annotate, compare")
        self.start.setAccessibleName(self.start.text())
        for button in (self.start, self.check):
            button.setMinimumHeight(38)
        row.addStretch(1)
        row.addWidget(self.start)
        row.addWidget(self.check)
        return row
