"""Look through recorded sessions for ``open``: a folder's list, and two sessions compared."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from ecg_live.cli import NOTICE_PREFIX, REMEDY_PREFIX, SIGNAL_EXIT_BASE, print_line, print_notice
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.config import window_file
from ecg_live.errors import EcgLiveError
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from ecg_live.dashboard.browser.compared import ComparedSession
    from ecg_live.presentation.session_list import SessionEntry
    from ecg_live.recorded.playback.opened import OpenedSession


def list_folder(folder: Path, *, as_json: bool) -> int:
    """Print the sessions of a folder, a line each; return the exit code."""
    from ecg_live.recorded.session_list import read_entry, session_files

    found = session_files(folder)
    if not found:
        print_notice(f"{folder} holds no recording (.xdf)")
    for paths in found:
        entry = read_entry(paths)
        print(json.dumps(entry.as_json()) if as_json else sanitize(_line(entry)), flush=True)
    return 0


def _line(entry: SessionEntry) -> str:
    name = " · ".join(part for part in (entry.participant, entry.session) if part) or "no participant"
    if entry.problem and math.isnan(entry.duration):  # nothing is known of it
        return f"{entry.path}  {entry.problem}"
    annotated = f"{entry.annotations} annotation{'' if entry.annotations == 1 else 's'}" if entry.annotations else ""
    quality = f"{entry.usable_text} usable", f"{entry.lost_text} lost"
    parts = (entry.date_text, name, entry.length_text, entry.study, *quality)
    return "  ".join(part for part in (*parts, annotated, str(entry.path), entry.remark) if part)


def browse(folder: Path) -> int:
    """Show the sessions of a folder in a window until it is closed; return the exit code."""
    from ecg_live.dashboard.app import request_quit
    from ecg_live.dashboard.browser.app import run_window
    from ecg_live.dashboard.browser.window import BrowserWindow
    from ecg_live.dashboard.preferences import PreferenceStore

    caught = CaughtSignals()
    library = FolderLibrary(folder)
    with caught.handled(request_quit, *session_signals()):
        code = run_window(lambda: BrowserWindow(library, PreferenceStore(window_file())), BrowserWindow.refresh)
    return caught.exit_code or code


def compare(paths: Sequence[Path], author: str) -> int:
    """Show two sessions, one below the other, until the window is closed; return the exit code.

    Raises
    ------
    EcgLiveError
        One cannot be opened.
    """
    from ecg_live.dashboard.app import request_quit
    from ecg_live.dashboard.browser.app import run_window
    from ecg_live.dashboard.browser.compare_window import CompareWindow
    from ecg_live.dashboard.preferences import PreferenceStore
    from ecg_live.dashboard.searching import search
    from ecg_live.recorded.playback.opened import open_session

    caught = CaughtSignals()
    with caught.handled(request_quit, *session_signals()):
        text = f"opening {paths[0].name} and {paths[1].name}"
        found = search(
            lambda: [open_session(path, author) for path in paths], "ecg-live", sanitize(text), lambda: bool(caught)
        )
        if found is None:
            print_notice("nothing was opened")
            return 0
        for opened in found:
            for warning in opened.warnings:
                print_notice(warning)
        first, second = (compared_session(opened) for opened in found)
        memory = PreferenceStore(window_file())
        code = run_window(lambda: CompareWindow((first, second), memory), lambda _window: None)
    return caught.exit_code or code


def compared_session(opened: OpenedSession) -> ComparedSession:
    """A session as the window that compares has it."""
    from ecg_live.dashboard.browser.compared import ComparedSession
    from ecg_live.presentation.formatting import session_title
    from ecg_live.recorded.report.metadata import recorded_at

    texts = opened.session.header_texts
    name = session_title(texts.get("participant"), texts.get("session"))
    recorded = opened.recorded
    title = f"{name} \N{MIDDLE DOT} {recorded_at(opened.session)}"
    return ComparedSession(title, recorded.heads, recorded.items, opened.session.duration)


def open_in_program(paths: Sequence[Path], failed: Callable[[str], object] = lambda _: None) -> str:
    """Open sessions or a folder in a program of their own; return why that failed, or nothing.

    ``failed`` is called, on another thread, with why the program could not show them: nobody sees its terminal.
    """
    command = [sys.executable, "-m", "ecg_live", "open", *map(str, paths)]
    try:
        program = subprocess.Popen(  # noqa: S603 - our own arguments
            command, start_new_session=True, stderr=subprocess.PIPE, text=True, errors="replace"
        )
    except OSError as error:
        return f"cannot be opened: {error.strerror or error}"
    Thread(target=_follow, args=(program, failed), name="opened session", daemon=True).start()
    return ""


def _follow(program: subprocess.Popen[str], failed: Callable[[str], object]) -> None:
    """Pass on what a program says until it ends; report the error that ended it."""
    reason = ""
    with program:
        for line in program.stderr or ():
            text = line.rstrip()
            print_line(text)
            if text.startswith(NOTICE_PREFIX):
                reason = text.removeprefix(NOTICE_PREFIX)  # the last one is why it ended
            elif text.startswith(REMEDY_PREFIX):
                reason += f" ({text.removeprefix(REMEDY_PREFIX)})"
    if 0 < program.returncode < SIGNAL_EXIT_BASE:
        failed(reason or f"the program ended with {program.returncode}")


class FolderLibrary:
    """The sessions of a folder for a browser; follows the protocol `SessionLibrary`.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        from ecg_live.recorded.session_list import SessionScan

        self.folder = folder.resolve()
        self._scan = SessionScan(self.folder)
        self._messages: list[str] = []
        self._writer: Thread | None = None

    def rescan(self) -> None:
        """Begin to read the folder again."""
        self._scan.start()

    def poll(self) -> tuple[Sequence[SessionEntry], int, int, bool]:
        """What was found since the last call, how many were read, of how many, and whether that is all."""
        return self._scan.poll()

    def message(self) -> str:
        """What was done or failed since the last call; empty if nothing."""
        return self._messages.pop(0) if self._messages else ""

    def open(self, paths: Sequence[Path]) -> None:
        """Open sessions in a program of their own, which outlives the browser."""
        self._messages.append(f"opening {', '.join(path.name for path in paths)}")
        if problem := open_in_program(paths, self._messages.append):
            self._messages.append(problem)

    def write_table(self, paths: Sequence[Path], out: Path) -> None:
        """Write the group table of sessions on a thread; a file that is there is replaced, as the dialog asked."""
        if self._writer is not None and self._writer.is_alive():
            self._messages.append("another table is being written")
            return
        self._messages.append(f"writing {out.name}")
        self._writer = Thread(target=self._write, args=(tuple(paths), out), name="group table", daemon=True)
        self._writer.start()

    def _write(self, paths: Sequence[Path], out: Path) -> None:
        from ecg_live.recorded.table import write_group_table
        from ecg_live.recorded.table.recordings import find_recordings

        try:
            written = write_group_table(find_recordings(paths), out, force=True)
        except EcgLiveError as error:
            self._messages.append(str(error))
            return
        except Exception as error:  # noqa: BLE001 - on a thread: the window would say for ever that it is being written
            self._messages.append(f"{out.name} was not written: unexpected {type(error).__name__}: {error}")
            return
        left_out = f"; {len(written.problems)} left out, see {written.paths.files.name}" if written.problems else ""
        self._messages.append(f"{out}: {written.rows} rows of {written.recordings} sessions{left_out}")

    def stop(self) -> None:
        """End the reading; a table that is being written is completed."""
        self._scan.stop()
        if self._writer is not None:
            self._writer.join()
