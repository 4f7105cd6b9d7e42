"""The window of the desk: start page and signal check, and one preview at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.appearance import Appearance
from ecg_live.dashboard.desk.header import DeskHeader
from ecg_live.dashboard.desk.memory import DeskMemory, with_plan
from ecg_live.dashboard.desk.notice import Notice
from ecg_live.dashboard.desk.preview_owner import PreviewOwner
from ecg_live.dashboard.desk.preview_panel import PreviewPanel
from ecg_live.dashboard.desk.start_page import StartPage
from ecg_live.dashboard.desk.styles import desk_style_sheet
from ecg_live.dashboard.preferences import PreferenceStore, fit_to_screen
from ecg_live.dashboard.signal_check.page import SignalCheckPage
from ecg_live.dashboard.theme import LIGHT, Palette
from ecg_live.events import Clock
from ecg_live.presentation.formatting import session_title
from ecg_live.presentation.signal_check import check_note
from ecg_live.preview_items import SessionPlan
from ecg_live.protocols import DeskServices, Scanner

APPEARANCE_KEYS: Mapping[str, Callable[[Appearance], object]] = {  # beside letters, which the fields take
    "Ctrl+T": Appearance.toggle_theme,
    "Ctrl+H": Appearance.toggle_contrast,
    "Ctrl++": lambda appearance: appearance.step_scale(1),
    "Ctrl+=": lambda appearance: appearance.step_scale(1),
    "Ctrl+-": lambda appearance: appearance.step_scale(-1),
    "Ctrl+0": lambda appearance: appearance.step_scale(0),
}
STATUS_INTERVAL_S = 0.25  # between two redraws of lists and words
RELEASE_PATIENCE_S = 6.0  # that a preview may take to let go of its device before a session


class DeskWindow(QtWidgets.QMainWindow):
    """Chooses a session; `decided` is emitted with a `SessionPlan`, or None when the window is closed.

    Parameters
    ----------
    services : DeskServices
    memory : DeskMemory
        Choices of the last session.
    preferences : PreferenceStore
        Size and colours, shared with the window of a session.
    clock : Clock
    """

    decided = QtCore.pyqtSignal(object)

    def __init__(
        self,
        services: DeskServices,
        memory: DeskMemory,
        preferences: PreferenceStore,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__()
        self._services = services
        self._memory = memory
        self._preferences = preferences
        self._clock = clock
        before = preferences.read()
        self.appearance = Appearance(self, before.theme, before.text_scale)
        theme = self.appearance.theme
        self._scanner: Scanner | None = None
        self._plan: SessionPlan | None = None  # that begins once the preview is released
        self._release_by = 0.0
        self._status_shown = -STATUS_INTERVAL_S
        self.previews = PreviewOwner(services.preview, clock)
        self.notice = Notice("Message")
        self.start_page = StartPage(services, theme, memory.read())
        self.check_page = SignalCheckPage(theme)
        self.pages = QtWidgets.QStackedWidget()
        self.header = DeskHeader()
        self.setWindowTitle("ecg-live")
        self.setAccessibleName("ecg-live: start")
        self._lay_out()
        self._connect()
        self._restore_size()
        self.appearance.apply((self,))
        self.start_page.list.rescale()

    @property
    def starting(self) -> bool:
        """Whether a session was chosen, and is about to begin."""
        return self._plan is not None

    def open(self) -> None:
        """Show the start page, and look for sources."""
        self._plan = None
        self.pages.setCurrentWidget(self.start_page)
        self.header.ids.setText("")
        self.setEnabled(True)
        self.show()
        if self.start_page.form.study.path:
            self.start_page.form.study.choose(self.start_page.form.study.path)  # whose turn it is now
        self.start_page.form.update_note()
        self.start_page.list.setFocus()
        if self.start_page.list.source is not None:
            self._want(self.start_page.list.source.source)
        QtCore.QTimer.singleShot(0, self._scan)  # what it loads would hold the window up

    def show_message(self, text: str, *, fault: bool = True) -> None:
        """Show a message above the pages; none for an empty text."""
        self.notice.show_text(text, "fault" if fault else "info")

    def refresh(self) -> None:
        """Draw one frame: the trace always, lists and words four times a second."""
        now = self._clock()
        if self._plan is not None:
            self._begin_when_released(now)
            return
        if self.previews.open_wanted(now):
            self._follow()
        self._page_panel.draw()
        if now - self._status_shown >= STATUS_INTERVAL_S:
            self._status_shown = now
            self.show_status()

    def show_status(self) -> None:
        """Show what is found, and the state of the preview."""
        if self._scanner is not None:
            self._scanner.pause(self.previews.uses_radio)
            self.start_page.show_found(self._scanner.found)
        if self.pages.currentWidget() is self.check_page:
            self.check_page.show_status()
        else:
            self.start_page.panel.show_status()

    def restyle(self, palette: Palette) -> None:
        """Change the colours; `appearance` calls it."""
        self.setStyleSheet(desk_style_sheet(palette))
        self.start_page.restyle(palette)
        self.check_page.restyle(palette)
        self.header.name_button(dark=palette is LIGHT)

    def change_appearance(self, change: Callable[[Appearance], object]) -> None:
        """Change colours or letters, for a session's window too."""
        change(self.appearance)
        self.start_page.list.rescale()
        found = replace(self._preferences.read(), theme=self.appearance.chosen, text_scale=self.appearance.scale)
        self._preferences.write(found)

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Fit the letters to the window."""
        super().resizeEvent(event)
        self.appearance.fit_texts()
        self.start_page.list.rescale()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Let go of everything, and decide for no session."""
        self._save_size()
        self._release()
        super().closeEvent(event)
        if self._plan is None:
            self.decided.emit(None)

    @property
    def _page_panel(self) -> PreviewPanel:
        return self.check_page.panel if self.pages.currentWidget() is self.check_page else self.start_page.panel

    def _scan(self) -> None:
        if self._scanner is None and not self.starting:
            self._scanner = self._services.scan()

    def _choose(self, uri: str) -> None:
        self.show_message("")
        if self.previews.wanted != uri:  # another of several was chosen too, and this one is still shown
            self._want(uri)

    def _want(self, uri: str) -> None:
        self.previews.want(uri)
        self.start_page.panel.follow(None, self._name)

    @property
    def _name(self) -> str:
        source = self.start_page.list.source
        return "" if source is None else source.name or source.source

    def _follow(self) -> None:
        """Show the preview that was opened."""
        self.start_page.panel.follow(self.previews.preview, self._name)
        if self.pages.currentWidget() is self.check_page:
            self._show_check()

    def _retry(self) -> None:
        if self.start_page.list.source is not None:
            self._want(self.start_page.list.source.source)

    def _retry_search(self) -> None:
        if self._scanner is not None:
            self._scanner.retry()

    def _show_check(self) -> None:
        source = self.start_page.list.source
        if source is not None:
            self.check_page.follow(self.previews.preview, source.source, self._name)
            self.pages.setCurrentWidget(self.check_page)
            self.check_page.start.setFocus()
            form = self.start_page.form
            self.header.ids.setText(session_title(form.participant_id or None, form.session_id or None))

    def _show_start(self) -> None:
        self.header.ids.setText("")
        self.start_page.panel.follow(self.previews.preview, self._name)
        self.pages.setCurrentWidget(self.start_page)
        self.start_page.list.setFocus()

    def _start_unchecked(self) -> None:
        self._start(None if self.start_page.starts_at_once else check_note(None))

    def _start(self, note: str | None) -> None:
        """Remember the choices, let go of the preview, and begin once it is released."""
        source, form = self.start_page.list.source, self.start_page.form
        if source is None or not form.valid or self.starting:
            return
        self._plan = SessionPlan(
            source=source.source,
            participant=form.participant_id,
            session=form.session_id,
            model=form.model_name,
            study=form.study.path,
            record=form.record.isChecked() and not form.study.path,
            folder=form.folder,
            note=note,
            others=tuple(each.source for each in self.start_page.list.chosen_sources if each is not source),
        )
        self._remember(self._plan)
        self._release()
        self._release_by = self._clock() + RELEASE_PATIENCE_S
        self.show_message(f"Starting: {self._name} ...", fault=False)
        self.setEnabled(False)

    def _begin_when_released(self, now: float) -> None:
        if self._plan is not None and (self.previews.released or now >= self._release_by):
            self.decided.emit(self._plan)

    def _release(self) -> None:
        self.previews.want("")
        if self._scanner is not None:
            self._scanner.close()
            self._scanner = None

    def _remember(self, plan: SessionPlan) -> None:
        chosen = with_plan(self._memory.read(), plan, recording=self.start_page.is_recording)
        wishes = self.start_page.form.record_wishes
        usual = plan.folder == self._services.recordings
        demo = self._services.demo
        files = tuple(path for path in chosen.files if path != demo)
        folder = "" if usual else plan.folder
        record, replay = wishes[False], wishes[True]
        self._memory.write(replace(chosen, files=files, folder=folder, record=record, record_replay=replay))

    def _connect(self) -> None:
        page = self.start_page
        page.source_chosen.connect(self._choose)
        page.check_wanted.connect(self._show_check)
        page.start_wanted.connect(self._start_unchecked)
        page.study_refused.connect(self.show_message)
        page.browsed.connect(self.show_message)
        page.search_retried.connect(self._retry_search)
        page.panel.retried.connect(self._retry)
        self.check_page.panel.retried.connect(self._retry)
        self.check_page.left.connect(self._show_start)
        self.check_page.started.connect(self._start)
        self.header.theme_button.clicked.connect(lambda: self.change_appearance(Appearance.toggle_theme))
        for keys, change in APPEARANCE_KEYS.items():
            QtGui.QShortcut(QtGui.QKeySequence(keys), self, partial(self.change_appearance, change))
        for keys, slot in (
            ("Ctrl+O", page.ask_file),
            ("F5", self._retry_search),
            ("Ctrl+Return", self._go_on),
            ("Esc", self._show_start),
        ):
            QtGui.QShortcut(QtGui.QKeySequence(keys), self, slot)

    def _go_on(self) -> None:
        if self.pages.currentWidget() is self.check_page:
            self.check_page.start.click()
        else:
            self.start_page.go_on()

    def _lay_out(self) -> None:
        body = QtWidgets.QWidget()
        body.setAccessibleName("Desk")
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(16, 10, 16, 14)
        column.setSpacing(10)
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(self.check_page)
        column.addWidget(self.header)
        column.addWidget(self.notice)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(body)

    def _restore_size(self) -> None:
        found, screen = self._preferences.read(), self.screen()
        self.resize(found.size if screen is None else fit_to_screen(found.size, screen.availableGeometry().size()))
        if found.maximised:
            self.setWindowState(QtCore.Qt.WindowState.WindowMaximized)

    def _save_size(self) -> None:
        size = self.normalGeometry().size() if self.isMaximized() or self.isFullScreen() else self.size()
        self._preferences.write(replace(self._preferences.read(), size=size, maximised=self.isMaximized()))
