"""Alerts as short tones: made here, played on a thread of their own, so that no sound device can hold up the window."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Full, Queue
from typing import Protocol

import numpy as np
from PyQt6 import QtCore, QtWidgets

from ecg_live.presentation.alerts import Alert

RATE_HZ = 44_100
VOLUME = 0.35
EDGE_S = 0.008  # over which a tone swells and fades, so that it does not click
MAX_WAITING = 3  # alerts that wait for the device; further ones are dropped


class SoundOutput(Protocol):
    """Something that plays samples."""

    def play(self, samples: bytes, seconds: float) -> None:
        """Play mono samples (int16, `RATE_HZ`); return when they are over."""


def waveform(tones: Iterable[tuple[float, float]]) -> bytes:
    """Return tones (Hz, s), one after the other, as int16 samples at `RATE_HZ`."""
    parts = []
    for frequency, seconds in tones:
        time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
        edge = np.clip(np.minimum(time, seconds - time) / EDGE_S, 0, 1)
        swell = 0.5 - 0.5 * np.cos(np.pi * edge)
        parts.append(VOLUME * swell * np.sin(2 * np.pi * frequency * time))
    samples = np.concatenate(parts) if parts else np.empty(0)
    return np.round(samples * np.iinfo(np.int16).max).astype("<i2").tobytes()


class AlertSounds(QtCore.QObject):
    """Plays alerts, unless they are muted.

    Without a sound device an alarm is the desktop's beep. Nothing here fails or waits.

    Parameters
    ----------
    muted : bool
    open_output : callable
        Opens the sound device on the thread that plays; None if there is none.
    """

    beep_wanted = QtCore.pyqtSignal()

    def __init__(self, *, muted: bool, open_output: Callable[[], SoundOutput | None] | None = None) -> None:
        super().__init__()
        self.muted = muted
        self._open = open_output or open_audio_output
        self._waiting: Queue[Alert] = Queue(MAX_WAITING)
        self._thread: threading.Thread | None = None
        self.beep_wanted.connect(QtWidgets.QApplication.beep)  # on the window's thread

    def play(self, alert: Alert) -> None:
        """Play an alert; returns at once."""
        if self.muted:
            return
        if self._thread is None:  # not before: most sessions have nothing to be heard
            load_multimedia()
            self._thread = threading.Thread(target=self._play_all, name="alerts", daemon=True)
            self._thread.start()
        with contextlib.suppress(Full):
            self._waiting.put_nowait(alert)

    def silence(self) -> None:
        """Drop the alerts that wait."""
        try:
            while True:
                self._waiting.get_nowait()
        except Empty:
            pass

    def _play_all(self) -> None:
        output = self._open_safely()
        while True:
            alert = self._waiting.get()
            try:
                if output is not None:
                    output.play(waveform(alert.tones), sum(seconds for _, seconds in alert.tones))
            except Exception:  # noqa: BLE001 - whatever a device does, the session goes on
                output = None
            if output is None and alert.alarm:
                self.beep_wanted.emit()

    def _open_safely(self) -> SoundOutput | None:
        try:
            return self._open()
        except Exception:  # noqa: BLE001 - as above; Qt's module may miss a library of the system
            return None


class _AudioOutput:
    """The system's sound device, through Qt."""

    def __init__(self, sink: QtCore.QObject) -> None:
        self._sink = sink

    def play(self, samples: bytes, seconds: float) -> None:
        """Play on the calling thread's own event loop."""
        buffer = QtCore.QBuffer()
        buffer.setData(samples)
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        loop = QtCore.QEventLoop()
        QtCore.QTimer.singleShot(round(1000 * seconds) + 150, loop.quit)
        self._sink.start(buffer)  # type: ignore[attr-defined]
        loop.exec()
        self._sink.stop()  # type: ignore[attr-defined]


@contextlib.contextmanager
def _without_qt_messages() -> Iterator[None]:
    """Drop what Qt tells on this thread: on stderr it names every library that it does not find."""
    thread = threading.get_ident()

    def show_others(_kind: object, _context: object, text: str | None) -> None:
        if threading.get_ident() != thread and sys.stderr is not None:
            with contextlib.suppress(OSError):  # a closed terminal
                sys.stderr.write(f"{text}\n")

    before = QtCore.qInstallMessageHandler(show_others)
    try:
        yield
    finally:
        QtCore.qInstallMessageHandler(before)


def load_multimedia() -> None:
    """Load Qt's module for sound on the window's thread.

    While another thread loads a module of PyQt, a window that asks for any type of Qt may find it half loaded, and the
    process ends. Does nothing where the module misses a library of the system.
    """
    with _without_qt_messages(), contextlib.suppress(ImportError):
        from PyQt6 import QtMultimedia  # noqa: F401, PLC0415 - not before there is something to be heard


def open_audio_output() -> SoundOutput | None:
    """Open the system's sound device on the calling thread, after `load_multimedia`; None if there is none."""
    with _without_qt_messages():
        from PyQt6 import QtMultimedia  # noqa: PLC0415 - as above

        device = QtMultimedia.QMediaDevices.defaultAudioOutput()
        if device.isNull():
            return None
        wanted = QtMultimedia.QAudioFormat()
        wanted.setSampleRate(RATE_HZ)
        wanted.setChannelCount(1)
        wanted.setSampleFormat(QtMultimedia.QAudioFormat.SampleFormat.Int16)
        return _AudioOutput(QtMultimedia.QAudioSink(device, wanted))
