"""The command line: run a command, turn its errors into one line and an exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from ecg_live.text import sanitize

if TYPE_CHECKING:  # at run time only where something went wrong
    from ecg_live.errors import EcgLiveError

PROCESS_START_S = monotonic()  # closest to the moment at which the user gave the command
SIGNAL_EXIT_BASE = 128  # plus the number of the signal that ended a command: the exit code that shells use
INTERRUPTED_EXIT_CODE = SIGNAL_EXIT_BASE + 2  # Ctrl-C
NOTICE_PREFIX, REMEDY_PREFIX = "ecg-live: ", "  what to do: "
MAX_SHOWN_PROBLEMS = 20  # files of a folder
SIBLING_PACKAGES = ("devices", "training")  # installed beside ecg_live, under names that a user's folder may have too


def main() -> None:
    """Run the command line; errors become one line and a remedy on standard error, and an exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack a letter of an id; standard error does so itself
        with contextlib.suppress(OSError):  # it was another file when Python began
            sys.stdout.reconfigure(errors="backslashreplace")
    code = _run()
    if isinstance(code, int) and code > SIGNAL_EXIT_BASE:
        from ecg_live.cli.signals import keep_exit_code

        keep_exit_code(code)
    try:
        if sys.stdout is not None:  # it is None in a program without a console
            sys.stdout.flush()
    except OSError as error:
        discard_output()
        code = code or _lost_output(error)
    _discard_unprinted()
    sys.exit(code)


def main_desk() -> None:
    """Run the start page as a program of its own, without a console (``ecg-live-desk``)."""
    sys.argv = [sys.argv[0], "desk", *sys.argv[1:]]
    main()


def discard_output() -> None:
    """Close standard output after a failed write: what is left in its buffer would fail again when Python exits."""
    sys.stdout = _nowhere()


def _discard_unprinted() -> None:
    """Close standard error if it does not take what was printed: Python would try again, and exit with 120."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        sys.stderr = _nowhere()


def _nowhere() -> TextIO:
    """A file that takes what nobody can read, open until Python ends."""
    return Path(os.devnull).open("w", encoding="utf-8")


def _run() -> int | str | None:
    """Run the command and return its exit code."""
    from ecg_live.errors import EcgLiveError

    try:
        if sys.argv[1:] in ([], ["desk"]) and (code := _start_page()) is not None:
            return code
        if sys.argv[1:] == ["demo"] and (code := _demonstration()) is not None:
            return code
        from ecg_live.cli.window_commands import window_app

        app = window_app(sys.argv[1:])
        if app is None:
            from ecg_live.cli.app import app as all_commands

            app = all_commands
        app()
    except SystemExit as end:
        broken = end.__context__  # typer exits with 1 if the reader of the output has gone
        return _lost_output(broken) if isinstance(broken, BrokenPipeError) else end.code
    except KeyboardInterrupt:  # before a command takes care of it, as while it loads
        return INTERRUPTED_EXIT_CODE
    except (EcgLiveError, ImportError, OSError) as error:
        known = _as_known_error(error)
        if known is None or "--debug" in sys.argv:
            raise
        print_error(known)
        return known.exit_code
    return 0


def _start_page() -> int | None:
    """Run the start page, without loading all other commands before its window; None where no window is seen."""
    from ecg_live.cli.qt_check import has_screen

    if not has_screen(os.environ):
        return None
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.cli.desk import run_desk

    return run_desk()


def _demonstration() -> int | None:
    """Run ``demo`` without options, and without loading what reads options; None where no window can be opened."""
    from ecg_live.cli.qt_check import why_no_display

    if why_no_display(os.environ):
        return None
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.cli.live import live
    from ecg_live.resources import demo_recording

    return live(str(demo_recording()), {}, bundled=True)


def _as_known_error(error: EcgLiveError | ImportError | OSError) -> EcgLiveError | None:
    """Convert an error to one with a message and a remedy; None if it is unexpected."""
    from ecg_live.errors import ConfigError, EcgLiveError, RecordingError

    if isinstance(error, EcgLiveError):
        return error
    if isinstance(error, ImportError):
        name = (error.name or "").partition(".")[0]
        path = _module_path(name)
        if name not in SIBLING_PACKAGES or path is None or path.parent == Path(__file__).parents[2]:
            return None
        return ConfigError(
            f"{path} hides the package {name!r} of ecg-live", "rename it, or run ecg-live from another folder"
        )
    if error.filename is None:
        return EcgLiveError(f"the output cannot be written: {error.strerror}", "check where it goes")
    return RecordingError(f"{str(error.filename)[:200]}: {error.strerror}", "check the path")


def _module_path(name: str) -> Path | None:
    """Folder or file of an imported module; None if unknown."""
    module = sys.modules.get(name)
    paths = [*getattr(module, "__path__", ()), getattr(module, "__file__", None)]
    return next((Path(path).resolve() for path in paths if path), None)


def _lost_output(error: OSError) -> int:
    """Report that standard output cannot be written, and return the exit code; 0 if its reader has gone."""
    if isinstance(error, BrokenPipeError):
        return 0
    known = _as_known_error(error)
    print_error(known or error)
    return known.exit_code if known else 1


def print_error(error: Exception) -> None:
    """Print an error and its remedy on standard error."""
    remedy = getattr(error, "remedy", "")
    print_notice(getattr(error, "message", str(error)))
    if remedy:
        print_line(REMEDY_PREFIX + sanitize(remedy))


def print_notice(text: str) -> None:
    """Print a line on standard error, if there is one; control characters in file and device names are removed."""
    print_line(NOTICE_PREFIX + sanitize(text))


def print_line(line: str) -> None:
    """Print a line on standard error; one that nobody can read, as in a closed terminal, ends no session."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(line, file=sys.stderr)


def print_problems(problems: Sequence[str]) -> None:
    """Print a line for each file with an error, or the first of very many."""
    for each in problems[:MAX_SHOWN_PROBLEMS]:
        print_notice(each)
    if len(problems) > MAX_SHOWN_PROBLEMS:
        print_notice(f"{len(problems) - MAX_SHOWN_PROBLEMS} more files have an error")
