"""Markers, baseline and recording by key: nothing counts before the session said so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyqtgraph.Qt import QtCore, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.ecg_grid import PULSE_MARGIN_PX
from ecg_live.dashboard.window import MainWindow
from ecg_live.events import Battery, LeadOff, Marker, State, StateName
from ecg_live.results import Poll, RecordingStatus
from tests.support.dashboard_windows import Open, live
from tests.support.simulated_view import LOAD, STRAP, SimulatedView

Key = QtCore.Qt.Key
Modifier = QtCore.Qt.KeyboardModifier


def press(window: MainWindow, key: Key, modifier: Modifier = Modifier.NoModifier) -> None:
    QtTest.QTest.keyClick(window.trace.sweep, key, modifier)


def test_a_marker_has_the_moment_of_its_key_and_the_text_that_was_written_later(opened: Open) -> None:
    view, window = live(opened)
    view.slow = True
    pressed = view.clock()
    press(window, Key.Key_M)
    view.feed_ecg(3)
    QtTest.QTest.keyClicks(window.controller.field.line, "mr b1")
    assert view.asked == []
    QtTest.QTest.keyClick(window.controller.field.line, Key.Key_Return)
    assert [(marker.time, marker.text) for marker in view.asked] == [(pressed, "mr b1")]
    assert not window.controller.field.isVisible()


def test_only_what_came_back_counts(opened: Open) -> None:
    view, window = live(opened)
    view.slow = True
    press(window, Key.Key_3)
    view.feed_ecg(0.5)
    window.refresh()
    assert (window.controller.markers.count, len(window.controller.markers.pending)) == (0, 1)
    assert "pending" in window.controller.toast.text
    assert window.trace.sweep.labels() == ()
    view.feed_ecg(2)
    window.refresh()
    assert "Marker 3 is not confirmed" in window.status_banner.line.text
    view.confirm()
    window.refresh()
    assert (window.controller.markers.count, window.controller.markers.pending) == (1, [])
    assert window.controller.toast.text == "Marker 1: 3  at 0:00:12, not saved: nothing is recorded"
    assert [marker.at for marker in window.controller.markers.placed] == [12 * MODEL_RATE_HZ]
    assert [text for _, text in window.trace.labels.labels] == ["3"]
    view.wait(5)
    window.refresh()
    assert window.controller.toast.text == ""


def test_a_marker_that_is_recorded_says_nothing_more(opened: Open) -> None:
    view, window = live(opened)
    press(window, Key.Key_R)
    press(window, Key.Key_3)
    view.feed_ecg(0.5)
    window.refresh()
    assert window.controller.toast.text.startswith("Marker 1: 3  at ")
    assert "saved" not in window.controller.toast.text


def test_a_markers_text_is_shown_as_it_is_and_never_taken_for_html(opened: Open) -> None:
    view, window = live(opened)
    view.send(Marker(0.0, "<b>go</b>\x1b[2J\n<img src='x'>", raw=11.0))
    view.feed_ecg(1)
    window.refresh()
    plain = "<b>go</b> [2J <img src='x'>"
    assert [text for _, text in window.trace.labels.labels] == [plain]
    assert "&lt;b&gt;go&lt;/b&gt;" in window.trace.labels.toolTip()
    assert f"Marker 1: {plain}" in window.controller.toast.text
    for label in window.findChildren(QtWidgets.QLabel):
        if "go</b>" in label.text():
            assert label.textFormat() == QtCore.Qt.TextFormat.PlainText
            assert label.text().isprintable()


def test_escape_cancels_a_marker(opened: Open) -> None:
    _, window = live(opened)
    press(window, Key.Key_M)
    QtTest.QTest.keyClick(window.controller.field.line, Key.Key_Escape)
    window.refresh()
    assert not window.controller.field.isVisible()
    assert window.controller.markers.count == 0


def test_buttons_do_what_their_keys_do(opened: Open) -> None:
    view, window = live(opened)
    bar = window.action_bar
    shown = [button.text() for button in (bar.record, bar.baseline, bar.marker) if button.isVisible()]
    assert shown == ["Record  (R)", "Baseline  (B)", "Marker  (M)"]
    bar.record.click()
    bar.baseline.click()
    bar.marker.click()
    assert view.recording is not None
    assert view.baselines == 1
    assert window.controller.field.isVisible()
    view.wait(1)
    window.refresh()
    assert (bar.record.text(), bar.record.accessibleName()) == ("Stop  (R)", "Stop")
    bar.record.click()
    assert window.controller.question is not None
    assert window.controller.question.no.text() == "Keep recording"
    window.controller.question.yes.click()
    view.wait(1)
    window.refresh()
    assert view.recording is None
    assert bar.record.text() == "Record  (R)"


def test_the_keys_of_a_study_do_nothing_without_one(opened: Open) -> None:
    _, window = live(opened)
    asked: list[str] = []
    window.study_panel.advance_asked.connect(lambda: asked.append("next"))
    window.study_panel.participant_asked.connect(lambda: asked.append("participant"))
    press(window, Key.Key_N)
    press(window, Key.Key_P)
    assert (asked, window.study_panel.isVisible()) == ([], False)
    window.study_panel.show()
    press(window, Key.Key_N)
    press(window, Key.Key_P)
    assert asked == ["next", "participant"]


def test_the_newest_marker_is_taken_back(opened: Open) -> None:
    view, window = live(opened)
    press(window, Key.Key_4)
    press(window, Key.Key_Z, Modifier.ControlModifier)
    window.refresh()
    assert window.controller.toast.text.startswith("Undone: 4")
    assert [event.text for event in view.poll(Poll())[0].events if isinstance(event, Marker)] == ["4", "undo/4"]
    press(window, Key.Key_Z, Modifier.ControlModifier)
    assert window.controller.toast.text == "There is no marker to take back"


def test_labels_are_on_the_page_that_holds_them(opened: Open) -> None:
    view, window = live(opened)
    press(window, Key.Key_1)
    view.feed_ecg(60)
    window.refresh()
    assert window.trace.sweep.labels() == ()
    press(window, Key.Key_Space)
    window.trace.sweep.show_page(13 * MODEL_RATE_HZ)
    window.refresh()
    assert [text for _, text in window.trace.labels.labels] == ["1"]


def test_recording_begins_at_once_and_ends_after_a_question(opened: Open) -> None:
    view, window = live(opened)
    assert window.header.recording.line.word == "NOT RECORDING"
    press(window, Key.Key_R)
    view.wait(0.5)
    window.refresh()
    assert window.status_row.disk.value == "118 GB free"
    assert window.header.recording.line.text == "0:00:00  ·  2.3 MB"
    assert window.header.recording.toolTip() == "data/session.xdf"
    assert window.header.recording.line.tone == "rec"
    press(window, Key.Key_R)
    assert view.recording is not None
    assert window.controller.question is not None
    window.controller.question.no.click()
    assert view.recording is not None
    press(window, Key.Key_R)
    assert window.controller.question is not None
    window.controller.question.yes.click()
    assert view.recording is None


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_Enter, Key.Key_Space])
@pytest.mark.parametrize(("tabs", "stops"), [(0, False), (1, True), (2, False)])
def test_enter_presses_the_button_that_has_the_focus(opened: Open, key: QtCore.Qt.Key, tabs: int, stops: bool) -> None:
    view, window = live(opened)
    view.record(True)
    window.refresh()
    press(window, Key.Key_R)
    question = window.controller.question
    assert question is not None
    assert question.focusWidget() is question.no
    for _ in range(tabs):
        QtTest.QTest.keyClick(question, Key.Key_Tab)
    focused = question.yes if tabs % 2 else question.no
    assert question.focusWidget() is focused
    QtTest.QTest.keyClick(focused, key)
    assert window.controller.question is None
    assert (view.recording is None) == stops


def test_enter_presses_a_button_below_the_trace(opened: Open, qtbot: QtBot) -> None:
    _, window = live(opened)
    window.activateWindow()
    window.trace.transport.pause.setFocus()
    qtbot.waitUntil(window.trace.transport.pause.hasFocus)
    QtTest.QTest.keyClick(window.trace.transport.pause, Key.Key_Return)
    assert window.trace.paused


def test_an_outage_dims_the_trace_and_counts_on(opened: Open) -> None:
    view, window = live(opened)
    view.recording = RecordingStatus("P01.xdf", seconds=60.0)
    view.wait(2)
    window.refresh()
    assert not window.trace.sweep.dim
    shown = []
    for _ in range(2):
        view.wait(8)
        window.refresh()
        shown.append((window.trace.sweep.dim, window.status_row.lost.value, window.header.recording.line.text[:7]))
    assert shown == [(True, "≈ 10,000", "0:01:10"), (True, "≈ 18,000", "0:01:18")]
    before, image = window.trace.sweep.grab().toImage(), window.trace.sweep
    press(window, Key.Key_Space)
    assert not image.dim  # of then, and to be read
    press(window, Key.Key_Space)
    view.feed_ecg(0.3)
    window.refresh()
    assert not window.trace.sweep.dim
    assert window.status_row.lost.value == "0"
    x = PULSE_MARGIN_PX // 2
    y = int(window.trace.sweep.height() / 2)  # the calibration pulse's foot
    assert before.pixelColor(x, y).lightness() > window.trace.sweep.grab().toImage().pixelColor(x, y).lightness()


def test_late_writes_warn_and_a_failure_stays_until_the_next_recording(opened: Open) -> None:
    view, window = live(opened)
    press(window, Key.Key_R)
    assert view.recording is not None
    view.recording = replace(view.recording, late=2.4)
    view.wait(0.5)
    window.refresh()
    assert window.header.recording.line.tone == "warn"
    assert "2.4 s late" in window.header.recording.line.text
    view.recording = replace(view.recording, failed="no space left")
    view.send(State("recording_failed", "XDF stopped: no space left"))
    view.feed_ecg(60)
    window.refresh()
    assert window.failure_banner.isVisible()
    assert "XDF stopped: no space left" in window.failure_banner.line.text
    press(window, Key.Key_R)
    view.wait(0.5)
    window.refresh()
    assert not window.failure_banner.isVisible()


def test_where_nothing_can_be_recorded_r_says_why(opened: Open) -> None:
    view, window = live(opened)
    view.can_record = False
    press(window, Key.Key_R)
    assert view.recording is None
    assert "--record" in window.controller.toast.text


def test_closing_asks_while_recording_and_ending_does_not(opened: Open) -> None:
    view, window = live(opened)
    view.record(True)
    window.refresh()
    window.close()
    assert window.isVisible()
    assert not view.stopped
    assert window.controller.question is not None
    window.controller.question.no.click()
    assert window.isVisible()
    window.end()
    assert not window.isVisible()
    assert view.stopped


def test_a_running_baseline_begins_again_only_after_a_question(opened: Open) -> None:
    view, window = live(opened)
    press(window, Key.Key_B)
    assert view.baselines == 1
    view.send(State("baseline", "resting baseline: 42 s to go", seconds_left=42.0))
    window.refresh()
    press(window, Key.Key_B)
    assert view.baselines == 1
    assert window.controller.question is not None
    window.controller.question.yes.click()
    assert view.baselines == 2


@pytest.mark.parametrize("state", ["lost", "searching", "connecting", "gave_up"])
def test_without_its_device_nothing_looks_live(opened: Open, state: StateName) -> None:
    view, window = live(opened)
    view.wait(0.5)
    view.state = State(state, "lost 1 s ago, attempt 2")
    window.refresh()
    assert window.status_banner.line.tone == "fault"
    assert "attempt 2" in window.status_banner.line.text
    assert window.panels[0].status.dim
    assert window.vitals.heart_rate.dim


def test_electrodes_battery_and_clock_are_shown(opened: Open) -> None:
    view, window = live(opened)
    assert not window.status_row.battery.isVisible()
    for event in (
        LeadOff(1, off=True, electrodes=("RA",)),
        LeadOff(2, off=True, electrodes=("LA",)),
        LeadOff(3, off=False, electrodes=("RA",)),
        Battery(0.0, 0.41),
        State("clock", "12 ppm fast"),
    ):
        view.send(event)
    view.feed_ecg(0.5)
    window.refresh()
    assert window.status_banner.line.text == "Lead off: LA"
    assert window.status_row.battery.value == "41 %"
    assert window.status_row.drift.text() == "12 ppm fast"


def test_a_strap_shows_its_heart_rate_until_it_is_old(qtbot: QtBot) -> None:
    view = SimulatedView((LOAD,), STRAP)
    window = MainWindow(view, title="", model="", clock=view.clock)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    view.state = State("streaming", "TICKR streams")
    view.send(LeadOff(1, off=True))
    view.beat()
    window.refresh()
    assert window.vitals.heart_rate.value == "64"
    assert not window.vitals.heart_rate.dim
    assert window.panels[0].status.kind == "abstain"
    press(window, Key.Key_1)
    press(window, Key.Key_B)
    assert view.baselines == 0
    view.wait(4)
    window.refresh()
    assert window.vitals.heart_rate.dim
    view.wait(10)
    window.refresh()
    assert window.vitals.heart_rate.value == "--"
    assert window.controller.markers.count == 1
