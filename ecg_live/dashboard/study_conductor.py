"""Conducts a study on the screen: the experimenter's panel and keys, the participant's window, and self-reports."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.participant.screens import ScreenKeeper, other_screen
from ecg_live.dashboard.participant.window import ParticipantWindow
from ecg_live.dashboard.self_report.field import Look
from ecg_live.dashboard.self_report.form import SelfReportForm
from ecg_live.dashboard.self_report.plane import ContinuousRating
from ecg_live.dashboard.sounds import AlertSounds
from ecg_live.dashboard.study_panel import StudyPanel
from ecg_live.dashboard.window import MainWindow
from ecg_live.events import AffectRating, Clock
from ecg_live.presentation.alerts import BLOCK_ENDED
from ecg_live.protocols import View
from ecg_live.study.asking import DECLINED, Asking, GivenAnswer
from ecg_live.study.course import CourseStatus
from ecg_live.study.run import StudyRun, StudyStatus
from ecg_live.study.wording import countdown_text, ends_by_key

UPDATE_INTERVAL_MS = 100
FORM_SIZE = QtCore.QSize(1000, 680)  # of a self-report that is asked on the experimenter's screen


class StudyConductor(QtCore.QObject):
    """Shows a study's course and passes on what is asked of it.

    Parameters
    ----------
    run : StudyRun
    view : View
        The session; it notes the answers.
    window : MainWindow
    clock : Clock
        Session clock.
    sounds : AlertSounds, optional
        Plays the end of a block; the system's sound device without it, or a beep where there is none.
    """

    def __init__(
        self, run: StudyRun, view: View, window: MainWindow, clock: Clock, sounds: AlertSounds | None = None
    ) -> None:
        super().__init__(window)
        self._run = run
        self._view = view
        self._clock = clock
        self._window = window
        self._seen = run.status()  # what the experimenter saw when a key or button was pressed
        self._heard = self._seen.ended_with_sound
        self._sounds = sounds or AlertSounds(muted=False)  # meant for the participant: alerts may be muted beside it
        self._asking: Asking | None = None
        self._asked_at: tuple[int, str] | None = None  # block and self-report of the form that is shown
        self._theme = self._window.appearance.theme
        self.participant = ParticipantWindow(self._theme)
        self.screens = ScreenKeeper(self.participant, window)
        self._rated: tuple[int, str] | None = None  # block and self-report of the continuous rating that is shown
        self.dialog: SelfReportDialog | None = None  # of a self-report that is asked on the experimenter's screen
        self._connect(self._window.study_panel)
        self._window.controller.keys = run
        self._timer = QtCore.QTimer(self)
        self._timer.timeout.connect(self.update)

    def start(self) -> None:
        """Show the study, and from now on what becomes of it."""
        self._window.show_study()
        if other_screen(self._window) is not None:
            self.screens.place()
        self.update()
        self._timer.start(UPDATE_INTERVAL_MS)

    def stop(self) -> None:
        """The main window is closing: what is not answered stays without an answer."""
        self._timer.stop()
        self._withdraw()
        self.participant.close()

    def show_participant(self) -> None:
        """Show the participant's window, or close it."""
        if self.participant.isHidden():
            self.screens.place()
        else:
            self.participant.close()
        self.update()

    def update(self) -> None:
        """Show where the study is; ask what is to be asked."""
        if self._timer.isActive() and not self._window.isVisible():
            self.stop()
            return
        status, now = self._run.status(), self._clock()
        self._seen = status
        if self._theme is not self._window.appearance.theme:
            self._restyle()
        self._window.study_panel.show_status(status, participant=not self.participant.isHidden())
        fresh = self._window.live_values.freshness(now)
        last = None if fresh.gone else self._window.live_values.last
        self.participant.show_status(status, last, now)
        if status.ended_with_sound > self._heard:
            self._heard = status.ended_with_sound
            self._sounds.play(BLOCK_ENDED)
        self._show_rating(status)
        self._ask_self_report(status, now)

    def advance(self) -> None:
        """Go on; ask before a block with its own end is broken off."""
        course = self._seen.course
        if course.phase != "running" or ends_by_key(course):
            self._go_on(course)
            return
        self._break_off(course, "Go on", lambda: self._go_on(course))

    def abort(self) -> None:
        """Ask, and break the block off."""
        course = self._seen.course
        self._break_off(course, "Stop block", lambda: self._run.abort(course))

    def repeat(self) -> None:
        """Have the block run again; ask before one is broken off for it."""
        course = self._seen.course
        if course.phase == "running":
            self._break_off(course, "Repeat", lambda: self._run.repeat(course))
        else:
            self._withdraw()
            self._run.repeat(course)

    def skip(self) -> None:
        """Leave the block out."""
        self._run.skip(self._seen.course)

    def _go_on(self, course: CourseStatus) -> None:
        if course.phase == "self_report":
            self._withdraw()
        self._run.advance(course)
        self.update()

    def _break_off(self, course: CourseStatus, yes: str, then: Callable[[], object]) -> None:
        name = course.block.name if course.block is not None else ""
        left = "" if course.seconds_left is None else f" with {countdown_text(course.seconds_left)} to go"
        self._window.controller.ask(f"Break off {name}{left}?", yes, "Cancel", then)

    def _show_rating(self, status: StudyStatus) -> None:
        """Show the continuous rating of the block that runs."""
        course = status.course
        name = course.block.rating if course.phase == "running" and course.block is not None else None
        wanted = None if name is None else (course.number, name)
        if wanted == self._rated:
            return
        self._rated = wanted
        report = None if name is None else self._run.study.self_reports.get(name)
        rating = None if report is None else ContinuousRating(report, self._look)
        if rating is not None:
            rating.rated.connect(self._rate)
        self.participant.show_rating(rating)

    def _rate(self, valence: float, arousal: float) -> None:
        self._view.self_report(AffectRating(self._clock(), valence, arousal))

    @property
    def _look(self) -> Look:
        return Look(self._theme, self._window.appearance.scale)

    def _ask_self_report(self, status: StudyStatus, now: float) -> None:
        course = status.course
        name = course.self_report if status.started else None
        wanted = None if name is None else (course.number, name)
        if wanted != self._asked_at:
            self._withdraw()
            report = None if name is None else self._run.study.self_reports.get(name)
            if report is not None and wanted is not None:
                self._asked_at = wanted
                self._asking = self._run.askings.ask(report, now, course.block.name if course.block else "")
                form = SelfReportForm(report, self._look)
                form.answered.connect(self._answered)
                self._show_form(form)
        elif wanted is not None and self.participant.isHidden() and self.dialog is None:
            taken = self.participant.take_form()  # the participant's window was closed
            if isinstance(taken, SelfReportForm):
                self._show_form(taken)

    def _show_form(self, form: SelfReportForm) -> None:
        """Show a self-report where the participant sees it."""
        if self.participant.isHidden():
            self.dialog = SelfReportDialog(form, self._window)
            self.dialog.rejected.connect(self._decline)
            form.show()  # one that the participant's window had was hidden with it
            self.dialog.open()
        else:
            self.participant.ask(form)
            self.participant.activateWindow()
        form.begin()

    def _answered(self, given: GivenAnswer) -> None:
        asking = self._asking
        self._close_form()
        if asking is not None:
            self._view.self_report(asking.answer(given, self._clock()))
            self._run.answered(asking.report.name)
        self.update()
        self._window.activateWindow()

    def _decline(self) -> None:
        """The experimenter closed the dialog."""
        if self._asking is not None:
            name = self._asking.report.name
            self._withdraw()
            self._run.answered(name)

    def _withdraw(self) -> None:
        """Take the self-report away that is shown; that it stays without an answer is noted."""
        asking = self._asking
        self._close_form()
        if asking is not None:
            self._view.self_report(asking.without_answer(DECLINED, self._clock()))

    def _close_form(self) -> None:
        self._asking, self._asked_at = None, None
        form = self.participant.take_form()
        if form is not None:
            form.deleteLater()
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.done(QtWidgets.QDialog.DialogCode.Accepted)

    def _restyle(self) -> None:
        self._theme = self._window.appearance.theme
        self.participant.restyle(self._theme)
        shown = self.dialog.form if self.dialog is not None else self.participant.form
        if isinstance(shown, SelfReportForm):
            shown.show_look(self._look)
        if isinstance(self.participant.rating, ContinuousRating):
            self.participant.rating.show_look(self._look)

    def _connect(self, panel: StudyPanel) -> None:
        panel.advance_asked.connect(self.advance)
        panel.repeat_asked.connect(self.repeat)
        panel.skip_asked.connect(self.skip)
        panel.abort_asked.connect(self.abort)
        panel.undo_asked.connect(self._window.controller.undo_marker)
        panel.key_asked.connect(self._window.controller.mark_quick)
        panel.participant_asked.connect(self.show_participant)


class SelfReportDialog(QtWidgets.QDialog):
    """A self-report on the experimenter's screen, where the participant has none; Escape declines it."""

    def __init__(self, form: SelfReportForm, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.form = form
        self.setWindowTitle("Self-report")
        self.setAccessibleName("Self-report")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(form)
        self.resize(FORM_SIZE.boundedTo(parent.size()))
