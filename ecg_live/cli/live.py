"""Run the session of ``demo`` and ``run``: show it until it ends, and end it cleanly."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli import discard_output, print_error, print_notice
from ecg_live.cli.log_file import log_to, private_words
from ecg_live.cli.opening import Opening
from ecg_live.cli.participant import ParticipantState
from ecg_live.cli.qt_check import why_no_display
from ecg_live.cli.session_setup import (
    OpenedAuxiliary,
    auxiliary_inputs,
    build_session,
    marker_inputs,
    open_auxiliaries,
    with_acceleration,
)
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.config import LiveSettings, load_settings, window_file
from ecg_live.errors import ConfigError, EcgLiveError
from ecg_live.freed_memory import keep_freed_memory
from ecg_live.resources import DEFAULT_MODEL, demo_recording

if TYPE_CHECKING:
    from ecg_live.cli.study_session import PlannedSession, SessionStudy
    from ecg_live.dashboard.window import MainWindow
    from ecg_live.session import Session

DEMO_TITLE = "Demonstration"
CRASH_EXIT_CODE = 1  # an unexpected error ended the session


@dataclass(frozen=True, slots=True)
class SessionStart:
    """What a session's start has to do with the start page, if it came from there.

    ``report`` takes the error that ended the session; ``on_first_frame`` is called once its window is on the screen;
    ``note`` is what the signal check found.
    """

    report: Callable[[Exception], object] = print_error
    on_first_frame: Callable[[], None] | None = None
    note: str | None = None


COMMAND_LINE = SessionStart()


def live(
    uri: str,
    options: Mapping[str, object],
    *,
    bundled: bool = False,
    study: PlannedSession | None = None,
    debug: bool = False,
    start: SessionStart = COMMAND_LINE,
) -> int:
    """Run a session to its end and return the exit code.

    Parameters
    ----------
    uri : str
        Source.
    options : mapping
        Options of the command line; see `ecg_live.config`.
    bundled : bool
        The recording is the bundled one, so that settings for other files do not apply.
    study : PlannedSession, optional
        Of a study that runs beside the session.
    debug : bool
        Show tracebacks.
    start : SessionStart
        Where the session was started.

    Raises
    ------
    EcgLiveError
        If the session cannot start.
    """
    settings = checked_settings(options)
    if bundled:
        settings = LiveSettings(
            speed=settings.speed,
            seconds=settings.seconds,
            baseline=settings.baseline,
            headless=settings.headless,
            json=settings.json,
            log=settings.log,
        )
    uri, settings = with_acceleration(uri, settings)
    if not math.isfinite(settings.speed):  # windows are assessed many at a time, in large arrays
        keep_freed_memory()
    with log_to(settings.log, private_words(settings, uri)):
        return _run(uri, settings, study, start, debug=debug)


def checked_settings(options: Mapping[str, object]) -> LiveSettings:
    """Settings of a session, for options of the command line.

    Raises
    ------
    ConfigError
        One cannot be, or JSON lines have nowhere to go.
    """
    settings = load_settings(options)
    if settings.json and sys.stdout is None:
        raise ConfigError("--json without a standard output: it is closed", "leave --json out, or say where it goes")
    return settings


def _run(uri: str, settings: LiveSettings, planned: PlannedSession | None, start: SessionStart, *, debug: bool) -> int:
    """Build the session, show it, wait for its end, and return the exit code."""
    headless = settings.headless
    if not headless and (reason := why_no_display(os.environ)):
        print_notice(f"no dashboard: {reason}; showing the session in the terminal")
        headless = True
    opening = Opening(uri, _window_title(settings, uri), headless=headless)
    try:
        start = replace(start, on_first_frame=opening.closing_then(start.on_first_frame))
        return _run_behind(opening, uri, settings, planned, start, headless=headless, debug=debug)
    finally:
        opening.close()


def _run_behind(
    opening: Opening,
    uri: str,
    settings: LiveSettings,
    planned: PlannedSession | None,
    start: SessionStart,
    *,
    headless: bool,
    debug: bool,
) -> int:
    """Build the session behind a window that is open already, and run it."""
    participant = ParticipantState(settings, uri, cut=None if planned is None else planned.cut)
    caught = CaughtSignals()
    watched = not (headless and settings.json)

    def build() -> tuple[SessionStudy | None, list[OpenedAuxiliary], Session]:
        study = _prepared(planned, settings, headless=headless)
        auxiliary = open_auxiliaries(settings)
        session = build_session(
            uri, settings, participant, caught, auxiliary, watched=watched, study=study, note=start.note
        )
        return study, auxiliary, session

    built = opening.run(build)
    if built is None:
        return 0
    study, auxiliary, session = built
    with (
        marker_inputs(session, settings, uri),
        auxiliary_inputs(session, auxiliary),
        _study_commands(study, session, headless=headless),
        caught.handled(lambda: _stop(session, headless=headless), *session_signals()),
    ):
        session.start()
        if start.note:
            session.mark(start.note)
        try:
            _show(session, settings, uri, study, start, headless=headless)
        except OSError as error:
            if not caught:  # the signal says that the terminal was closed
                raise EcgLiveError(
                    f"the terminal does not take any more: {error.strerror}", "check where it goes"
                ) from error
        finally:  # where a second Ctrl-C does not break it off
            session.stop()
            while not session.wait(0.1):
                pass
            if not (headless or settings.json):
                from ecg_live.cli.terminal import summary_line

                print_notice(summary_line(session))
            save_code = participant.save()
    return _exit_code(session, caught, start, debug=debug) or save_code


def _prepared(planned: PlannedSession | None, settings: LiveSettings, *, headless: bool) -> SessionStudy | None:
    """The study that shall run beside the session, once the streams that it requires are there."""
    if planned is None:
        return None
    from ecg_live.cli.study_session import SessionStudy, check_streams

    check_streams(planned.study)
    from ecg_live.cli.study_terminal import can_be_typed

    typed = can_be_typed(sys.stdin) and math.isfinite(settings.speed)
    keyed = typed and sys.stdin.isatty()
    return SessionStudy(planned, time.monotonic, by_key=keyed or not headless, asks=typed or not headless)


def _study_commands(
    study: SessionStudy | None, session: Session, *, headless: bool
) -> contextlib.AbstractContextManager[None]:
    """Take a study's commands and answers from the terminal, where there is no window for them."""
    if study is None or not headless:
        return contextlib.nullcontext()
    from ecg_live.cli.study_questions import TypedAnswers
    from ecg_live.cli.study_terminal import typed_commands

    answers = TypedAnswers(study.run, session.self_report, time.monotonic)
    return typed_commands(study.run, answers, sys.stdin)


def _show(
    session: Session,
    settings: LiveSettings,
    uri: str,
    study: SessionStudy | None,
    start: SessionStart,
    *,
    headless: bool,
) -> None:
    """Show the session on the main thread until it ends or its view is closed."""
    if not headless:
        _show_dashboard(session, settings, uri, study, start)
    elif not settings.json:
        _show_in_terminal(session, settings, study)
    else:
        _wait_for_end(session)


def _show_in_terminal(session: Session, settings: LiveSettings, study: SessionStudy | None) -> None:
    """Show the session in the terminal; if that fails, recording and LSL output go on without it."""
    from ecg_live.cli.terminal import show_in_terminal

    try:
        show_in_terminal(session, study=study.run if study else None)
    except Exception as error:
        if not (session.recording or settings.lsl_out):
            raise
        why = error.strerror if isinstance(error, OSError) else f"unexpected {type(error).__name__}: {error}"
        if isinstance(error, OSError):
            discard_output()
        with contextlib.suppress(OSError):
            print_notice(f"the terminal shows nothing any more ({why}); the session goes on without it, Ctrl-C ends it")
        session.screen_closed()
        while not session.wait(0.1):
            pass


def _show_dashboard(
    session: Session,
    settings: LiveSettings,
    uri: str,
    study: SessionStudy | None = None,
    start: SessionStart = COMMAND_LINE,
) -> None:
    """Show the dashboard; if it cannot draw any more, recording and outputs go on without it."""
    from ecg_live.dashboard.app import DrawingError, run_dashboard

    title = _window_title(settings, uri)
    model = Path(settings.model).name if settings.model else DEFAULT_MODEL.stem
    over = (lambda: session.wait(0)) if settings.seconds else (lambda: False)
    try:
        run_dashboard(
            session,
            title=title,
            source=Path(uri).name,
            model=model,
            over=over,
            on_first_frame=start.on_first_frame,
            memory=window_file(),
            on_window=None if study is None else lambda window: _conduct(study, session, window),
        )
    except DrawingError as error:
        if not (session.recording or settings.json or settings.lsl_out):
            raise
        print_error(error)
        print_notice("the session goes on without its window; Ctrl-C ends it")
        with _study_commands(study, session, headless=True):
            _show(session, settings, uri, study, start, headless=True)


def _conduct(study: SessionStudy, session: Session, window: MainWindow) -> None:
    """Show the study in the dashboard's window."""
    from ecg_live.dashboard.study_conductor import StudyConductor

    StudyConductor(study.run, session, window, time.monotonic).start()


def _window_title(settings: LiveSettings, uri: str) -> str:
    """Return who is measured; the bundled recording is a demonstration, of nobody."""
    from ecg_live.presentation.formatting import session_title

    if settings.participant is None and uri == str(demo_recording()):
        return DEMO_TITLE
    return session_title(settings.participant, settings.session)


def _wait_for_end(session: Session) -> None:
    """Wait for the end; report once that the recording is the only output left."""
    reported = False
    while not session.wait(0.1):
        if session.only_recorded and not reported:
            reported = True
            print_notice("the output has no reader any more; the recording goes on, Ctrl-C ends it")


def _stop(session: Session, *, headless: bool) -> None:
    """Stop the session and close the dashboard."""
    session.stop()
    if not headless:
        from ecg_live.dashboard.app import request_quit

        request_quit()


def _exit_code(session: Session, caught: CaughtSignals, start: SessionStart, *, debug: bool) -> int:
    if session.crash is not None and debug:
        raise session.crash
    if session.error is not None:
        start.report(session.error)
        return session.error.exit_code if session.crash is None else CRASH_EXIT_CODE
    return caught.exit_code
