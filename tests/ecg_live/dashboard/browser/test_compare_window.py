"""Two sessions compared: aligned at a block, moved together, with their values at the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtTest
from pytestqt.qtbot import QtBot

from ecg_live.annotations.change import MarkerKey
from ecg_live.cli.browsing import compared_session
from ecg_live.dashboard.browser.compare_window import CompareWindow
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.playback.opened import open_session
from tests.support.blocked_session import record_blocks


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> CompareWindow:
    """P01 and P02, whose task begins 10 s later."""
    first = record_blocks(tmp_path / "a.xdf", "P01")
    second = record_blocks(tmp_path / "b.xdf", "P02")
    open_annotations(second).move(MarkerKey.of(50.0, "block/task/start"), 60.0)
    one, other = (compared_session(open_session(path)) for path in (first, second))
    made = CompareWindow((one, other))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def starts(window: CompareWindow, name: str) -> list[float]:
    """Where the first run of a block is drawn."""
    return [next(span.start for span in panel.view.timeline.spans if span.name == name) for panel in window.panels]


def test_sessions_are_aligned_at_a_block(window: CompareWindow) -> None:
    names = [window.anchor.itemText(k) for k in range(window.anchor.count())]
    assert names == ["Start", "rest", "task"]
    assert starts(window, "task") == [50.0, 60.0]
    window.anchor.setCurrentText("task")
    assert starts(window, "task") == [60.0, 60.0]
    assert starts(window, "rest") == [20.0, 10.0]
    assert [panel.view.timeline.now for panel in window.panels] == [130.0, 130.0]
    window.anchor.setCurrentText("Start")
    assert starts(window, "rest") == [10.0, 10.0]


def test_a_click_sets_the_line_in_both_with_their_values(window: CompareWindow) -> None:
    window.anchor.setCurrentText("task")
    window.show_cursor(82.0)
    first, second = window.panels
    assert first.view.timeline.cursor == second.view.timeline.cursor == 82.0
    assert "0:01:12" in first.values.text()  # 72 s of its own: unusable
    assert "no estimate" in first.values.text()
    assert "0:01:22" in second.values.text()
    assert "142 bpm" in second.values.text()
    assert "Load 75 %" in second.values.text()
    window.show_cursor(5.0)
    assert first.values.text() == "outside of the session"
    plot = second.view.plot
    middle = QtCore.QPoint(round(plot.center().x()), round(plot.center().y()))
    QtTest.QTest.mouseClick(second.view, QtCore.Qt.MouseButton.LeftButton, pos=middle)
    assert first.view.timeline.cursor == pytest.approx(65.0, abs=0.5)


def test_both_show_the_same_part(window: CompareWindow) -> None:
    first, second = window.panels
    QtTest.QTest.keyClick(second.view, QtCore.Qt.Key.Key_Plus)
    assert first.view.visible.limits == second.view.visible.limits
    assert first.view.visible.limits != (0.0, 120.0)
