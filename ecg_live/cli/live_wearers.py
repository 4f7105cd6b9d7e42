"""Run several wearers' sessions together: show them until all have ended, and end them cleanly."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli import print_error, print_notice
from ecg_live.cli.live import COMMAND_LINE, CRASH_EXIT_CODE, SessionStart, checked_settings
from ecg_live.cli.log_file import log_to, private_words
from ecg_live.cli.participant import ParticipantState
from ecg_live.cli.qt_check import why_no_display
from ecg_live.cli.session_setup import GroupMember, build_session, marker_inputs
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.cli.wearer_sources import WearerSource, wearer_sources
from ecg_live.config import LiveSettings, window_file
from ecg_live.errors import ConfigError, EcgLiveError
from ecg_live.freed_memory import keep_freed_memory
from ecg_live.presentation.tiles import MAX_WEARERS
from ecg_live.resources import DEFAULT_MODEL, model_path

if TYPE_CHECKING:
    from ecg_live.model.bundle import Bundle
    from ecg_live.results import Synchrony
    from ecg_live.session import Session
    from ecg_live.sinks.stdout_writer import StdoutWriter
    from ecg_live.wearers.group import SessionGroup
    from ecg_live.wearers.synchrony import SynchronySink, SynchronyTracker

TERMINAL_KEPT_S = 20.0  # of output that a screen finds which looks ten times a second, of any number of wearers
WINDOW_KEPT_S = 600.0  # that the full view of a wearer opens with


def live_wearers(
    sources: Sequence[str],
    participants: Sequence[str],
    options: Mapping[str, object],
    *,
    debug: bool = False,
    start: SessionStart = COMMAND_LINE,
) -> int:
    """Run the sessions of several wearers to their ends and return the exit code: that of the first that failed.

    Parameters
    ----------
    sources : sequence of str
        ``SOURCE``, or ``NAME=SOURCE``.
    participants : sequence of str
        One for each, or none.
    options : mapping
        Options of the command line, for all; see `ecg_live.config`.
    debug : bool
        Show tracebacks.
    start : SessionStart
        Where the sessions were started.

    Raises
    ------
    EcgLiveError
        If no session can start.
    """
    settings = checked_settings(options)
    wearers = wearer_sources(sources, participants, settings)
    windowed = _window_opens(settings)
    if windowed and len(wearers) > MAX_WEARERS:
        raise ConfigError(
            f"{len(wearers)} wearers for one window, which shows up to {MAX_WEARERS}",
            "add --headless, which runs any number; or run them in several windows",
        )
    private = [word for each in wearers for word in (each.name, *private_words(each.settings, each.uri))]
    with log_to(settings.log, private):
        return _Run(wearers, settings, start, windowed=windowed, debug=debug).run()


def _window_opens(settings: LiveSettings) -> bool:
    """Whether the sessions have a window; if it was not asked to be left out, a line says why."""
    if settings.headless:
        return False
    reason = why_no_display(os.environ)
    if reason:
        print_notice(f"no dashboard: {reason}; showing the wearers in the terminal")
    return not reason


class _Run:
    """One run of several sessions."""

    def __init__(
        self,
        wearers: Sequence[WearerSource],
        settings: LiveSettings,
        start: SessionStart,
        *,
        windowed: bool,
        debug: bool,
    ) -> None:
        self._start = start
        self._wearers = wearers
        self._settings = settings
        self._windowed = windowed
        self._debug = debug
        self._caught = CaughtSignals()
        self._participants: list[ParticipantState] = []
        self._sessions: dict[Session, str] = {}
        self._feeds: list[SynchronySink] = []  # of the sessions, in their order
        self._recorded: dict[str, list[Path]] = {}  # recordings that were begun, of each wearer
        self._code = 0  # of the first error
        self._reported: set[Session] = set()  # sessions whose error was printed

    def run(self) -> int:
        """Build the sessions, show them, wait for their ends, and return the exit code."""
        from ecg_live.model.bundle import load_bundle
        from ecg_live.model.engine.open_engine import open_engine
        from ecg_live.wearers.group import SessionGroup

        keep_freed_memory()
        bundle = load_bundle(model_path(self._settings.model))
        lines = self._output_lines()
        if not self._open_all(bundle, lines):
            return self._code
        synchrony = self._follow_synchrony(bundle, lines)
        group = SessionGroup(list(self._sessions), open_engine(bundle), self._settings.hop)
        with (
            marker_inputs(group, self._settings, ", ".join(wearer.name for wearer in self._wearers)),
            self._caught.handled(lambda: self._stop(group), *session_signals()),
        ):
            try:
                with _ending(group):
                    group.start()
                    self._show(group, synchrony)
                self._report_ended()
                if lines is not None:
                    self._drain(lines)
                if self._settings.one_file:
                    self._join()
            finally:  # where a second Ctrl-C does not break it off
                codes = [participant.save() for participant in self._participants]
        return self._code or self._caught.exit_code or max(codes, default=0)

    def _output_lines(self) -> StdoutWriter | None:
        """Where JSON lines of all wearers go."""
        from ecg_live.sinks.stdout_writer import StdoutWriter

        if not self._settings.json:
            return None
        return StdoutWriter(sys.stdout, lambda: bool(self._caught), waits=self._settings.speed != 1)

    def _open_all(self, bundle: Bundle, lines: StdoutWriter | None) -> bool:
        """Build all sessions that can be; False if there is none, or the user ended the search."""
        from devices.uri import split_scheme

        def open_all() -> bool:
            for wearer in self._wearers:
                self._open(wearer, bundle, lines)
            return bool(self._sessions)

        devices = [wearer.uri for wearer in self._wearers if (split_scheme(wearer.uri) or ("file",))[0] != "file"]
        if not devices:
            return open_all()
        text = f"looking for {', '.join(devices)}"
        print_notice(text)
        if not self._windowed:
            return open_all()
        from ecg_live.dashboard.searching import search

        return bool(search(open_all, "ecg-live", text, lambda: bool(self._caught)))

    def _open(self, wearer: WearerSource, bundle: Bundle, lines: StdoutWriter | None) -> None:
        """Build a wearer's session; one whose source is not there is left out, and said."""
        from ecg_live.wearers.synchrony import SynchronySink

        participant, feed = ParticipantState(wearer.settings, wearer.uri), SynchronySink()
        kept = WINDOW_KEPT_S if self._windowed else TERMINAL_KEPT_S
        recordings = self._recorded.setdefault(wearer.name, [])
        try:
            session = build_session(
                wearer.uri,
                wearer.settings,
                participant,
                self._caught,
                watched=self._windowed or lines is None,
                member=GroupMember(wearer.name, bundle, lines, kept, (feed,), recordings),
            )
        except ConfigError:  # a mistake of the user's, not a source that is away
            raise
        except EcgLiveError as error:
            self._fail(wearer.name, error, error.exit_code)
        else:
            self._participants.append(participant)
            self._sessions[session] = wearer.name
            self._feeds.append(feed)

    def _follow_synchrony(self, bundle: Bundle, lines: StdoutWriter | None) -> SynchronyTracker | None:
        """Correlate all pairs, if it is shown or written somewhere."""
        from ecg_live.signal.synchrony import DEFAULT_WIDTH_S
        from ecg_live.wearers.synchrony import SynchronyTracker

        asked = self._settings.synchrony
        if len(self._sessions) < 2 or not (self._windowed or asked):
            return None
        tracker = SynchronyTracker(
            list(self._sessions.values()),
            bundle.head_infos,
            round(asked or DEFAULT_WIDTH_S),
            self._settings.hop,
            replay=all(session.info.replay for session in self._sessions),
            on_report=None if lines is None or asked is None else _line_writer(lines),
        )
        for number, feed in enumerate(self._feeds):
            feed.feed(tracker, number)
        return tracker

    def _show(self, group: SessionGroup, synchrony: SynchronyTracker | None) -> None:
        if self._windowed:
            self._show_window(group, synchrony)
        elif self._settings.json:
            self._wait(group)
        else:
            self._show_in_terminal(group)

    def _wait(self, group: SessionGroup) -> None:
        while not group.wait(0.1):
            self._report_ended()

    def _show_in_terminal(self, group: SessionGroup) -> None:
        from ecg_live.cli.terminal_wearers import show_wearers

        try:
            show_wearers(group, self._sessions, self._report_ended)
        except OSError as error:
            if not self._caught:  # the signal says that the terminal was closed
                raise EcgLiveError(
                    f"the terminal does not take any more: {error.strerror}", "check where it goes"
                ) from error

    def _show_window(self, group: SessionGroup, synchrony: SynchronyTracker | None) -> None:
        """Show the window; if it cannot draw any more, recordings and outputs go on without it."""
        from ecg_live.cli.terminal import summary_line
        from ecg_live.dashboard.app import DrawingError
        from ecg_live.dashboard.tiles.app import run_tiles

        def over() -> bool:
            self._report_ended()
            return bool(self._settings.seconds) and group.wait(0)

        model = Path(self._settings.model).name if self._settings.model else DEFAULT_MODEL.stem
        wearers = [(name, session) for session, name in self._sessions.items()]
        parts = [f"{len(wearers)} wearers" if len(wearers) > 1 else "1 wearer", self._settings.session]
        title = "  \N{MIDDLE DOT}  ".join(part for part in parts if part)
        try:
            run_tiles(
                wearers,
                title=title,
                model=model,
                synchrony=synchrony,
                over=over,
                on_first_frame=self._start.on_first_frame,
                memory=window_file(),
            )
        except DrawingError as error:
            if not (self._settings.json or any(session.recording for session in self._sessions)):
                raise
            print_error(error)
            print_notice("the sessions go on without their window; Ctrl-C ends them")
            self._wait(group)
            return
        group.stop()
        self._wait(group)
        if not self._settings.json:
            for session, name in self._sessions.items():
                print_notice(f"{name}: {summary_line(session)}")

    def _stop(self, group: SessionGroup) -> None:
        """Stop all sessions, and close the window."""
        group.stop()
        if self._windowed:
            from ecg_live.dashboard.app import request_quit

            request_quit()

    def _join(self) -> None:
        """Join all recordings of this run; they stay as they are unless all of them are in the checked file."""
        from ecg_live.cli.joining import join_run

        try:
            join_run(self._recorded, [each.settings.participant for each in self._wearers], self._settings)
        except EcgLiveError as error:
            remedy = f"{error.remedy or 'mend it'}; then ecg-live join. Each wearer's own recording is kept"
            self._fail("one file", EcgLiveError(error.message, remedy), error.exit_code)

    def _report_ended(self) -> None:
        """Print the errors of the sessions that have ended with one since."""
        for session, name in self._sessions.items():
            if session in self._reported or not session.wait(0):
                continue
            self._reported.add(session)
            if session.crash is not None and self._debug:
                raise session.crash
            if session.error is not None:
                self._fail(name, session.error, CRASH_EXIT_CODE if session.crash else session.error.exit_code)

    def _fail(self, name: str, error: EcgLiveError, code: int) -> None:
        text = error.message if error.message.startswith(name) else f"{name}: {error.message}"
        self._start.report(EcgLiveError(text, error.remedy))
        self._code = self._code or code

    def _drain(self, lines: StdoutWriter) -> None:
        """Wait until all lines were read."""
        try:
            lines.drain()
        except (OSError, EcgLiveError) as error:
            self._fail("JSON lines", EcgLiveError(str(error), "check what reads them"), EcgLiveError.exit_code)


def _line_writer(lines: StdoutWriter) -> Callable[[Sequence[Synchrony]], None]:
    """Write a JSON line for each value; the tracker ends nothing if nobody reads them, the sessions' own lines do."""
    from ecg_live.sinks.jsonl import round_floats, synchrony_fields

    def write(values: Sequence[Synchrony]) -> None:
        for value in values:
            lines.write(json.dumps(round_floats(synchrony_fields(value)), allow_nan=False) + "\n")

    return write


@contextmanager
def _ending(group: SessionGroup) -> Iterator[None]:
    """Have all sessions end with the block."""
    try:
        yield
    finally:
        group.stop()
        while not group.wait(0.1):
            pass
