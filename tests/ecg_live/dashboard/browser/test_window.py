"""The browser of sessions: real keys and clicks filter, open, compare and export."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtTest
from pytestqt.qtbot import QtBot

from ecg_live.cli.browsing import FolderLibrary
from ecg_live.dashboard.browser.session_table import COLUMNS
from ecg_live.dashboard.browser.window import BrowserWindow
from ecg_live.recorded import table
from tests.support.blocked_session import record_blocks
from tests.support.recorded_sessions import story
from tests.support.xdf_recordings import record

TITLES = [column.title for column in COLUMNS]
Key = QtCore.Qt.Key


class OpeningLibrary(FolderLibrary):
    """A folder whose sessions are only named when they are opened."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.opened: list[list[str]] = []

    def open(self, paths: Sequence[Path]) -> None:
        self.opened.append([path.name for path in paths])


@pytest.fixture
def library(tmp_path: Path) -> OpeningLibrary:
    record_blocks(tmp_path / "b.xdf", "P02", "S1")
    record_blocks(tmp_path / "c.xdf", "P03", "S2")
    record(tmp_path / "a.xdf", story())
    (tmp_path / "bad.xdf").write_text("no XDF")
    return OpeningLibrary(tmp_path)


@pytest.fixture
def window(qtbot: QtBot, library: OpeningLibrary) -> BrowserWindow:
    made = BrowserWindow(library)
    qtbot.addWidget(made)
    made.show()
    library._scan.wait()
    made.refresh()
    return made


def shown(window: BrowserWindow, title: str = "File") -> list[str]:
    model = window.shown
    return [str(model.index(row, TITLES.index(title)).data()) for row in range(model.rowCount())]


def choose(window: BrowserWindow, *names: str) -> None:
    window.table.clearSelection()
    chosen = window.table.selectionModel()
    assert chosen is not None
    for name in names:
        index = window.shown.index(shown(window).index(name), 0)
        chosen.select(index, chosen.SelectionFlag.Select | chosen.SelectionFlag.Rows)


def test_sessions_are_listed_filtered_and_opened(window: BrowserWindow, library: OpeningLibrary) -> None:
    assert sorted(shown(window)) == ["a.xdf", "b.xdf", "bad.xdf", "c.xdf"]
    assert window.status.text() == "4 sessions"
    rows = dict(zip(shown(window), shown(window, "Usable"), strict=True))
    assert (rows["a.xdf"], rows["bad.xdf"]) == ("88 %", "--")
    assert not window.open.isEnabled()
    QtTest.QTest.keyClicks(window.words, "s1 p02")
    assert shown(window) == ["b.xdf"]
    assert window.status.text() == "1 of 4 sessions"
    QtTest.QTest.keyClick(window.words, Key.Key_Return)
    assert library.opened == [["b.xdf"]]
    window.words.clear()
    choose(window, "bad.xdf")
    assert not window.open.isEnabled()
    choose(window, "a.xdf")
    QtTest.QTest.mouseClick(window.open, QtCore.Qt.MouseButton.LeftButton)
    assert library.opened[-1] == ["a.xdf"]


def test_two_sessions_are_compared(window: BrowserWindow, library: OpeningLibrary) -> None:
    choose(window, "b.xdf")
    assert not window.compare.isEnabled()
    choose(window, "b.xdf", "c.xdf")
    assert (window.open.isEnabled(), window.compare.isEnabled()) == (False, True)
    QtTest.QTest.mouseClick(window.compare, QtCore.Qt.MouseButton.LeftButton)
    assert sorted(library.opened[-1]) == ["b.xdf", "c.xdf"]


def test_columns_sort_by_their_values(window: BrowserWindow) -> None:
    window.table.sortByColumn(TITLES.index("Length"), QtCore.Qt.SortOrder.DescendingOrder)
    assert shown(window)[-2:] == ["a.xdf", "bad.xdf"]
    window.table.sortByColumn(TITLES.index("Participant"), QtCore.Qt.SortOrder.AscendingOrder)
    assert shown(window) == ["bad.xdf", "a.xdf", "b.xdf", "c.xdf"]


def test_the_table_of_what_is_shown(window: BrowserWindow, library: OpeningLibrary, tmp_path: Path) -> None:
    QtTest.QTest.keyClicks(window.words, "p0")
    out = tmp_path / "out" / "group.csv"
    out.parent.mkdir()
    window.write_table(out)
    assert library._writer is not None
    library._writer.join()
    window.refresh()
    assert "7 rows of 3 sessions" in window.status.text()
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["participant_id"] for row in csv.DictReader(file)] == ["P01"] + 3 * ["P02"] + 3 * ["P03"]


def test_a_table_that_fails_is_a_line(
    window: BrowserWindow, library: OpeningLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(table, "write_group_table", fail)
    window.write_table(tmp_path / "group.csv")
    assert library._writer is not None
    library._writer.join()
    window.refresh()
    assert window.status.text() == "group.csv was not written: unexpected MemoryError: no room"


def test_a_new_session_appears_after_f5(window: BrowserWindow, library: OpeningLibrary, tmp_path: Path) -> None:
    record(tmp_path / "new.xdf", story())
    QtTest.QTest.keyClick(window.table, Key.Key_F5)
    library._scan.wait()
    window.refresh()
    assert "new.xdf" in shown(window)
    assert len(shown(window)) == 5


def test_an_empty_folder_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    library = OpeningLibrary(tmp_path / "none")
    made = BrowserWindow(library)
    qtbot.addWidget(made)
    library._scan.wait()
    made.refresh()
    assert "No recording (.xdf) here" in made.status.text()
    record(tmp_path / "none" / "one.xdf", story())
    made.rescan.click()
    library._scan.wait()
    made.refresh()
    assert made.status.text() == "1 session"
    (tmp_path / "none").rename(tmp_path / "away")  # as a share that is taken away
    made.rescan.click()
    library._scan.wait()
    made.refresh()
    assert made.status.text().startswith(f"{tmp_path / 'none'} is not there any more")
    library.folder = tmp_path / ("long" * 100)  # to ask for it fails, as of a share whose server is away
    made.rescan.click()
    library._scan.wait()
    made.refresh()
    assert "is not there any more" in made.status.text()
