"""Run several wearers' sessions together: show them until all have ended, and end them cleanly."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ecg_live.cli import print_error, print_notice
from ecg_live.cli.live import CRASH_EXIT_CODE, checked_settings
from ecg_live.cli.log_file import log_to, private_words
from ecg_live.cli.participant import ParticipantState
from ecg_live.cli.session_setup import GroupMember, build_session, marker_inputs
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.cli.wearer_sources import WearerSource, wearer_sources
from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError, EcgLiveError
from ecg_live.freed_memory import keep_freed_memory
from ecg_live.resources import model_path

if TYPE_CHECKING:
    from ecg_live.model.bundle import Bundle
    from ecg_live.session import Session
    from ecg_live.sinks.stdout_writer import StdoutWriter
    from ecg_live.wearers.group import SessionGroup


def live_wearers(
    sources: Sequence[str], participants: Sequence[str], options: Mapping[str, object], *, debug: bool = False
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

    Raises
    ------
    EcgLiveError
        If no session can start.
    """
    settings = checked_settings(options)
    wearers = wearer_sources(sources, participants, settings)
    private = [word for each in wearers for word in (each.name, *private_words(each.settings, each.uri))]
    with log_to(settings.log, private):
        return _Run(wearers, settings, debug=debug).run()


class _Run:
    """One run of several sessions."""

    def __init__(self, wearers: Sequence[WearerSource], settings: LiveSettings, *, debug: bool) -> None:
        self._wearers = wearers
        self._settings = settings
        self._debug = debug
        self._caught = CaughtSignals()
        self._participants: list[ParticipantState] = []
        self._sessions: dict[Session, str] = {}
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
        for wearer in self._wearers:
            self._open(wearer, bundle, lines)
        if not self._sessions:
            return self._code
        if not (self._settings.headless or self._settings.json):
            print_notice(f"{len(self._wearers)} wearers are shown in the terminal")
        group = SessionGroup(list(self._sessions), open_engine(bundle), self._settings.hop)
        with (
            marker_inputs(group, self._settings, ", ".join(wearer.name for wearer in self._wearers)),
            self._caught.handled(group.stop, *session_signals()),
            _ending(group),
        ):
            group.start()
            self._show(group)
        self._report_ended()
        if lines is not None:
            self._drain(lines)
        codes = [participant.save() for participant in self._participants]
        return self._code or self._caught.exit_code or max(codes, default=0)

    def _output_lines(self) -> StdoutWriter | None:
        """Where JSON lines of all wearers go."""
        from ecg_live.sinks.stdout_writer import StdoutWriter

        if not self._settings.json:
            return None
        return StdoutWriter(sys.stdout, lambda: bool(self._caught), waits=self._settings.speed != 1)

    def _open(self, wearer: WearerSource, bundle: Bundle, lines: StdoutWriter | None) -> None:
        """Build a wearer's session; one whose source is not there is left out, and said."""
        participant = ParticipantState(wearer.settings, wearer.uri)
        try:
            session = build_session(
                wearer.uri,
                wearer.settings,
                participant,
                self._caught,
                watched=lines is None,
                member=GroupMember(wearer.name, bundle, lines),
            )
        except ConfigError:  # a mistake of the user's, not a source that is away
            raise
        except EcgLiveError as error:
            self._fail(wearer.name, error, error.exit_code)
        else:
            self._participants.append(participant)
            self._sessions[session] = wearer.name

    def _show(self, group: SessionGroup) -> None:
        if self._settings.json:
            while not group.wait(0.1):
                self._report_ended()
            return
        from ecg_live.cli.terminal_wearers import show_wearers

        try:
            show_wearers(group, self._sessions, self._report_ended)
        except OSError as error:
            raise EcgLiveError(
                f"the terminal does not take any more: {error.strerror}", "check where it goes"
            ) from error

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
        print_error(EcgLiveError(text, error.remedy))
        self._code = self._code or code

    def _drain(self, lines: StdoutWriter) -> None:
        """Wait until all lines were read."""
        try:
            lines.drain()
        except (OSError, EcgLiveError) as error:
            self._fail("JSON lines", EcgLiveError(str(error), "check what reads them"), EcgLiveError.exit_code)


@contextmanager
def _ending(group: SessionGroup) -> Iterator[None]:
    """Have all sessions end with the block."""
    try:
        yield
    finally:
        group.stop()
        while not group.wait(0.1):
            pass
