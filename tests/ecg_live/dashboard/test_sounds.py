"""Alerts that are heard: the tones, the key that mutes them, and devices that are missing, broken or stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from pyqtgraph.Qt import QtCore, QtTest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard import sounds as module
from ecg_live.dashboard.sounds import (
    MAX_WAITING,
    RATE_HZ,
    VOLUME,
    AlertSounds,
    SoundOutput,
    open_audio_output,
    waveform,
)
from ecg_live.dashboard.window import MainWindow
from ecg_live.events import State
from ecg_live.presentation.alerts import ALERTS, Alert
from tests.support.dashboard_windows import Open, live

ALARM, PAUSED = ALERTS["DISCONNECTED"], ALERTS["PAUSED"]


class Speaker:
    """A sound device that notes what it plays; it may be broken, or stuck until it is let go."""

    def __init__(self, *, broken: bool = False, stuck: bool = False) -> None:
        self.played: list[tuple[int, float]] = []
        self.thread = 0
        self.broken = broken
        self.go = threading.Event()
        if not stuck:
            self.go.set()

    def play(self, samples: bytes, seconds: float) -> None:
        self.thread = threading.get_ident()
        self.go.wait(60)
        if self.broken:
            raise OSError("device is gone")
        self.played.append((len(samples), seconds))


def sounds(qtbot: QtBot, opens: Callable[[], SoundOutput | None], *, muted: bool = False) -> AlertSounds:
    del qtbot  # there is an application
    return AlertSounds(muted=muted, open_output=opens)


def test_a_waveform_has_the_pitches_it_should_and_clicks_nowhere() -> None:
    samples = np.frombuffer(waveform([(440.0, 0.2), (0.0, 0.05), (880.0, 0.2)]), "<i2") / np.iinfo(np.int16).max
    assert len(samples) == round(0.45 * RATE_HZ)
    assert np.abs(samples).max() == pytest.approx(VOLUME, abs=0.01)
    for start, pitch in ((0.05, 440.0), (0.3, 880.0)):
        part = samples[round(start * RATE_HZ) : round((start + 0.1) * RATE_HZ)]
        assert np.argmax(np.abs(np.fft.rfft(part))) * 10.0 == pytest.approx(pitch, abs=10)
    assert np.abs(samples[round(0.2 * RATE_HZ) : round(0.25 * RATE_HZ)]).max() == 0
    edges = [0, round(0.2 * RATE_HZ) - 1, round(0.25 * RATE_HZ), len(samples) - 1]
    assert np.abs(samples[edges]).max() < 0.01


def test_alerts_play_on_a_thread_of_their_own(qtbot: QtBot) -> None:
    speaker = Speaker()
    sounding = sounds(qtbot, lambda: speaker)
    sounding.play(ALARM)
    qtbot.waitUntil(lambda: bool(speaker.played))
    assert speaker.played == [(len(waveform(ALARM.tones)), sum(seconds for _, seconds in ALARM.tones))]
    assert speaker.thread != threading.get_ident()


def test_muted_nothing_is_even_opened(qtbot: QtBot) -> None:
    opened: list[str] = []
    sounding = sounds(qtbot, lambda: opened.append("device"), muted=True)
    sounding.play(ALARM)
    assert (opened, sounding._thread) == ([], None)


@pytest.mark.parametrize("opens", [lambda: None, lambda: 1 / 0, lambda: Speaker(broken=True)])
def test_without_a_device_an_alarm_is_a_beep_and_anything_else_is_silent(
    qtbot: QtBot, opens: Callable[[], SoundOutput | None]
) -> None:
    sounding, beeps = sounds(qtbot, opens), []
    sounding.beep_wanted.connect(lambda: beeps.append(threading.get_ident()))
    sounding.play(PAUSED)
    sounding.play(ALARM)
    qtbot.waitUntil(lambda: bool(beeps))
    assert beeps == [threading.get_ident()]  # one, on the window's thread


def test_a_stuck_device_holds_nothing_up(qtbot: QtBot) -> None:
    speaker = Speaker(stuck=True)
    sounding = sounds(qtbot, lambda: speaker)
    sounding.play(ALARM)
    qtbot.waitUntil(lambda: bool(speaker.thread))
    for _ in range(200):
        sounding.play(ALARM)
    assert sounding._waiting.qsize() <= MAX_WAITING
    sounding.silence()
    assert sounding._waiting.empty()
    speaker.go.set()
    qtbot.waitUntil(lambda: bool(speaker.played))


@pytest.mark.usefixtures("qapp")
def test_the_device_of_this_machine_opens_or_there_is_none(capfd: pytest.CaptureFixture[str]) -> None:
    output = open_audio_output()
    assert output is None or hasattr(output, "play")
    assert capfd.readouterr().err == ""


def listened(window: MainWindow) -> list[Alert]:
    """What a window lets sound from now on."""
    heard: list[Alert] = []

    def play(alert: Alert) -> None:
        if not window.sounds.muted:
            heard.append(alert)

    window.sounds.play = play  # type: ignore[method-assign]
    return heard


def test_a_window_is_heard_until_it_is_muted(opened: Open) -> None:
    view, window = live(opened)
    heard = listened(window)
    QtTest.QTest.keyClick(window.trace.sweep, QtCore.Qt.Key.Key_Space)
    view.feed_ecg(0.3)
    window.refresh()
    assert heard == [PAUSED]
    view.wait(5)
    view.state = State("lost", "The strap is out of reach.")
    window.refresh()
    assert heard == [PAUSED, ALARM]
    assert window.action_bar.sound.accessibleName() == "Mute"
    QtTest.QTest.keyClick(window.trace.sweep, QtCore.Qt.Key.Key_S)
    assert window.action_bar.sound.accessibleName() == "Unmute"
    view.wait(40)
    window.refresh()
    assert len(heard) == 2
    window.action_bar.sound.click()
    view.send(State("recording_failed", "the disk is full"))
    view.wait(1)
    window.refresh()
    assert heard[2:] == [ALERTS["RECORDING FAILED"]]


def test_qts_module_is_loaded_on_the_windows_thread(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another thread loads it, a window that asks for a type of Qt ends the process."""
    del qtbot
    loaded, opened = list[int](), threading.Event()
    monkeypatch.setattr(module, "load_multimedia", lambda: loaded.append(threading.get_ident()))

    def no_device() -> None:
        opened.set()

    alerts = AlertSounds(muted=False, open_output=no_device)
    alerts.play(ALARM)
    assert opened.wait(60)
    assert loaded == [threading.get_ident()]
