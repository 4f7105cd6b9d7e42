"""Send a marker to a session in another process."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple, NoReturn

from ecg_live.errors import ConfigError, DeviceError, DeviceNotFound
from ecg_live.markers.protocol import MAX_LINE_BYTES, SAVED_COMMAND
from ecg_live.markers.registry import MarkerEndpoint, endpoint_at_port, matching_sessions
from ecg_live.parse_number import parse_number
from ecg_live.text import sanitize

ANSWER_TIMEOUT_S = 5.0  # above the session's own time limit


class NotedMarker(NamedTuple):
    """Raw time (s) of a marker, None before the first sample, and whether a recording has it."""

    raw: float | None
    saved: bool


def find_session(port: int | None, token: str | None, pid: int | None, session: str | None) -> MarkerEndpoint:
    """Find the session of a port, process ID or name, or the only one.

    Parameters
    ----------
    port : int, optional
        TCP port on this machine; the others but ``token`` are then ignored.
    token : str, optional
        Of the port; looked up if not given.
    pid : int, optional
        Process ID.
    session : str, optional
        Name of the session.

    Raises
    ------
    ConfigError
        Several match.
    DeviceNotFound
        None matches.
    """
    if port is not None:
        return endpoint_at_port(port, token)
    endpoints = matching_sessions(pid, session)
    if not endpoints:
        wanted = f" with process id {pid}" if pid is not None else f" named {session}" if session is not None else ""
        others = "; ".join(map(str, matching_sessions()))
        remedy = f"choose one that runs: {others}" if others else "start one with ecg-live run, or name --port"
        raise DeviceNotFound(f"no session{wanted} runs on this machine", remedy)
    if len(endpoints) > 1:
        raise ConfigError(
            f"several sessions run: {'; '.join(map(str, endpoints))}", "choose one with --pid or --session"
        )
    return endpoints[0]


def send_marker(endpoint: MarkerEndpoint, text: str, time: float) -> NotedMarker:
    """Note a marker at ``time`` on the session clock.

    Raises
    ------
    ConfigError
        The text is empty or too long, or the token is wrong.
    DeviceError
        The session does not answer, or refuses.
    """
    plain = sanitize(text).strip()
    mark = f"MARK@{time!r} {plain}\n".encode()
    asked = f"{SAVED_COMMAND}\n".encode()
    if not plain:
        raise ConfigError("the text is empty", 'give one, such as ecg-live mark "stimulus on"')
    if len(mark) > MAX_LINE_BYTES:
        raise ConfigError(
            f"the text has {len(text)} characters; a line holds {MAX_LINE_BYTES} bytes", "give a shorter text"
        )
    try:
        with endpoint.connect() as line, line.makefile("rb") as answers:
            line.settimeout(ANSWER_TIMEOUT_S)
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # it may have sent a reason before it closed the connection
                line.sendall(
                    (f"TOKEN {endpoint.token or '-'}\n".encode() if endpoint.path is None else b"") + mark + asked
                )
            answer = answers.readline(MAX_LINE_BYTES)
            if endpoint.path is None and answer.startswith(b"OK"):
                answer = answers.readline(MAX_LINE_BYTES)
            saved = answers.readline(MAX_LINE_BYTES) if answer.startswith(b"OK") else b""
    except TimeoutError as error:
        message = f"{endpoint} does not answer within {ANSWER_TIMEOUT_S:g} s"
        raise DeviceNotFound(message, "look whether it runs; it may note the marker once it goes on") from error
    except OSError as error:
        raise DeviceNotFound(f"{endpoint} does not answer: {error}", "check that it runs and takes markers") from error
    verb, _, rest = answer.decode("utf-8", "replace").strip().partition(" ")
    if verb != "OK":
        _refused(endpoint, rest)
    try:
        raw = None if rest == "-" else parse_number(rest)
    except ValueError as error:
        raise DeviceError(
            f"{endpoint} answers {sanitize(rest)[:40]!r}, no time in seconds", "is it a session's port?"
        ) from error
    return NotedMarker(raw, saved.strip() != b"OK no")


def _refused(endpoint: MarkerEndpoint, reason: str) -> NoReturn:
    if "token" in reason:
        raise ConfigError(f"{endpoint}: {reason}", "give the --token that the session printed")
    raise DeviceError(f"{endpoint}: {sanitize(reason).strip() or 'no answer'}", "check that it runs and takes markers")
