"""What ``demo`` and ``run`` share: build a session, show it, end it cleanly."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli import complain, discard_output, say
from ecg_live.cli.log_file import log_to, private_words
from ecg_live.cli.marker_inputs import marker_inputs
from ecg_live.cli.participant import ParticipantState
from ecg_live.cli.qt_check import why_no_display
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.config import LiveSettings, load_settings, window_file
from ecg_live.errors import ConfigError, EcgLiveError
from ecg_live.protocols import Sink
from ecg_live.resources import DEFAULT_MODEL
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from ecg_live.protocols import Source
    from ecg_live.session import Session
    from ecg_live.signal.pipeline import SignalPath

CRASH_EXIT_CODE = 1  # exit code of what should not happen


def live(uri: str, options: Mapping[str, object], *, own: bool = False, debug: bool = False) -> int:
    """Run a session to its end and give the exit code.

    Parameters
    ----------
    uri : str
        Source.
    options : mapping
        What the command line says; see `ecg_live.config`.
    own : bool
        The recording is the bundled one, so that settings for other files do not apply.
    debug : bool
        Show tracebacks.

    Raises
    ------
    EcgLiveError
        If the session cannot start.
    """
    settings = load_settings(options)
    if settings.json and sys.stdout is None:
        raise ConfigError("--json without a standard output: it is closed", "leave --json out, or say where it goes")
    if own:
        settings = LiveSettings(
            speed=settings.speed,
            seconds=settings.seconds,
            baseline=settings.baseline,
            headless=settings.headless,
            json=settings.json,
            log=settings.log,
        )
    with log_to(settings.log, private_words(settings, uri)):
        return _run(uri, settings, debug=debug)


def _run(uri: str, settings: LiveSettings, *, debug: bool) -> int:
    """Build the session, show it, wait for its end; give the exit code."""
    headless = settings.headless
    if not headless and (reason := why_no_display(os.environ)):
        say(f"no dashboard: {reason}; showing the session in the terminal")
        headless = True
    wearer = ParticipantState(settings, uri)
    caught = CaughtSignals()
    session = _found(
        uri,
        lambda: _session(uri, settings, wearer, caught, watched=not (headless and settings.json)),
        headless=headless,
    )
    if session is None:
        return 0
    with (
        marker_inputs(session, settings, uri),
        caught.handled(lambda: _stop(session, headless=headless), *session_signals()),
    ):
        session.start()
        try:
            _show(session, settings, uri, headless=headless)
        except OSError as error:
            raise EcgLiveError(
                f"the terminal does not take any more: {error.strerror}", "check where it goes"
            ) from error
        finally:
            session.stop()
            while not session.wait(0.1):
                pass
    if not (headless or settings.json):
        from ecg_live.cli.terminal import summary_line

        say(summary_line(session))
    kept = wearer.keep()
    return _exit_code(session, caught, debug=debug) or kept


def _found(uri: str, build: Callable[[], Session], *, headless: bool) -> Session | None:
    """Build the session; say what is looked for where that may take a while. None where the user ends the search."""
    scheme, colon, _ = uri.partition(":")
    if not colon or len(scheme) < 2 or scheme.casefold() == "file" or os.path.exists(uri):  # noqa: PTH110 - as in uri
        return build()
    text = f"looking for {uri}"
    say(text)
    if headless:
        return build()
    from ecg_live.dashboard.searching import search

    caught = CaughtSignals()
    with caught.handled(lambda: None, signal.SIGINT):
        session = search(build, f"ecg-live · {uri}", sanitize(text), lambda: bool(caught))
    if session is None:
        say("the search was ended")
    return session


def _open(uri: str, settings: LiveSettings) -> Source:
    """Open the source, or raise what would end it at once."""
    from devices.read_options import ReadOptions
    from devices.uri import check_source, open_source

    opening = ReadOptions(
        settings.channel,
        settings.rate,
        settings.unit,
        settings.speed,
        gain=settings.gain,
        annotations=settings.annotations,
    )
    source = open_source(uri, opening, time.monotonic)
    check_source(source)
    return source


def _session(
    uri: str, settings: LiveSettings, wearer: ParticipantState, caught: CaughtSignals, *, watched: bool
) -> Session:
    source = _open(uri, settings)  # before torch, which takes seconds to load

    import torch

    from ecg_live.cli.recording import RecorderFactory
    from ecg_live.model.bundle import load_bundle
    from ecg_live.model.predictor import Predictor
    from ecg_live.session import Session
    from ecg_live.signal.rr_pipeline import RrPath
    from ecg_live.sinks.jsonl import JsonLines
    from ecg_live.sinks.stdout_writer import StdoutWriter

    torch.set_num_threads(1)  # a window is too small to share, and the screen needs the other cores
    bundle = load_bundle(Path(settings.model) if settings.model else DEFAULT_MODEL)
    sinks: list[Sink] = []
    if settings.json:
        pipe = StdoutWriter(sys.stdout, lambda: bool(caught), waits=source.info.speed != 1)
        sinks.append(JsonLines(pipe, source.info.rate, pipe.drain))
    path: SignalPath | RrPath
    if source.info.channels:
        path, predictor = wearer.fit(source.info, bundle)
    else:
        path = RrPath([head.name for head in bundle.head_infos], settings.hop)
        predictor = Predictor(bundle, settings.hop, settings.baseline)
    if settings.lsl_out:
        from ecg_live.sinks.lsl import LslOut

        sinks.append(LslOut(source.info, bundle.head_infos, time.monotonic, path.delay))
    return Session(
        source,
        path,
        predictor,
        bundle.head_infos,
        sinks,
        time.monotonic,
        settings.seconds,
        recordings=RecorderFactory(settings, uri, source.info, bundle, time.monotonic),
        record=settings.record is not None,
        watched=watched,
    )


def _show(session: Session, settings: LiveSettings, uri: str, *, headless: bool) -> None:
    """Keep the main thread in the view until the session or its viewer ends."""
    if not headless:
        _window(session, settings, uri)
    elif not settings.json:
        _terminal(session, settings)
    else:
        _wait(session)


def _terminal(session: Session, settings: LiveSettings) -> None:
    """Show the session in the terminal; where that fails, what is recorded or sent goes on without it."""
    from ecg_live.cli.terminal import show_in_terminal

    try:
        show_in_terminal(session)
    except Exception as error:
        if not (session.recording or settings.lsl_out):
            raise
        why = error.strerror if isinstance(error, OSError) else f"unexpected {type(error).__name__}: {error}"
        if isinstance(error, OSError):
            discard_output()
        with contextlib.suppress(OSError):
            say(f"the terminal shows nothing any more ({why}); the session goes on without it, Ctrl-C ends it")
        session.screen_closed()
        while not session.wait(0.1):
            pass


def _window(session: Session, settings: LiveSettings, uri: str) -> None:
    """Show the dashboard; where it cannot draw any more, what is recorded or sent goes on without it."""
    from ecg_live.dashboard.app import DrawingError, run_dashboard

    model = Path(settings.model).name if settings.model else DEFAULT_MODEL.stem
    over = (lambda: session.wait(0)) if settings.seconds else (lambda: False)
    try:
        run_dashboard(session, title=f"ecg-live · {Path(uri).name}", model=model, over=over, memory=window_file())
    except DrawingError as error:
        if not (session.recording or settings.json or settings.lsl_out):
            raise
        complain(error)
        say("the session goes on without its window; Ctrl-C ends it")
        _show(session, settings, uri, headless=True)


def _wait(session: Session) -> None:
    """Wait for the end; where the readers of JSON lines leave a recording alone, say so."""
    told = False
    while not session.wait(0.1):
        if session.only_recorded and not told:
            told = True
            say("nobody reads the output any more; the recording goes on, Ctrl-C ends it")


def _stop(session: Session, *, headless: bool) -> None:
    """Stop the session and close the window."""
    session.stop()
    if not headless:
        from ecg_live.dashboard.app import request_quit

        request_quit()


def _exit_code(session: Session, caught: CaughtSignals, *, debug: bool) -> int:
    if session.crash is not None and debug:
        raise session.crash
    if session.error is not None:
        complain(session.error)
        return session.error.exit_code if session.crash is None else CRASH_EXIT_CODE
    return caught.exit_code
