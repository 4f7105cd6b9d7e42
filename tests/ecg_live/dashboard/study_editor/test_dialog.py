"""The study editor, by mouse and keys: what is edited is in the file, and a fault is shown where it stands."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.study_editor.dialog import CHANGED_TEXT, UNSAVED_TEXT, StudyEditor
from ecg_live.dashboard.study_editor.run import run_editor
from ecg_live.errors import ConfigError
from ecg_live.study.file import load_study
from ecg_live.study.plan import Block, KeyMarker, SelfReport
from tests.ecg_live.study.test_file import WHOLE

Key = QtCore.Qt.Key
Modifier = QtCore.Qt.KeyboardModifier


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(WHOLE)
    return path


@pytest.fixture
def editor(path: Path, qtbot: QtBot) -> StudyEditor:
    return shown(StudyEditor(path), qtbot)


def shown(editor: StudyEditor, qtbot: QtBot) -> StudyEditor:
    qtbot.addWidget(editor)
    with qtbot.waitActive(editor):
        editor.show()
        editor.activateWindow()
    return editor


def write(field: QtWidgets.QLineEdit, text: str) -> None:
    field.selectAll()
    QtTest.QTest.keyClicks(field, text)


def button(page: QtWidgets.QWidget, text: str) -> QtWidgets.QPushButton:
    return next(each for each in page.findChildren(QtWidgets.QPushButton) if each.text() == text)


def test_a_file_is_shown_and_saved_to_the_letter(editor: StudyEditor, path: Path) -> None:
    assert editor.study == load_study(path)
    assert editor.message.text().startswith(
        "No fault: 3 blocks, 6 min and what ends by a key or marker; 2 participants"
    )
    assert not editor.unsaved
    assert editor.save()
    assert path.read_text() == WHOLE


def test_fields_tables_and_switches_end_up_in_the_file(editor: StudyEditor, path: Path, qtbot: QtBot) -> None:
    write(editor.study_page.fields["participants"], "A1, A2 ,A3")
    editor.study_page.order.setCurrentText("fixed")
    blocks = editor.blocks_page
    editor.pages.setCurrentIndex(1)
    blocks.table.setCurrentCell(2, 0)
    QtTest.QTest.keyClicks(blocks.instruction, "Talk.")
    button(blocks, "Add").click()
    row = blocks.table.currentRow()
    assert row == 3
    for column, text in ((0, "end"), (1, "12.5")):
        item = blocks.table.item(row, column)
        assert item is not None
        item.setText(text)
    column = next(k for k, each in enumerate(blocks.table.columns) if each.key == "sound")
    sound = blocks.table.item(row, column)
    assert sound is not None
    sound.setCheckState(QtCore.Qt.CheckState.Checked)
    button(blocks, "Up").click()
    write(editor.keys_page.texts["4"], "noise")
    editor.keys_page.intervals["4"].click()
    button(editor.reports_page, "Add").click()
    QtTest.QTest.keyClick(editor, Key.Key_S, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: editor.message.text() == f"Saved: {path}")
    study = load_study(path)
    assert study.participants == ("A1", "A2", "A3")
    assert study.order == "fixed"
    assert study.blocks[2] == Block("end", 12.5, sound=True)
    assert study.blocks[3] == Block("talk", instruction="Talk.")
    assert study.keys["4"] == KeyMarker("noise", interval=True)
    assert study.keys["2"] == KeyMarker("cold pressor", interval=True)
    assert study.self_reports["report 1"] == SelfReport("report 1", "sam", "", ("valence", "arousal"))
    assert study.self_reports["strain"].anchors == ("not at all", "very")
    assert not editor.unsaved


def test_a_fault_is_named_with_line_and_key_and_shown(editor: StudyEditor, path: Path) -> None:
    seconds = editor.blocks_page.table.item(0, 1)
    assert seconds is not None
    seconds.setText("12")
    assert editor.message.text() == (
        "line 25: blocks.1.seconds: 12; a resting baseline needs at least 30 s (make the block longer)"
    )
    assert not editor.save_button.isEnabled()
    assert not editor.save()
    editor.pages.setCurrentIndex(0)
    editor.go_to_fault.click()
    assert editor.pages.currentWidget() is editor.blocks_page
    assert (editor.blocks_page.table.currentRow(), editor.blocks_page.table.currentColumn()) == (0, 1)
    (mark,) = editor.file_text.extraSelections()
    assert mark.cursor.block().text() == "seconds = 12"
    assert path.read_text() == WHOLE
    seconds.setText("60")
    assert editor.study is not None
    assert editor.file_text.extraSelections() == []


@pytest.mark.parametrize(
    ("old", "new", "page", "focus"),
    [
        ('order = "counterbalanced"', 'order = "x"', 0, "Order of the blocks"),
        ('1 = "stimulus on"', '1 = "undo/x"', 2, "Marker of key 1"),
        ('kind = "likert"', 'kind = "text"\npoints = 3', 3, "Self-reports"),
    ],
)
def test_a_file_with_a_fault_opens_and_shows_it(
    path: Path, qtbot: QtBot, old: str, new: str, page: int, focus: str
) -> None:
    path.write_text(WHOLE.replace(old, new).replace("points = 7\n", "") if "points" in new else WHOLE.replace(old, new))
    editor = shown(StudyEditor(path), qtbot)
    if page == 0:  # a box has no value but those that can be
        assert editor.study is not None
        return
    editor.go_to_fault.click()
    assert editor.pages.currentIndex() == page
    focused = editor.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == focus


def test_changes_are_asked_about_before_they_are_lost(editor: StudyEditor, path: Path) -> None:
    write(editor.study_page.fields["name"], "Other")
    QtTest.QTest.keyClick(editor, Key.Key_Escape)
    assert editor.isVisible()
    assert editor.message.text().startswith(UNSAVED_TEXT)
    QtTest.QTest.keyClick(editor, Key.Key_Escape)
    assert not editor.isVisible()
    assert path.read_text() == WHOLE


def test_what_another_program_wrote_meanwhile_is_replaced_when_asked_twice_only(
    editor: StudyEditor, path: Path
) -> None:
    write(editor.study_page.fields["name"], "Mine")
    for theirs in (WHOLE + "# theirs\n", WHOLE + "# theirs again\n"):
        path.write_text(theirs)
        assert not editor.save()
        assert editor.message.text() == f"study.toml {CHANGED_TEXT}"
        assert path.read_text() == theirs
        assert editor.unsaved
    assert editor.save()
    assert load_study(path).name == "Mine"
    assert editor.save()


def test_a_share_whose_server_is_away_is_a_line(
    editor: StudyEditor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_path: Path) -> bool:
        raise OSError(errno.EHOSTDOWN, "Host is down")

    monkeypatch.setattr(Path, "exists", away)
    assert not editor.save()
    assert editor.message.text() == f"{path}: Host is down (check the path)"
    with pytest.raises(ConfigError, match="Host is down"):
        StudyEditor(path)


def test_a_new_study_does_not_replace_a_file_that_came_meanwhile(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "new.toml"
    editor = StudyEditor(path)
    qtbot.addWidget(editor)
    path.write_text(WHOLE)
    assert not editor.save()
    assert path.read_text() == WHOLE


def test_a_new_study_is_saved_where_it_is_said(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = shown(StudyEditor(), qtbot)
    saved: list[Path] = []
    editor.saved.connect(saved.append)
    chosen = [str(tmp_path / "none" / "x" / "mine"), str(tmp_path / "mine")]
    (tmp_path / "none").write_text("a file, not a folder")
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (chosen.pop(0), ""))
    assert not editor.save()
    assert "choose another folder" in editor.message.text()
    assert editor.save()
    assert saved == [tmp_path / "mine.toml"]
    assert load_study(saved[0]).name == "New study"


def test_what_is_no_toml_is_refused_in_one_line(path: Path) -> None:
    path.write_text("name = ")
    with pytest.raises(ConfigError, match=r"study\.toml: .*"):
        run_editor(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        StudyEditor(path)


def test_a_comma_within_a_statement_does_not_divide_it(path: Path, qtbot: QtBot) -> None:
    items = '["I was tense, or nervous.", "I thought \\"stop\\".", "plain"]'
    text = WHOLE.replace('["I was tense."]', items).replace("seconds = 300", "seconds = 12345.678")
    path.write_text(text)
    editor = shown(StudyEditor(path), qtbot)
    assert not editor.unsaved
    write(editor.study_page.fields["participants"], '"P, 1", P02,')
    assert editor.save()
    study = load_study(path)
    assert study.self_reports["strain"].items == ("I was tense, or nervous.", 'I thought "stop".', "plain")
    assert study.participants == ("P, 1", "P02")
    assert study.blocks[1].seconds == 12345.678


def test_a_report_that_gets_the_name_of_another_does_not_take_its_place(editor: StudyEditor, path: Path) -> None:
    name = editor.reports_page.table.item(1, 0)
    assert name is not None
    name.setText("mood")
    assert not editor.save()  # block task asks for strain
    column = next(k for k, each in enumerate(editor.blocks_page.table.columns) if each.key == "self_reports")
    asked = editor.blocks_page.table.item(1, column)
    assert asked is not None
    asked.setText("mood")
    assert editor.save()
    assert {each: report.kind for each, report in load_study(path).self_reports.items()} == {
        "mood": "sam", "mood (2)": "likert",
    }  # fmt: skip


def test_a_value_that_is_no_list_opens_the_editor(path: Path, qtbot: QtBot) -> None:
    path.write_text(WHOLE.replace('["P01", "P02"]', "5").replace('["I was tense."]', '"x"'))
    editor = shown(StudyEditor(path), qtbot)
    assert editor.study_page.fields["participants"].text() == "5"
