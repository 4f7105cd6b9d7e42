"""A study on the screen: panel, keys, the participant's window on its screen, and self-reports."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.participant.screens import other_screen
from ecg_live.dashboard.self_report.form import SelfReportForm
from ecg_live.dashboard.self_report.plane import ContinuousRating
from ecg_live.dashboard.sounds import AlertSounds
from ecg_live.dashboard.study_conductor import StudyConductor
from ecg_live.dashboard.theme import DARK, LIGHT
from ecg_live.events import AffectRating, Marker, SelfReportAnswer
from ecg_live.results import HeadInfo, Poll
from ecg_live.study.course import StudyCourse
from ecg_live.study.marker_texts import spans
from ecg_live.study.plan import Block, KeyMarker, SelfReport, Study
from ecg_live.study.run import StudyRun
from tests.support.dashboard_windows import Open, live
from tests.support.simulated_view import FOUR, LOAD, SimulatedView

Key = QtCore.Qt.Key
Modifier = QtCore.Qt.KeyboardModifier
STUDY = Study(
    "Lab",
    (
        Block("rest", 60.0, instruction="Sit still.\nRelax.", baseline=True),
        Block("task", 30.0, instruction="Count.", self_reports=("mood", "remarks"), countdown=True, sound=True),
        Block("talk", instruction="Talk.", biofeedback="heart_rate"),
    ),
    keys={"1": KeyMarker("stimulus on"), "2": KeyMarker("cold pressor", interval=True)},
    self_reports={
        "mood": SelfReport("mood", "sam", "How do you feel?", ("valence", "arousal")),
        "remarks": SelfReport("remarks", "text", "Anything else?"),
    },
)


class ViewNotes:
    """Notes a study's markers in a simulated session, whose clock is the course's."""

    def __init__(self, view: SimulatedView) -> None:
        self._view = view

    def mark(self, text: str, time: float) -> None:
        self._view.mark(text, time)

    def self_report(self, answer: SelfReportAnswer) -> None:
        self._view.self_report(answer)

    def begin_baseline(self, _seconds: float | None, _time: float) -> None:
        self._view.begin_baseline()


class Lab:
    """A window in which a study runs, on a clock that the test moves."""

    def __init__(self, opened: Open, qtbot: QtBot, study: Study = STUDY, heads: Sequence[HeadInfo] = (LOAD,)) -> None:
        self.view, self.window = live(opened, *heads)
        self.run = StudyRun(study, StudyCourse(study.blocks), self.view.clock)
        self.run.connect(ViewNotes(self.view))
        self.run.tick()
        self.conductor = StudyConductor(self.run, self.view, self.window, self.view.clock)
        qtbot.addWidget(self.conductor.participant)
        self.conductor.start()

    def wait(self, seconds: float) -> None:
        self.view.wait(seconds)
        self.run.tick()
        self.conductor.update()
        self.window.refresh()

    def press(self, key: Key, modifier: Modifier = Modifier.NoModifier) -> None:
        QtTest.QTest.keyClick(self.window.trace.sweep, key, modifier)
        self.conductor.update()
        self.window.refresh()

    def texts(self) -> list[str]:
        return [each.text for each in self.view.poll(Poll())[0].events if isinstance(each, Marker)]

    def confirm(self) -> None:
        """Press the button of the question that is open, other than the one that cancels."""
        question = self.window.controller.question
        assert question is not None
        yes = next(each for each in question.findChildren(QtWidgets.QPushButton) if each.text() != "Cancel")
        yes.click()
        self.conductor.update()


@pytest.fixture
def lab(opened: Open, qtbot: QtBot) -> Lab:
    return Lab(opened, qtbot)


def test_the_experimenter_steps_through_the_blocks_with_the_next_key(lab: Lab) -> None:
    panel = lab.window.study_panel
    assert panel.isVisible()
    assert (panel.place.text(), panel.block.text(), panel.time.text()) == ("Block 1 of 3", "rest", "waits")
    assert panel.advance.accessibleName() == "Begin rest"
    lab.press(Key.Key_N)
    lab.wait(23)
    assert (panel.time.text(), panel.coming.text()) == ("0:37", "next: task")
    assert panel.advance.accessibleName() == "Next block"
    assert panel.progress.value() == round(1000 * 23 / 60)
    assert lab.view.baselines == 1
    assert lab.texts() == ["block/rest/start"]
    assert lab.window.controller.toast.text == ""  # the panel shows it, and nothing hides the trace


def test_a_study_with_many_heads_needs_no_scrolling_on_a_small_screen(opened: Open, qtbot: QtBot) -> None:
    heads = (HeadInfo("valence", ("low", "high")), HeadInfo("arousal", ("low", "high")), LOAD, FOUR)
    lab = Lab(opened, qtbot, heads=heads)
    bar, panel = lab.window.body.scroll_area.verticalScrollBar(), lab.window.study_panel
    assert bar is not None
    lab.window.resize(1366, 1000)
    qtbot.waitUntil(lambda: panel.height() == panel.sizeHint().height(), timeout=30_000)
    usual = panel.height()
    for size in ((1366, 768), (1280, 720)):
        lab.window.resize(*size)
        lab.wait(1)
        qtbot.waitUntil(lambda: panel.height() < usual and bar.maximum() == 0, timeout=30_000)
        assert lab.window.header.about.isVisible()
    lab.window.resize(1366, 1000)
    qtbot.waitUntil(lambda: panel.height() == usual, timeout=30_000)


def test_a_block_with_its_own_end_is_broken_off_only_after_a_question(lab: Lab) -> None:
    lab.press(Key.Key_N)
    lab.wait(20)
    lab.press(Key.Key_N)
    question = lab.window.controller.question
    assert question is not None
    assert question.accessibleName() == "Break off rest with 0:40 to go?"
    assert lab.texts() == ["block/rest/start"]
    lab.confirm()
    assert lab.texts()[1:] == ["block/rest/abort", "block/rest/stop", "block/task/start"]
    lab.window.study_panel.stop.click()
    lab.wait(31)  # it ended by itself while the question was open
    before = lab.texts()
    lab.confirm()
    assert lab.texts() == before


def test_a_block_is_skipped_and_repeated_by_buttons(lab: Lab) -> None:
    panel = lab.window.study_panel
    assert not panel.repeat.isEnabled()
    panel.skip.click()
    lab.conductor.update()
    assert panel.block.text() == "task"
    lab.press(Key.Key_N)
    panel.repeat.click()
    lab.confirm()
    assert panel.advance.accessibleName() == "Begin task"
    assert lab.texts() == [
        "block/rest/skip", "block/task/start", "block/task/abort", "block/task/stop", "block/task/repeat",
    ]  # fmt: skip


def test_named_keys_intervals_and_undo(lab: Lab) -> None:
    lab.press(Key.Key_1)
    lab.press(Key.Key_2)
    assert lab.window.controller.toast.text.startswith("Interval cold pressor begins")
    legend = lab.window.study_panel.keys
    assert [legend[key].text() for key in "12"] == ["1  stimulus on · 1", "2 ●  cold pressor · 1"]
    legend["2"].click()
    lab.press(Key.Key_3)  # without a name
    lab.press(Key.Key_Z, Modifier.ControlModifier)
    assert lab.window.controller.toast.text.startswith("Undone: 3")
    lab.window.study_panel.undo.click()
    lab.conductor.update()
    assert legend["2"].isChecked()
    assert lab.texts() == [
        "stimulus on", "interval/cold pressor/start", "interval/cold pressor/stop", "3", "undo/3",
        "undo/interval/cold pressor/stop",
    ]  # fmt: skip


def test_the_participant_sees_instruction_countdown_and_biofeedback_only_where_asked_for(
    lab: Lab, qtbot: QtBot
) -> None:
    seen = lab.conductor.participant
    assert not seen.isVisible()  # one screen: only when asked for
    lab.press(Key.Key_P)
    assert seen.isVisible()
    assert not seen.isFullScreen()
    lab.press(Key.Key_N)
    assert seen.instruction.text() == "Sit still.\nRelax."
    assert not seen.countdown.isVisible()
    assert not seen.ring.isVisible()
    lab.wait(65)
    assert (seen.instruction.text(), seen.countdown.text(), seen.ring.isVisible()) == ("Count.", "0:25", False)
    lab.conductor.skip()  # broken off
    lab.conductor.update()
    assert (seen.instruction.text(), seen.ring.isVisible(), seen.label.isVisible()) == ("Talk.", True, False)
    with qtbot.waitActive(seen):
        seen.activateWindow()
    QtTest.QTest.keyClick(seen, Key.Key_N)  # the experimenter's keys do nothing here
    assert lab.run.status().course.phase == "running"
    with qtbot.waitActive(lab.window):
        lab.window.activateWindow()
    lab.press(Key.Key_N)
    assert seen.instruction.text() == "Thank you. All parts are done."
    lab.window.appearance.set_theme(DARK if lab.window.theme is LIGHT else LIGHT)
    lab.conductor.update()
    lab.window.end()
    lab.conductor.update()
    assert not seen.isVisible()


def test_a_long_instruction_is_seen_as_a_whole(opened: Open, qtbot: QtBot) -> None:
    text = "Please read the text on the screen aloud, and keep your hands on the table. " * 8
    blocks = (Block("read", 60.0, instruction=text, biofeedback="heart_rate", countdown=True), Block("end"))
    lab = Lab(
        opened, qtbot, Study("Lab", blocks, keys={str(k): KeyMarker(f"stimulus number {k}") for k in range(1, 10)})
    )
    lab.conductor.show_participant()
    seen = lab.conductor.participant
    seen.resize(900, 640)
    sizes = []
    for command in (None, lab.run.advance):
        if command:
            command()
        lab.conductor.update()
        QtWidgets.QApplication.processEvents()
        label = seen.instruction
        wanted = label.heightForWidth(label.width())
        assert wanted <= label.height()
        assert label.geometry().bottom() < seen.height()
        sizes.append(label.font().pointSizeF())
    assert sizes[1] < sizes[0] <= 30  # there is less room beside the ring
    names = lab.window.study_panel.keys
    assert all(names[key].width() >= names[key].sizeHint().width() for key in names)
    assert lab.window.width() == 1280


def asked(lab: Lab) -> SelfReportForm:
    """The self-report that is shown, wherever it is."""
    shown = lab.conductor.dialog.form if lab.conductor.dialog else lab.conductor.participant.form
    assert isinstance(shown, SelfReportForm)
    assert shown.isVisible()
    return shown


def after_the_task(lab: Lab) -> None:
    lab.press(Key.Key_N)
    lab.wait(60)
    lab.wait(30.5)


def answers(lab: Lab) -> list[tuple[str, str, str]]:
    found = [each for each in lab.view.poll(Poll())[0].events if isinstance(each, SelfReportAnswer)]
    return [(each.report, each.block, each.missing) for each in found]


def test_self_reports_are_asked_one_by_one_in_the_participants_window(lab: Lab) -> None:
    lab.conductor.show_participant()
    after_the_task(lab)
    form = asked(lab)
    assert lab.conductor.participant.form is form
    assert lab.window.study_panel.time.text() == "self-report mood"
    form.skip.click()
    second = asked(lab)
    assert second.report.name == "remarks"
    lab.conductor.participant.close()  # it goes on where it can be seen
    lab.conductor.update()
    assert lab.conductor.dialog is not None
    assert asked(lab) is second
    QtTest.QTest.keyClicks(second.focusWidget() or second, "Loud outside")
    second.done.click()
    assert answers(lab) == [("mood", "task", "skipped"), ("remarks", "task", "")]
    assert lab.run.status().course.phase == "running"
    assert lab.conductor.dialog is None


def test_without_a_second_screen_they_are_asked_over_the_window_and_may_be_declined(lab: Lab) -> None:
    after_the_task(lab)
    dialog = lab.conductor.dialog
    assert dialog is not None
    QtTest.QTest.keyClick(dialog, Key.Key_Escape)
    lab.conductor.update()
    assert answers(lab) == [("mood", "task", "declined by the experimenter")]
    assert asked(lab).report.name == "remarks"
    lab.conductor.advance()
    lab.conductor.update()
    assert [each[2] for each in answers(lab)] == ["declined by the experimenter"] * 2
    assert lab.run.status().course.phase == "running"


def test_a_screen_that_vanishes_leaves_a_normal_window_with_its_question(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = lab.window.screen()
    assert screen is not None
    assert other_screen(lab.window) is None
    lab.conductor.screens.put_on(screen)  # as if it were a second one
    seen = lab.conductor.participant
    assert seen.isFullScreen()
    after_the_task(lab)
    form = asked(lab)
    app = QtGui.QGuiApplication.instance()
    assert isinstance(app, QtGui.QGuiApplication)
    app.screenRemoved.emit(screen)
    assert seen.isVisible()
    assert not seen.isFullScreen()
    assert asked(lab) is form
    second = [screen, object()]
    monkeypatch.setattr(QtGui.QGuiApplication, "screens", lambda: second)
    assert other_screen(lab.window) is second[1]


def test_the_end_of_a_block_is_heard_also_without_a_sound_device(
    lab: Lab, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    beeps: list[int] = []
    monkeypatch.setattr(QtWidgets.QApplication, "beep", lambda: beeps.append(1))
    lab.conductor.stop()
    sounds = AlertSounds(muted=False, open_output=lambda: None)
    lab.conductor = StudyConductor(lab.run, lab.view, lab.window, lab.view.clock, sounds)
    qtbot.addWidget(lab.conductor.participant)
    lab.conductor.start()
    lab.press(Key.Key_N)
    lab.wait(61)
    lab.wait(30)
    qtbot.waitUntil(lambda: beeps == [1])
    assert lab.run.status().ended_with_sound == 1


def test_a_grid_is_rated_by_hand_all_through_its_block(opened: Open, qtbot: QtBot) -> None:
    blocks = (Block("film", 30.0, instruction="Watch.", rating="feel"), Block("rest", 30.0))
    study = Study("Lab", blocks, self_reports={"feel": SelfReport("feel", "grid", "How do you feel?")})
    lab = Lab(opened, qtbot, study)
    lab.conductor.show_participant()
    assert lab.conductor.participant.rating is None
    lab.press(Key.Key_N)
    rating = lab.conductor.participant.rating
    assert isinstance(rating, ContinuousRating)
    plane = rating.plane
    QtTest.QTest.mousePress(plane, QtCore.Qt.MouseButton.LeftButton, pos=plane.square().center().toPoint())
    lab.wait(5)
    assert lab.conductor.participant.rating is rating
    assert lab.view.ratings[0] == AffectRating(lab.view.ratings[0].time, *(plane.point or ()))
    lab.wait(26)  # the block is over, with the button down
    assert lab.conductor.participant.rating is None
    assert not rating.rating


def test_random_keys_and_clicks_raise_nothing_and_leave_blocks_that_do_not_overlap(lab: Lab) -> None:
    dice = random.Random(13)  # noqa: S311 - no secret
    keys = [Key.Key_N, Key.Key_N, Key.Key_P, Key.Key_1, Key.Key_2, Key.Key_Escape, Key.Key_Return, Key.Key_Tab]
    for _ in range(150):
        shown = [lab.window, lab.conductor.participant, *filter(None, [lab.conductor.dialog])]
        modal = QtWidgets.QApplication.activeModalWidget()
        place = modal or dice.choice([each for each in shown if each.isVisible()])
        buttons = [
            each
            for each in place.findChildren(QtWidgets.QPushButton)
            if each.isVisible() and each.isEnabled() and each.text() != "Stop and close"
        ]
        if buttons and dice.random() < 0.5:
            dice.choice(buttons).click()
        else:
            undo = dice.random() < 0.2
            modifier = Modifier.ControlModifier if undo else Modifier.NoModifier
            QtTest.QTest.keyClick(place.focusWidget() or place, Key.Key_Z if undo else dice.choice(keys), modifier)
        lab.wait(dice.random() * 8)
    lab.run.stop()
    blocks = [span for span in spans([(k, text) for k, text in enumerate(lab.texts())]) if span.kind == "block"]
    assert len(blocks) >= 4
    assert all(span.stop is not None for span in blocks)
    assert all(one.stop is not None and one.stop < two.start for one, two in pairwise(blocks))


TWO_SCREENS = """
from PyQt6 import QtWidgets
app = QtWidgets.QApplication([])
from ecg_live.dashboard.participant.screens import ScreenKeeper
from ecg_live.dashboard.participant.window import ParticipantWindow
from ecg_live.dashboard.theme import LIGHT
desk = QtWidgets.QMainWindow()
desk.show()
window = ParticipantWindow(LIGHT)
keeper = ScreenKeeper(window, desk)
keeper.place()
app.processEvents()
print(desk.screen().name(), window.screen().name(), window.isFullScreen(), window.width(), window.height())
"""


def test_a_second_screen_is_filled(tmp_path: Path) -> None:
    """Qt's platform for tests has two screens only in a process that begins with them."""
    screens = [
        {"name": name, "x": x, "y": 0, "width": 1024, "height": 768, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
        for name, x in (("desk", 0), ("participant", 1024))
    ]
    (tmp_path / "screens.json").write_text(json.dumps({"screens": screens}))
    platform = {"QT_QPA_PLATFORM": f"offscreen:configfile={tmp_path / 'screens.json'}"}
    command = [sys.executable, "-c", TWO_SCREENS]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | platform)
    assert done.stdout.split() == ["desk", "participant", "True", "1024", "768"]
