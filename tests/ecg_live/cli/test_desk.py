"""The start page's own session: begun, ended, back again; and what is known of ids."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Self

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything loads Qt

import pytest
from PyQt6 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from devices.discovery import lsl_streams
from devices.files import open_recording
from devices.read_options import ReadOptions
from devices.scanner import Searcher, SourceScanner, found_streams
from devices.simulate.lsl import SimulatedLsl
from ecg_live.cli.background_scanner import BackgroundScanner
from ecg_live.cli.desk import plan_options, run_desk
from ecg_live.cli.desk_services import CommandLineServices
from ecg_live.cli.live import SessionStart, live
from ecg_live.dashboard.desk.window import DeskWindow
from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.dashboard.window import MainWindow
from ecg_live.participant_profile import DATA_FOLDER_VARIABLE, KnownRecording, Profile
from ecg_live.preview_items import FoundSources, SessionPlan
from ecg_live.recorded.session_file import read_contents
from ecg_live.resources import recordings_folder
from tests.support.command_line import ecg_live
from tests.support.lsl_streams import name
from tests.support.simulated_desk import SimulatedScan

PATIENCE_S = 60.0
ECG = str(recordings_folder() / "supine_1min.txt")


class QuietServices(CommandLineServices):
    """The real services, without a search for devices."""

    def scan(self) -> SimulatedScan:
        nothing = SimulatedScan()
        nothing.found = FoundSources()
        return nothing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of nothing yet: settings, profiles and recordings are in a new folder."""
    monkeypatch.setenv(DATA_FOLDER_VARIABLE, str(tmp_path / "data"))
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("ECG_LIVE_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Steps:
    """Does one thing after another as soon as it can be done, on Qt's timer."""

    def __init__(self, *steps: Callable[[], bool]) -> None:
        self.left = list(steps)
        self._deadline = time.monotonic() + PATIENCE_S
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._step)
        self._timer.start(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()  # a test that failed would close the windows of the next one

    def _step(self) -> None:
        if time.monotonic() > self._deadline:
            for each in QtWidgets.QApplication.topLevelWidgets():
                each.end() if isinstance(each, MainWindow | TilesWindow) else each.close()
        elif self.left and self.left[0]():
            del self.left[0]


def top(kind: type[DeskWindow | MainWindow]) -> list[QtWidgets.QWidget]:
    return [each for each in QtWidgets.QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible()]


def on_desk(action: Callable[[DeskWindow], bool]) -> Callable[[], bool]:
    def step() -> bool:
        return any(isinstance(each, DeskWindow) and not each.starting and action(each) for each in top(DeskWindow))

    return step


def in_session(action: Callable[[MainWindow], bool]) -> Callable[[], bool]:
    return lambda: any(isinstance(each, MainWindow) and action(each) for each in top(MainWindow))


def begin(window: DeskWindow) -> bool:
    page = window.start_page
    page.form.participant.setEditText("P01")
    page.form.session.setText("S1")
    page.add_file(ECG)
    page.form.record.setChecked(True)
    page.check.click()
    return True


def header_text(recording: Path, name: str) -> str:
    contents = read_contents(recording)
    assert contents is not None
    return contents.header_texts[name]


def test_a_session_begins_from_the_page_and_ends_on_it(qtbot: QtBot, home: Path) -> None:
    notes: list[str] = []

    def see_page(window: DeskWindow) -> bool:
        assert not window.windowIcon().pixmap(32).isNull()
        notes.append(window.start_page.form.note_label.text())
        return window.close()

    def end_session(window: MainWindow) -> bool:
        if top(DeskWindow) or window.trace.history.stop < 256:
            return False  # until the session has taken over the screen
        window.end()
        return True

    with Steps(on_desk(begin), in_session(end_session), on_desk(see_page)) as steps:
        assert run_desk(services=QuietServices()) == 0
    assert steps.left == []
    (recording,) = (home / "data" / "recordings").glob("P01_S1_*.xdf")
    assert header_text(recording, "participant") == "P01"
    assert notes[0].startswith("P01 was used before: recorded once, last on ")
    assert notes[0].endswith("session S1 is among them: choose another, or go on")


def test_several_recordings_run_as_tiles_and_lead_back(qtbot: QtBot, home: Path) -> None:
    def begin_two(window: DeskWindow) -> bool:
        page = window.start_page
        page.add_file(ECG)
        page.list.selectAll()
        page.form.record.setChecked(True)
        page.form.participant.setEditText("P01, P02")
        page.check.click()
        return window.starting

    def end_tiles() -> bool:
        shown = [each for each in QtWidgets.QApplication.topLevelWidgets() if isinstance(each, TilesWindow)]
        if top(DeskWindow) or not any(each.isVisible() for each in shown):
            return False
        shown[0].end()
        return True

    with Steps(on_desk(begin_two), end_tiles, on_desk(lambda window: window.close())) as steps:
        assert run_desk(services=QuietServices()) == 0
    assert steps.left == []
    found = {header_text(path, "participant") for path in (home / "data" / "recordings").glob("*.xdf")}
    assert found == {"P01", "P02"}


class LslServices(CommandLineServices):
    """The real services, with a search for LSL streams alone."""

    def scan(self) -> SourceScanner:
        return SourceScanner([Searcher("LSL streams", lambda: found_streams(lsl_streams(0.2)))], between=0.1)


def test_a_stream_is_found_shown_let_go_and_recorded(qtbot: QtBot, home: Path) -> None:
    stream, closed = name(), Event()
    player = SimulatedLsl(open_recording(Path(ECG), ReadOptions()), stream)
    thread = Thread(target=player.play, args=(closed,), kwargs={"loop": True}, daemon=True)
    thread.start()
    lives: list[bool] = []

    def choose(window: DeskWindow) -> bool:
        return window.start_page.list.choose(f"lsl:{stream}")

    def start_once_seen(window: DeskWindow) -> bool:
        preview = window.previews.preview
        if preview is None or preview.status.verdict.seconds < 2:
            return False
        window.start_page.check.click()
        window.check_page.anyway.click()
        lives.append(preview.wait(PATIENCE_S))  # let go before the session begins
        return window.starting

    def end_session(window: MainWindow) -> bool:
        if window.trace.history.stop < 256:
            return False
        window.end()
        return True

    with Steps(
        on_desk(choose), on_desk(start_once_seen), in_session(end_session), on_desk(lambda desk: desk.close())
    ) as steps:
        assert run_desk(services=LslServices()) == 0
    closed.set()
    thread.join()
    assert steps.left == []
    assert lives == [True]
    (recording,) = (home / "data" / "recordings").glob("ecg-live_*.xdf")
    contents = read_contents(recording)
    assert contents is not None
    note = contents.header_texts["signal_check"]
    assert note.startswith("signal check: went on after ")
    assert (note,) in contents.text_streams["markers"].values


def test_a_name_that_another_desk_has_taken_is_one_line_and_the_page_is_back(
    qtbot: QtBot, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "data" / "recordings"
    folder.mkdir(parents=True)
    now = dt.datetime.now().astimezone()
    for second in range(60):  # whatever the second in which this test gets to it
        stamp = (now + dt.timedelta(seconds=second)).strftime("%Y%m%d-%H%M%S")
        (folder / f"P01_S1_{stamp}.xdf").write_bytes(b"another desk's")
    shown: list[str] = []

    def see_error(window: DeskWindow) -> bool:
        shown.append(window.notice.text)
        return bool(shown[-1]) and window.close()

    with Steps(on_desk(begin), on_desk(see_error)) as steps:
        assert run_desk(services=QuietServices()) == 0
    assert steps.left == []
    assert "is there already; a recording is never written over" in shown[-1]
    assert all(path.read_bytes() == b"another desk's" for path in folder.iterdir())
    assert "Traceback" not in capsys.readouterr().err


def test_a_model_that_is_none_is_one_line(qtbot: QtBot, home: Path) -> None:
    (home / "none.safetensors").write_bytes(b"nothing")
    shown: list[str] = []

    def begin_with_model(window: DeskWindow) -> bool:
        window.start_page.form.choose_model(str(home / "none.safetensors"))
        return begin(window)

    def see_error(window: DeskWindow) -> bool:
        shown.append(window.notice.text)
        return bool(shown[-1]) and window.close()

    with Steps(on_desk(begin_with_model), on_desk(see_error)) as steps:
        assert run_desk(services=QuietServices()) == 0
    assert steps.left == []
    assert "none.safetensors" in shown[-1]


def test_what_the_check_found_is_noted_in_the_recording(home: Path) -> None:
    note = "signal check: went on with mains hum"
    options = {"headless": True, "json": True, "speed": "max", "record": str(home / "noted.xdf")}
    assert live(ECG, options, start=SessionStart(note=note)) == 0
    contents = read_contents(home / "noted.xdf")
    assert contents is not None
    assert contents.header_texts["signal_check"] == note
    assert contents.text_streams["markers"].values == ((note,),)


def test_options_of_a_plan_are_those_of_run() -> None:
    assert plan_options(SessionPlan("lsl:Lab")) == dict.fromkeys(
        ("model", "participant", "session", "recordings", "record")
    )
    options = plan_options(SessionPlan("lsl:Lab", "P01", "", "stress", record=True, folder="/data"))
    assert Path(str(options["record"])).match("/data/P01_*.xdf")
    assert options["recordings"] == "/data"
    assert (options["model"], options["participant"], options["session"]) == ("stress", "P01", None)


def test_what_is_known_of_a_participant(home: Path) -> None:
    services = CommandLineServices()
    folder = home / "recordings"
    folder.mkdir()
    assert services.participant_note("", "", str(folder), "").text == ""
    assert services.participant_note("P01", "", str(folder), "").text == "P01 is new"
    (folder / "P01_S1_20260101-100000.xdf").write_bytes(b"")
    (folder / "P011_S1_20260101-100000.xdf").write_bytes(b"")
    elsewhere = home / "kept.xdf"
    elsewhere.write_bytes(b"")
    Profile("P01").save(KnownRecording(str(elsewhere), "2026-01-01T10:00:00+00:00"))
    note = services.participant_note("P01", "S2", str(folder), "")
    assert note.text.startswith("P01 was used before: recorded 2 times, last on ")
    assert not note.error
    assert services.participant_note(" P01", "", str(folder), "").error
    assert services.participant_note("x" * 300, "", str(folder), "").error


def test_a_folder_that_cannot_be_asked_for_is_none(tmp_path: Path) -> None:
    """Of a share whose server is away, as of a name that is too long."""
    folder = str(tmp_path / ("x" * 300))
    assert CommandLineServices().browse(folder).startswith("There is no folder")
    assert "cannot be read" in CommandLineServices().participant_note("P01", "", folder, "").text


def test_without_a_display_the_desk_names_what_to_do() -> None:
    done = ecg_live("desk")
    assert done.returncode == 2
    assert "no start page: there is no display" in done.stderr
    assert "ecg-live run SOURCE" in done.stderr


class SlowScan(SimulatedScan):
    def __init__(self, go: Event, error: Exception | None = None) -> None:
        super().__init__()
        go.wait(PATIENCE_S)
        if error is not None:
            raise error


def test_a_scan_says_at_once_what_it_looks_for_while_its_libraries_are_loaded(qtbot: QtBot) -> None:
    go = Event()
    made: list[SlowScan] = []

    def make() -> SlowScan:
        made.append(SlowScan(go))
        return made[0]

    scanner = BackgroundScanner(make)
    assert scanner.found.searching == ("LSL streams", "Bluetooth devices", "serial ports")
    scanner.pause(True)
    scanner.retry()
    go.set()
    qtbot.waitUntil(lambda: bool(scanner.found.sources))
    assert made[0].paused
    scanner.close()
    assert made[0].closed


def test_a_scan_that_cannot_be_loaded_is_a_problem(qtbot: QtBot) -> None:
    go = Event()
    go.set()
    scanner = BackgroundScanner(lambda: SlowScan(go, ImportError("bleak is missing")))
    qtbot.waitUntil(lambda: bool(scanner.found.problems))
    assert "bleak is missing" in scanner.found.problems[0].message
    scanner.close()


def test_without_a_command_and_a_screen_there_is_the_help() -> None:
    done = ecg_live()
    assert done.returncode == 2
    assert "Usage" in done.stdout
    assert "desk" in done.stdout
