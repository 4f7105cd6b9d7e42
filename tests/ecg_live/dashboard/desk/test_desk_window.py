"""The start page: from the list of sources to a plan for a session, by clicks and by keys."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6 import QtCore, QtWidgets
from pyqtgraph.Qt import QtTest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.desk.memory import DeskChoices, DeskMemory
from ecg_live.dashboard.desk.study_row import NEW_TEXT, NO_STUDY_TEXT
from ecg_live.dashboard.preferences import PreferenceStore
from ecg_live.dashboard.study_editor.dialog import StudyEditor
from ecg_live.dashboard.theme import CONTRAST
from ecg_live.preview_items import FoundSources, ScanProblem, SessionPlan, SignalFault, SignalVerdict
from ecg_live.study.document import NEW_STUDY
from tests.support.simulated_desk import GOOD, LAB, STRAP, SimulatedDesk

LEFT = QtCore.Qt.MouseButton.LeftButton
NO_MODIFIER, CONTROL = QtCore.Qt.KeyboardModifier.NoModifier, QtCore.Qt.KeyboardModifier.ControlModifier
HUM = SignalVerdict(12.0, 0.0, (SignalFault("hum", 0.31, 0.1, 50.0),))


@pytest.fixture
def desk(qtbot: QtBot) -> SimulatedDesk:
    return SimulatedDesk(qtbot)


def click_source(
    qtbot: QtBot, desk: SimulatedDesk, name: str, modifier: QtCore.Qt.KeyboardModifier = NO_MODIFIER
) -> None:
    sources = desk.window.start_page.list
    (item,) = sources.findItems(name, QtCore.Qt.MatchFlag.MatchStartsWith)
    inside = sources.viewport()
    assert inside is not None
    QtTest.QTest.mouseClick(inside, LEFT, modifier, pos=sources.visualItemRect(item).center())


def test_three_clicks_lead_to_a_session_and_the_ids_come_along(qtbot: QtBot, desk: SimulatedDesk) -> None:
    page, check = desk.window.start_page, desk.window.check_page
    assert page.searching.text() == "Looking for LSL streams and Bluetooth devices ..."
    assert not page.check.isEnabled()
    QtTest.QTest.keyClicks(page.form.session, "S1")
    page.form.participant.setEditText("P01")
    assert page.form.note_label.text() == "P01 was used before"
    click_source(qtbot, desk, "Lab")
    desk.pass_time(0.3)
    assert desk.preview.source == LAB.source
    assert page.panel.banner.line.word == "CONNECTING"
    desk.preview.stream(battery=0.8)
    desk.pass_time(0.3)
    assert page.panel.banner.line.word == "GOOD"
    assert page.panel.about.text().endswith("battery 80%")
    assert page.panel.history.stop > 0
    QtTest.QTest.mouseClick(page.check, LEFT)
    assert desk.shown() is check
    assert desk.window.header.ids.text() == "P01 · S1"
    desk.pass_time(0.3)
    assert (check.ring.word, check.start.isEnabled(), check.anyway.isHidden()) == ("GO", True, True)
    QtTest.QTest.mouseClick(check.start, LEFT)
    desk.preview.held = True
    desk.pass_time(0.1)
    assert desk.scan.closed
    assert desk.preview.closed
    assert desk.plans == []  # the device is not released yet
    desk.preview.held = False
    desk.pass_time(0.1)
    folder = desk.services.recordings
    note = "signal check: go"
    assert desk.plans == [SessionPlan(LAB.source, "P01", "S1", "mental_load", record=True, folder=folder, note=note)]
    assert desk.window.notice.text == "Starting: Lab ..."


def test_a_fault_is_shown_in_words_and_going_on_with_it_is_noted(qtbot: QtBot, desk: SimulatedDesk) -> None:
    page, check = desk.window.start_page, desk.window.check_page
    click_source(qtbot, desk, "Lab")
    desk.pass_time(0.3)
    desk.preview.stream(HUM)
    desk.pass_time(0.3)
    assert page.panel.banner.line.text == "Mains hum of 0.31 mV at 50 Hz (at most 0.10)"
    QtTest.QTest.keyClick(page.list, QtCore.Qt.Key.Key_Return)
    desk.pass_time(0.3)
    assert check.ring.word == "NO-GO"
    assert check.faults.texts == ("Mains hum of 0.31 mV at 50 Hz (at most 0.10)",)
    assert not check.start.isEnabled()
    QtTest.QTest.mouseClick(check.anyway, LEFT)
    desk.pass_time(0.1)
    assert desk.plans[0] is not None
    assert desk.plans[0].note == "signal check: went on with mains hum"


def test_a_source_that_goes_while_it_is_chosen_says_what_to_do_and_retry_opens_it_again(
    qtbot: QtBot, desk: SimulatedDesk
) -> None:
    page = desk.window.start_page
    click_source(qtbot, desk, "Polar")
    desk.pass_time(0.3)
    assert desk.scan.paused  # the radio is the device's
    first = desk.preview
    first.fail("no Polar H10 in reach, looked for 30 s", "check that it is on")
    desk.scan.found = FoundSources((LAB,), ("LSL streams",))
    desk.pass_time(0.3)
    assert page.panel.failure.text == "no Polar H10 in reach, looked for 30 s: check that it is on"
    assert page.panel.banner.isHidden()
    assert page.list.source == STRAP  # it stays, dimmed
    QtTest.QTest.mouseClick(page.panel.failure.button, LEFT)
    assert first.closed
    desk.pass_time(0.3)
    assert desk.preview is not first
    assert desk.preview.source == STRAP.source
    assert page.panel.failure.isHidden()


def test_another_source_is_opened_only_once_the_one_before_has_let_go(qtbot: QtBot, desk: SimulatedDesk) -> None:
    click_source(qtbot, desk, "Lab")
    desk.pass_time(0.3)
    desk.preview.held = True
    click_source(qtbot, desk, "Polar")
    desk.pass_time(1)
    assert [preview.source for preview in desk.services.previews] == [LAB.source]
    desk.preview.held = False
    desk.pass_time(0.1)
    assert desk.preview.source == STRAP.source


def test_a_silent_source_is_no_go_although_it_was_good(qtbot: QtBot, desk: SimulatedDesk) -> None:
    click_source(qtbot, desk, "Lab")
    desk.pass_time(0.3)
    desk.preview.stream(GOOD)
    desk.preview.age = 7.0
    QtTest.QTest.mouseClick(desk.window.start_page.check, LEFT)
    desk.pass_time(0.3)
    assert desk.window.check_page.faults.texts == ("No signal for 7 s",)
    assert not desk.window.check_page.start.isEnabled()


def test_a_search_that_failed_is_a_line_with_retry(qtbot: QtBot, desk: SimulatedDesk) -> None:
    page = desk.window.start_page
    problem = ScanProblem("no Bluetooth adapter is there", "plug one in, or switch it on")
    desk.scan.found = FoundSources((LAB,), ("LSL streams",), (problem, ScanProblem("no\tport")))
    desk.pass_time(0.3)
    assert page.problems.text == "no Bluetooth adapter is there: plug one in, or switch it on\nno port"
    QtTest.QTest.mouseClick(page.problems.button, LEFT)
    assert desk.scan.retries == 1


def test_a_list_that_changes_stays_where_the_user_has_scrolled_it(qtbot: QtBot, desk: SimulatedDesk) -> None:
    sources = desk.window.start_page.list
    strong, weak = (replace(STRAP, rssi=rssi) for rssi in (-50, -70))
    others = tuple(replace(LAB, source=f"lsl:{number}", name=f"Stream {number}") for number in range(40))
    desk.scan.found = FoundSources((strong, *others))
    desk.pass_time(0.3)
    click_source(qtbot, desk, "Polar")
    bar = sources.verticalScrollBar()
    assert bar is not None
    bar.setValue(bar.maximum() // 2)
    before = bar.value()
    assert before > 100
    desk.scan.found = FoundSources((weak, *others))
    desk.pass_time(0.3)
    assert sources.source == weak
    assert bar.value() == before


def test_an_id_that_cannot_be_holds_up_the_session(qtbot: QtBot, desk: SimulatedDesk) -> None:
    click_source(qtbot, desk, "Lab")
    desk.window.start_page.form.participant.setEditText("P 1")
    assert "not a valid" in desk.window.start_page.form.note_label.text()
    assert not desk.window.start_page.check.isEnabled()


def test_a_recording_starts_without_a_check_and_choices_are_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    memory, file = tmp_path / "dashboard.ini", tmp_path / "P01.csv"
    file.write_text("ECG\n")
    desk = SimulatedDesk(qtbot, memory)
    desk.window.start_page.add_file(str(file))
    desk.window.start_page.form.choose_model("stress")
    desk.window.start_page.form.record.setChecked(True)
    desk.window.start_page.form.choose_folder(str(tmp_path))
    QtTest.QTest.keyClick(desk.window, QtCore.Qt.Key.Key_Return, QtCore.Qt.KeyboardModifier.ControlModifier)
    desk.pass_time(0.1)
    folder = str(tmp_path)
    assert desk.plans == [SessionPlan(str(file), model="stress", record=True, folder=folder)]
    assert stat.S_IMODE(os.stat(memory).st_mode) == 0o600  # noqa: PTH116
    again = SimulatedDesk(qtbot, memory)
    assert again.window.start_page.list.source is not None
    assert again.window.start_page.list.source.source == str(file)
    form = again.window.start_page.form
    assert (form.model_name, form.folder, form.record.isChecked()) == ("stress", folder, True)
    file.unlink()
    assert DeskMemory(memory).read() == DeskChoices(str(file), "stress", folder=folder, record_replay=True)


def test_a_device_is_recorded_unless_it_is_switched_off_and_a_recording_only_on_request(
    qtbot: QtBot, tmp_path: Path
) -> None:
    memory, file = tmp_path / "dashboard.ini", tmp_path / "P01.csv"
    file.write_text("ECG\n")
    desk = SimulatedDesk(qtbot, memory)
    page = desk.window.start_page
    assert page.form.record.isChecked()
    page.add_file(str(file))
    assert not page.form.record.isChecked()
    click_source(qtbot, desk, "Lab")
    assert page.form.record.isChecked()
    page.form.record.click()
    page.add_file(str(file))
    QtTest.QTest.keyClick(desk.window, QtCore.Qt.Key.Key_Return, CONTROL)
    desk.pass_time(0.1)
    assert desk.plans[0] is not None
    assert not desk.plans[0].record
    kept = DeskMemory(memory).read()
    assert (kept.record, kept.record_replay) == (False, False)  # what was chosen for a device is kept


@pytest.mark.parametrize("damage", ["[desk]\nfiles=5\nrecord=perhaps\n", "[desk]\nfiles=[[[\n", "\0\0"])
def test_a_damaged_memory_is_the_defaults(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "dashboard.ini"
    path.write_text(damage)
    assert DeskMemory(path).read() == DeskChoices()


def test_a_study_gives_participants_source_and_model_and_the_plan_names_it(qtbot: QtBot, tmp_path: Path) -> None:
    study, memory = tmp_path / "study.toml", tmp_path / "dashboard.ini"
    study.write_text("")
    desk = SimulatedDesk(qtbot, memory)
    page = desk.window.start_page
    page.form.study.choose(str(study))
    assert [page.form.participant.itemText(row) for row in range(3)] == ["P01", "P02", "P03"]
    assert (page.form.participant_id, page.form.model_name) == ("P02", "stress")
    assert page.form.study.list.currentText() == "Stress"
    assert page.list.source == STRAP
    assert not page.form.record.isEnabled()
    assert page.form.note_label.text() == "P02: rest, task"
    desk.pass_time(0.3)
    QtTest.QTest.mouseClick(page.start, LEFT)
    desk.preview.closed = True
    desk.pass_time(0.1)
    assert desk.plans[0] is not None
    assert (desk.plans[0].study, desk.plans[0].participant) == (str(study), "P02")
    assert desk.plans[0].note == "signal check: skipped"
    again = SimulatedDesk(qtbot, memory)  # the last study is chosen at once
    assert again.window.start_page.form.study.path == str(study)
    assert again.window.start_page.form.participant_id == "P02"
    again.window.start_page.form.study.choose("")
    assert again.window.start_page.form.record.isEnabled()


def test_a_study_with_a_fault_is_a_line_and_holds_up_the_session(desk: SimulatedDesk) -> None:
    page = desk.window.start_page
    page.form.study.choose("/data/broken.toml")
    assert desk.window.notice.text == "/data/broken.toml, line 3: seconds = 'x'"
    assert page.form.study.edit.isEnabled()
    page.list.choose(LAB.source)
    assert not page.check.isEnabled()
    page.form.study.choose("")
    assert desk.window.notice.text == ""
    assert page.check.isEnabled()


def test_the_editor_of_a_study_opens_and_what_it_saves_is_read_again(
    qtbot: QtBot, desk: SimulatedDesk, tmp_path: Path
) -> None:
    study = tmp_path / "study.toml"
    study.write_text(NEW_STUDY)
    page = desk.window.start_page
    page.form.study.choose(str(study))
    QtTest.QTest.mouseClick(page.form.study.edit, LEFT)
    (editor,) = desk.window.findChildren(StudyEditor)
    page.form.participant.setEditText("P03")
    assert editor.save()
    assert page.form.participant_id == "P03"
    editor.close()


def test_a_dialog_for_a_model_that_is_closed_leaves_the_model(
    desk: SimulatedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    form = desk.window.start_page.form
    for name in ("stress", "mental_load", "stress"):
        index = form.model.findData(name)
        form.model.setCurrentIndex(index)
        form.model.activated.emit(index)
    form.model.setCurrentIndex(form.model.count() - 1)
    form.model.activated.emit(form.model.count() - 1)
    assert form.model_name == "stress"


def test_a_new_study_counts_once_it_is_saved(
    desk: SimulatedDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "study.toml"
    path.parent.mkdir()
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    study = desk.window.start_page.form.study
    study.list.activated.emit(study.list.findText(NEW_TEXT))
    (editor,) = desk.window.findChildren(StudyEditor)
    assert (study.path, study.list.currentText()) == ("", NO_STUDY_TEXT)
    assert editor.save()
    assert study.path == str(path)
    editor.close()


def test_a_study_that_the_editor_cannot_read_is_read_again_by_the_page(desk: SimulatedDesk, tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text("name = ")
    row = desk.window.start_page.form.study
    told: list[str] = []
    row.choose(str(study))
    row.chosen.connect(told.append)
    QtTest.QTest.mouseClick(row.edit, LEFT)
    assert desk.window.findChildren(StudyEditor) == []
    assert told == [str(study)]


def test_several_sources_are_several_wearers(qtbot: QtBot, desk: SimulatedDesk) -> None:
    page = desk.window.start_page
    click_source(qtbot, desk, "Lab")
    desk.pass_time(0.3)
    click_source(qtbot, desk, "Polar", CONTROL)
    assert (page.check.text(), page.check.isEnabled(), page.start.isHidden()) == ("Start 2 wearers", True, True)
    assert page.form.note_label.text() == "Each wearer has the name of the source"
    page.form.participant.setEditText("P01, P02, P03")
    assert page.form.note_label.text() == "3 ids for 2 wearers: one for each, separated by commas, or none"
    assert not page.check.isEnabled()
    page.form.participant.setEditText("P01, P02")
    desk.scan.found = FoundSources((LAB,), ("LSL streams",))  # the other is out of reach for a moment
    desk.pass_time(0.3)
    desk.scan.found = FoundSources((LAB, STRAP), ("LSL streams",))
    desk.pass_time(0.3)
    assert page.list.chosen_sources == (LAB, STRAP)
    QtTest.QTest.mouseClick(page.check, LEFT)
    desk.pass_time(0.1)
    (plan,) = desk.plans
    assert plan is not None
    assert {plan.source, *plan.others} == {LAB.source, STRAP.source}
    assert (plan.participant, plan.note) == ("P01, P02", None)


def test_escape_leads_back_and_closing_decides_for_none(qtbot: QtBot, desk: SimulatedDesk) -> None:
    click_source(qtbot, desk, "Lab")
    desk.pass_time(0.3)
    QtTest.QTest.mouseClick(desk.window.start_page.check, LEFT)
    QtTest.QTest.keyClick(desk.window, QtCore.Qt.Key.Key_Escape)
    assert desk.shown() is desk.window.start_page
    desk.window.close()
    assert desk.plans == [None]
    assert desk.scan.closed
    assert desk.preview.closed


def test_colours_and_letters_are_those_of_the_sessions_window(qtbot: QtBot, tmp_path: Path) -> None:
    memory = tmp_path / "dashboard.ini"
    desk = SimulatedDesk(qtbot, memory)
    height = desk.window.start_page.list.sizeHintForRow(1)
    QtTest.QTest.keyClick(desk.window, QtCore.Qt.Key.Key_H, QtCore.Qt.KeyboardModifier.ControlModifier)
    for _ in range(2):
        QtTest.QTest.keyClick(desk.window, QtCore.Qt.Key.Key_Plus, QtCore.Qt.KeyboardModifier.ControlModifier)
    found = PreferenceStore(memory).read()
    assert (found.theme, found.text_scale) == (CONTRAST, 1.3)
    assert desk.window.start_page.list.sizeHintForRow(1) == round(1.3 * height)


def test_every_control_has_a_name(desk: SimulatedDesk) -> None:
    kinds = (QtWidgets.QPushButton, QtWidgets.QLineEdit, QtWidgets.QComboBox, QtWidgets.QListWidget)
    found = [each for kind in kinds for each in desk.window.findChildren(kind)]
    unnamed = [each for each in found if not isinstance(each.parentWidget(), QtWidgets.QComboBox)]
    assert [each for each in unnamed if not each.accessibleName()] == []


def test_past_sessions_of_the_folder_are_shown_by_a_button(desk: SimulatedDesk) -> None:
    page = desk.window.start_page
    QtTest.QTest.mouseClick(page.browse, LEFT)
    assert desk.services.browsed == ["/data/recordings"]
    assert desk.window.notice.isVisible()
    QtTest.QTest.mouseClick(page.browse, LEFT)
    assert len(desk.services.browsed) == 2
    assert not desk.window.notice.isVisible()
