"""Each kind of self-report is answered by the mouse and by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.self_report.field import Look
from ecg_live.dashboard.self_report.form import SelfReportForm
from ecg_live.dashboard.self_report.free_text import TextField
from ecg_live.dashboard.self_report.likert import LikertField
from ecg_live.dashboard.self_report.plane import PlaneField
from ecg_live.dashboard.self_report.sam import ManikinRow, SamField
from ecg_live.dashboard.self_report.slider import SliderField
from ecg_live.dashboard.theme import DARK, LIGHT
from ecg_live.study.asking import MAX_TEXT_CHARACTERS, GivenAnswer, no_answer
from ecg_live.study.plan import SelfReport

Key = QtCore.Qt.Key
LEFT = QtCore.Qt.MouseButton.LeftButton
SAM = SelfReport("mood", "sam", "How do you feel now?", ("valence", "arousal", "dominance"))
LIKERT = SelfReport("load", "likert", "Agree?", ("tired", "tense", "bored"), 5, ("not at all", "very"))
SLIDER = SelfReport("feel", "slider")
GRID = SelfReport("where", "grid")
TEXT = SelfReport("remarks", "text", "Anything else?")
ALL = (SAM, LIKERT, SLIDER, GRID, TEXT)


class Shown:
    """A form on the screen, and the answers that it gave."""

    def __init__(self, qtbot: QtBot, report: SelfReport, look: Look | None = None) -> None:
        self.form = SelfReportForm(report, look or Look(LIGHT))
        self.answers: list[GivenAnswer] = []
        self.form.answered.connect(self.answers.append)
        qtbot.addWidget(self.form)
        self.form.resize(1280, 720)
        self.form.show()
        self.form.begin()

    def keys(self, *keys: Key, modifier: QtCore.Qt.KeyboardModifier = QtCore.Qt.KeyboardModifier.NoModifier) -> None:
        """Press keys where the focus is."""
        for key in keys:
            QtTest.QTest.keyClick(self.form.focusWidget() or self.form, key, modifier)


Show = Callable[..., Shown]


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    """Show a self-report; a form that nobody holds may be collected while it is painted."""
    held: list[Shown] = []

    def make(report: SelfReport, look: Look | None = None) -> Shown:
        held.append(Shown(qtbot, report, look))
        return held[-1]

    yield make
    for each in held:
        each.form.close()


def test_a_sam_by_keys(show: Show) -> None:
    shown = show(SAM)
    shown.keys(Key.Key_7, Key.Key_Tab, Key.Key_Left, Key.Key_Left, Key.Key_Return)
    assert shown.answers == []  # dominance is unanswered
    assert "Not answered yet: controlled to in control" in shown.form.message.text()
    shown.keys(Key.Key_Tab, Key.Key_End, Key.Key_Return)
    assert shown.answers == [GivenAnswer((("valence", 7.0), ("arousal", 4.0), ("dominance", 9.0)))]
    shown.keys(Key.Key_Return)
    assert len(shown.answers) == 1


def test_a_sam_by_mouse(show: Show) -> None:
    shown = show(SAM)
    field = shown.form.field
    assert isinstance(field, SamField)
    for row, value in zip(field.rows, (1, 5, 9), strict=True):
        QtTest.QTest.mouseClick(row, LEFT, pos=row.cell(value).center().toPoint())
    QtTest.QTest.mouseClick(shown.form.done, LEFT)
    assert [value for _, value in shown.answers[0].values] == [1.0, 5.0, 9.0]


def test_skip_keeps_what_was_answered_and_names_the_reason(show: Show) -> None:
    shown = show(LIKERT)
    shown.keys(Key.Key_Tab, Key.Key_5, Key.Key_9, Key.Key_Tab, Key.Key_Tab, Key.Key_Tab)  # there is no point 9
    assert shown.form.focusWidget() is shown.form.skip
    shown.keys(Key.Key_Return)
    values = (("tired", None), ("tense", 5.0), ("bored", None))
    assert shown.answers == [GivenAnswer(values, missing="skipped")]


def test_done_names_the_first_of_many_that_are_unanswered(show: Show) -> None:
    shown = show(LIKERT)
    shown.keys(Key.Key_Return)
    assert "tired, tense and 1 more" in shown.form.message.text()
    field = shown.form.field
    assert isinstance(field, LikertField)
    for row in field.rows:
        QtTest.QTest.mouseClick(row, LEFT, pos=row.cell(2).center().toPoint())
    assert shown.form.message.text() == ""
    shown.keys(Key.Key_Return)
    assert [value for _, value in shown.answers[0].values] == [2.0, 2.0, 2.0]


def test_points_beyond_nine_are_reached_by_zero_and_the_arrows(show: Show) -> None:
    shown = show(replace(LIKERT, items=("x",), points=11))
    field = shown.form.field
    shown.keys(Key.Key_0)
    assert field.values() == (("x", 10.0),)
    shown.keys(Key.Key_Right, Key.Key_Right)
    assert field.values() == (("x", 11.0),)
    shown.keys(Key.Key_Home, Key.Key_Left)
    assert field.values() == (("x", 1.0),)


def test_a_slider_has_no_value_until_it_is_touched(show: Show) -> None:
    shown = show(SLIDER)
    field = shown.form.field
    assert isinstance(field, SliderField)
    assert field.values() == (("valence", None), ("arousal", None))
    shown.keys(Key.Key_Right, Key.Key_PageDown, Key.Key_Tab)
    track = field.rows[1].track()
    start, stop = track.center().toPoint(), track.topLeft().toPoint() + QtCore.QPoint(-30, 4)
    QtTest.QTest.mousePress(field.rows[1], LEFT, pos=start)
    assert field.rows[1].value == pytest.approx(0.0, abs=0.01)
    drag = QtGui.QMouseEvent(
        QtCore.QEvent.Type.MouseMove, QtCore.QPointF(stop), LEFT, LEFT, QtCore.Qt.KeyboardModifier.NoModifier
    )
    QtWidgets.QApplication.sendEvent(field.rows[1], drag)
    shown.keys(Key.Key_Return)
    assert shown.answers == [GivenAnswer((("valence", -0.2), ("arousal", -1.0)))]


def test_a_grid_by_click_and_by_arrows(show: Show) -> None:
    shown = show(GRID)
    field = shown.form.field
    assert isinstance(field, PlaneField)
    square = field.plane.square()
    QtTest.QTest.mouseClick(field.plane, LEFT, pos=QtCore.QPoint(3, 3))  # beside it
    assert field.unanswered() == ("valence", "arousal")
    QtTest.QTest.mouseClick(field.plane, LEFT, pos=square.topRight().toPoint())
    assert field.plane.point == pytest.approx((1.0, 1.0), abs=0.02)
    shown.keys(Key.Key_Home, Key.Key_Left, Key.Key_Down, Key.Key_Down, Key.Key_Return)
    assert shown.answers == [GivenAnswer((("valence", -0.05), ("arousal", -0.1)))]


def test_free_text_takes_enter_and_is_done_with_control_enter(show: Show) -> None:
    shown = show(TEXT)
    control = QtCore.Qt.KeyboardModifier.ControlModifier
    shown.keys(Key.Key_Return, modifier=control)
    assert "Nothing is written yet" in shown.form.message.text()
    shown.keys(Key.Key_A, Key.Key_Return, Key.Key_B)
    shown.keys(Key.Key_Return, modifier=control)
    assert shown.answers == [GivenAnswer(text="a\nb")]


def test_free_text_ends_at_its_limit_and_a_skipped_one_is_not_kept(show: Show) -> None:
    shown = show(TEXT)
    field = shown.form.field
    assert isinstance(field, TextField)
    field.box.setPlainText("x" * (MAX_TEXT_CHARACTERS + 5))
    assert len(field.given().text) == MAX_TEXT_CHARACTERS
    QtTest.QTest.mouseClick(shown.form.skip, LEFT)
    assert shown.answers == [GivenAnswer(missing="skipped")]


@pytest.mark.parametrize("report", ALL, ids=lambda report: report.kind)
def test_everything_has_a_name_fits_the_screen_and_takes_another_look(show: Show, report: SelfReport) -> None:
    shown = show(report, Look(DARK, 1.5))
    hint = shown.form.minimumSizeHint()
    assert (hint.width() <= 1280, hint.height() <= 720) == (True, True)
    for child in shown.form.findChildren(QtWidgets.QWidget):
        if child.focusPolicy() != QtCore.Qt.FocusPolicy.NoFocus and child.isVisibleTo(shown.form):
            assert child.accessibleName(), type(child).__name__
    dark = shown.form.grab().toImage()
    shown.form.show_look(Look(LIGHT))
    assert shown.form.grab().toImage() != dark
    assert shown.form.field.skipped() == no_answer(report, "skipped")


def test_what_is_chosen_is_described(show: Show) -> None:
    shown = show(SAM)
    field = shown.form.field
    assert isinstance(field, SamField)
    assert field.rows[0].accessibleDescription() == "no answer of 1 to 9, unpleasant to pleasant"
    shown.keys(Key.Key_3)
    assert field.rows[0].accessibleDescription() == "3 of 1 to 9, unpleasant to pleasant"
    own_words = show(replace(SAM, anchors=("schlecht", "gut"))).form.field
    assert isinstance(own_words, SamField)
    assert own_words.rows[0].accessibleDescription() == "no answer of 1 to 9, schlecht to gut"


@pytest.mark.parametrize("dimension", ["valence", "arousal", "dominance"])
def test_no_two_manikins_of_a_row_look_alike(qtbot: QtBot, dimension: str) -> None:
    row = ManikinRow(dimension, ("", ""), Look(LIGHT))
    qtbot.addWidget(row)
    row.resize(9 * 60, row.minimumSizeHint().height())  # the smallest that there are
    figures = []
    for value in range(1, 10):
        cell = row.cell(value).toRect()
        image = row.grab(cell.adjusted(0, 0, 0, -round(cell.height() * 0.4))).toImage()  # without the number
        figures.append(bytes(image.constBits().asarray(image.sizeInBytes())))
    assert len(set(figures)) == 9


def test_long_words_become_smaller_and_stay_apart(show: Show) -> None:
    ends = ("not at all, in no way and at no time", "completely, in every way and at all times")
    short, long = (show(replace(LIKERT, anchors=each)).form.field for each in (("no", "yes"), ends))
    assert isinstance(short, LikertField)
    assert isinstance(long, LikertField)
    middle = long.ends.width() // 2
    image = long.ends.grab().toImage()
    background = image.pixel(middle, image.height() // 2)
    assert all(image.pixel(middle + dx, y) == background for dx in range(-8, 9) for y in range(image.height()))
