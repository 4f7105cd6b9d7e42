"""A start page on a simulated scan and simulated sources, with a clock that moves when a test says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PyQt6 import QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.desk.memory import DeskMemory
from ecg_live.dashboard.desk.window import DeskWindow
from ecg_live.dashboard.preferences import PreferenceStore
from ecg_live.events import State, StreamInfo
from ecg_live.preview_items import (
    FoundSource,
    FoundSources,
    ParticipantNote,
    PreviewStatus,
    SessionPlan,
    SignalVerdict,
    StudyChoice,
)
from ecg_live.results import Poll, Snapshot
from tests.support.simulated_view import synthetic_ecg

LAB = FoundSource("lsl:Lab", "LSL, ECG", "Lab", 256.0, "1 channel on pc")
STRAP = FoundSource("polar:H10", "Polar H10", "Polar H10 1234", 130.0, "AA:BB", -60)
INFO = StreamInfo(256.0, ("ECG",), name="Lab")
GOOD = SignalVerdict(12.0, 10.0, (), 72.0, 1.2, 256.0)


class SimulatedScan:
    def __init__(self) -> None:
        self.found = FoundSources((LAB, STRAP), ("LSL streams", "Bluetooth devices"))
        self.retries = 0
        self.paused = self.closed = False

    def retry(self) -> None:
        self.retries += 1

    def pause(self, on: bool) -> None:
        self.paused = on

    def close(self) -> None:
        self.closed = True


class SimulatedPreview:
    """A preview whose status a test writes; it lets go at once, unless ``held``."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.status = PreviewStatus(f"looking for {source}")
        self.age = 0.0
        self.closed = self.held = False

    def stream(self, verdict: SignalVerdict = GOOD, info: StreamInfo = INFO, battery: float | None = None) -> None:
        self.status = PreviewStatus("", info, verdict, battery)

    def fail(self, error: str, remedy: str) -> None:
        self.status = replace(self.status, error=error, remedy=remedy, ended=True)

    def poll(self, since: Poll) -> tuple[Snapshot, Poll] | None:
        if self.status.info is None:
            return None
        trace = synthetic_ecg(since.trace, since.trace + 64).astype(np.float32)
        snapshot = Snapshot(State("streaming"), trace, since.trace, (), (), 0.0, self.age, 0, 0, None, ended=False)
        return snapshot, Poll(since.trace + 64)

    def close(self) -> None:
        self.closed = True

    def wait(self, timeout: float) -> bool:
        return self.closed and not self.held


class SimulatedServices:
    models = ("mental_load", "stress")
    recordings = "/data/recordings"
    demo = "/data/demo.h5"

    def __init__(self) -> None:
        self.scans: list[SimulatedScan] = []
        self.previews: list[SimulatedPreview] = []
        self.browsed: list[str] = []

    def browse(self, folder: str) -> str:
        self.browsed.append(folder)
        return "" if len(self.browsed) > 1 else "There is no such folder yet"

    def scan(self) -> SimulatedScan:
        self.scans.append(SimulatedScan())
        return self.scans[-1]

    def preview(self, source: str) -> SimulatedPreview:
        self.previews.append(SimulatedPreview(source))
        return self.previews[-1]

    def study_choice(self, path: str, session: str) -> StudyChoice:
        if "broken" in path:
            return StudyChoice(path, error=f"{path}, line 3: seconds = 'x'")
        return StudyChoice(path, "Stress", ("P01", "P02", "P03"), "P02", STRAP.source, "stress")

    def participant_note(self, participant: str, session: str, folder: str, study: str) -> ParticipantNote:
        if study:
            return ParticipantNote(f"{participant}: rest, task", error="broken" in study)
        if " " in participant:
            return ParticipantNote("'P 1' is not a valid participant", error=True)
        return ParticipantNote(f"{participant} was used before" if participant == "P01" else "")


class SimulatedDesk:
    """A window with all that is simulated about it."""

    def __init__(self, qtbot: QtBot, memory: Path | None = None) -> None:
        self.services = SimulatedServices()
        self.now = 100.0
        self.plans: list[SessionPlan | None] = []
        self.window = DeskWindow(self.services, DeskMemory(memory), PreferenceStore(memory), lambda: self.now)
        qtbot.addWidget(self.window)
        self.window.decided.connect(self.plans.append)
        self.window.resize(1280, 800)
        with qtbot.waitExposed(self.window):
            self.window.open()
        qtbot.waitUntil(lambda: bool(self.services.scans))
        self.pass_time(1)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.window.refresh()
        self.window.show_status()

    @property
    def scan(self) -> SimulatedScan:
        return self.services.scans[-1]

    @property
    def preview(self) -> SimulatedPreview:
        return self.services.previews[-1]

    def shown(self) -> QtWidgets.QWidget | None:
        return self.window.pages.currentWidget()


OpenDesk = Callable[..., SimulatedDesk]
