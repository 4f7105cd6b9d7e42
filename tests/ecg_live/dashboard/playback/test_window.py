"""A recorded session on the dashboard: real keys and clicks move through it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtTest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.plane import PlanePanel
from ecg_live.dashboard.playback.window import PlaybackWindow
from ecg_live.dashboard.theme import LIGHT
from ecg_live.events import Marker
from ecg_live.presentation.alerts import Alert
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.playback.opened import open_session
from ecg_live.recorded.playback.trace import RecordedTrace
from ecg_live.recorded.playback.view import RecordedView
from ecg_live.results import HeadInfo, Prediction, Quality
from tests.support.recorded_sessions import story
from tests.support.scripted_source import HandClock
from tests.support.simulated_view import answer
from tests.support.xdf_recordings import record

Key = QtCore.Qt.Key


class Played:
    """A window on a recording, whose clock moves by hand."""

    def __init__(self, qtbot: QtBot, path: Path) -> None:
        opened = open_session(path, "lee")
        trace = RecordedTrace(opened.session.files, opened.session.duration)
        trace.start()
        trace.wait()
        self.clock = HandClock()
        self.view = RecordedView(opened.recorded, trace, self.clock, opened.editor)
        self.window = PlaybackWindow(
            self.view, opened.editor, title="P01", model="m", source=path.name, clock=self.clock
        )
        qtbot.addWidget(self.window)
        self.window.resize(1280, 800)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.refresh()

    def wait(self, seconds: float) -> None:
        self.clock.wait(seconds)
        self.window.refresh()

    def press(self, key: Key) -> None:
        QtTest.QTest.keyClick(self.window.trace.sweep, key)
        self.wait(0.3)

    @property
    def label(self) -> str:
        return self.window.panels[0].status.label

    @property
    def word(self) -> str:
        return self.window.status_banner.line.word


@pytest.fixture
def path(tmp_path: Path) -> Path:
    record(tmp_path / "s.xdf", story())
    return tmp_path / "s.xdf"


@pytest.fixture
def played(qtbot: QtBot, path: Path) -> Iterator[Played]:
    made = Played(qtbot, path)
    yield made
    made.view.stop()


def test_the_recorded_answers_are_shown_at_each_place(played: Played) -> None:
    window, timeline = played.window, played.window.session_timeline
    assert (timeline.now, [marker.text for marker in timeline.markers]) == (60.0, ["rest", "load <b>", "end"])
    played.wait(13.0)
    assert (played.word, played.label) == ("RECORDED", "Rest")
    assert window.vitals.heart_rate.value == "73"
    assert timeline.cursor == 13.0
    played.view.seek(39.5)
    played.wait(0.0)
    assert (played.label, window.vitals.heart_rate.value) == ("Load", "99")
    played.view.seek(43.5)
    played.wait(0.0)
    assert (played.word, window.panels[0].status.kind) == ("NO USABLE ECG", "abstain")
    assert window.vitals.quality.badge.text() == "UNUSABLE"
    played.view.seek(12.5)  # back
    played.wait(0.0)
    assert (played.word, played.label, window.vitals.heart_rate.value) == ("RECORDED", "Rest", "72")
    assert max(point.at for point in window.panels[0].curve.points) == 12
    assert window.trace.history.stop == round(12.5 * 256)
    assert window.trace.sweep.drawn == round(12.5 * 256)


def test_a_jump_leaves_nothing_of_the_place_before_on_the_plane(qtbot: QtBot, played: Played) -> None:
    heads = HeadInfo("valence", ("low", "high")), HeadInfo("arousal", ("low", "high"))
    panel = PlanePanel(heads, LIGHT)
    qtbot.addWidget(panel)
    played.window.plane = panel
    answers = {head.name: answer(head, 1, 0.9) for head in heads}
    panel.plane.add(Prediction(40.0, 50.0, 140.0, answers, 70.0, 40.0, Quality("good")))
    assert panel.plane.newest is not None
    played.view.seek(5.0)  # no window has ended by then
    played.wait(0.0)
    assert panel.plane.newest is None
    assert panel.plane.accessibleDescription() == "no estimate"


def test_what_went_wrong_then_is_not_heard_now(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Alert] = []
    monkeypatch.setattr(played.window.sounds, "play", heard.append)
    played.view.seek(43.5)
    played.wait(0.0)
    assert played.word == "NO USABLE ECG"
    assert heard == []


def test_keys_pause_and_move(played: Played) -> None:
    played.wait(20.0)
    played.press(Key.Key_Space)
    assert (played.word, played.view.playing) == ("PAUSED", False)
    assert played.window.bar.play.text().startswith("Play")
    at = played.view.position
    played.press(Key.Key_Right)
    assert played.view.position == pytest.approx(at + 1)
    played.press(Key.Key_Home)
    assert played.view.position == 0.0
    played.press(Key.Key_End)
    assert (played.view.position, played.word) == (60.0, "END")
    played.press(Key.Key_R)
    assert played.window.controller.question is None
    played.press(Key.Key_Space)
    assert played.view.position == pytest.approx(0.3)
    played.window.bar.speed.setCurrentIndex(played.window.bar.speed.findText("4", QtCore.Qt.MatchFlag.MatchStartsWith))
    played.wait(5.0)
    assert played.view.position == pytest.approx(20.3)
    QtTest.QTest.mouseClick(played.window.bar.play, QtCore.Qt.MouseButton.LeftButton)
    assert not played.view.playing


def test_a_click_on_the_timeline_and_the_slider_choose_a_place(played: Played) -> None:
    timeline = played.window.timeline.view
    plot = timeline.plot
    middle = QtCore.QPoint(round(plot.left() + plot.width() / 2), round(plot.center().y()))
    QtTest.QTest.mouseClick(timeline, QtCore.Qt.MouseButton.LeftButton, pos=middle)
    assert played.view.position == pytest.approx(30.0, abs=0.2)
    played.window.bar.slider.setValue(450)
    assert played.view.position == pytest.approx(45.0)
    played.wait(0.0)
    assert played.window.bar.place.text() == "0:00:45"


def test_a_marker_of_the_recording_is_not_said_to_be_lost(played: Played) -> None:
    found = [(at, item.text) for at, item in played.view.items if isinstance(item, Marker)]
    at, text = next((at, text) for at, text in found if not text.startswith("block/"))
    played.view.seek(at - 0.5)
    played.wait(0.1)
    played.wait(0.8)
    assert text in played.window.controller.toast.text
    assert "not saved" not in played.window.controller.toast.text


def test_a_marker_is_kept_beside_the_recording(played: Played, path: Path) -> None:
    played.wait(25.0)
    before = path.read_bytes()
    played.press(Key.Key_3)
    assert path.read_bytes() == before
    (note,) = open_annotations(path).read().standing()
    assert (note.kind, note.text, note.author) == ("marker", "3", "lee")
    assert note.onset == pytest.approx(25.0)
    assert [marker.text for marker in played.window.session_timeline.markers] == ["rest", "3", "load <b>", "end"]
    played.wait(3.0)
    assert "not confirmed" not in played.window.status_banner.line.text


def test_a_note_that_cannot_be_written_is_a_warning(played: Played, path: Path) -> None:
    open_annotations(path).path.write_bytes(b'{"type": "annotations", "version": 9}\n')
    played.wait(25.0)
    played.press(Key.Key_1)
    played.wait(0.3)
    assert played.word == "WARNING"
    assert "nothing was noted" in played.window.status_banner.line.text.casefold()


def test_help_names_what_the_keys_do_here(played: Played) -> None:
    from PyQt6 import QtWidgets

    played.press(Key.Key_F1)
    (dialog,) = [each for each in played.window.findChildren(QtWidgets.QDialog) if each.windowTitle() == "Keys"]
    texts = [label.text() for label in dialog.findChildren(QtWidgets.QLabel)]
    assert "Stand still, or go on" in texts
    assert not any("Record" in text for text in texts)


def test_annotations_are_shown_by_a_key_and_on_the_charts(played: Played) -> None:
    dock = played.window.annotations
    assert dock is not None
    assert dock.isHidden()
    played.press(Key.Key_A)
    assert dock.isVisible()
    form = dock.panel.form
    form.kind.setCurrentIndex(form.kind.findText("Excluded stretch"))
    form.onset.setValue(32.0)
    form.stop.setValue(35.0)
    QtTest.QTest.keyClicks(form.text, "arm moved")
    dock.panel.add.click()
    played.wait(0.1)
    assert [(span.kind, span.start, span.stop) for span in played.window.session_timeline.spans][-1] == (
        "excluded", 32.0, 35.0
    )  # fmt: skip
    at = played.view.position
    QtTest.QTest.keyClick(form.text, Key.Key_Space)  # a space, and no pause
    assert played.view.playing
    assert played.view.position == at
    dock.button.click()
    assert dock.isHidden()
