"""Note a marker in a session that runs in another process."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple, NoReturn

from ecg_live.errors import ConfigError, DeviceError, DeviceNotFound
from ecg_live.markers.protocol import LINE, SAVED
from ecg_live.markers.registry import Door, at_port, chosen
from ecg_live.parse_number import number
from ecg_live.text import clean

ANSWER = 5.0  # s; the session's own patience is shorter


class Noted(NamedTuple):
    """Raw time (s) of a marker, None before the first sample, and whether a recording has it."""

    raw: float | None
    saved: bool


def find(port: int | None, token: str | None, pid: int | None, session: str | None) -> Door:
    """Find the one session that is meant.

    Raises
    ------
    ConfigError
        Several could be meant.
    DeviceNotFound
        None runs.
    """
    if port is not None:
        return at_port(port, token)
    doors = chosen(pid, session)
    if not doors:
        wanted = f" with process id {pid}" if pid is not None else f" named {session}" if session is not None else ""
        others = "; ".join(map(str, chosen()))
        remedy = f"choose one that runs: {others}" if others else "start one with ecg-live run, or name --port"
        raise DeviceNotFound(f"no session{wanted} runs on this machine", remedy)
    if len(doors) > 1:
        raise ConfigError(f"several sessions run: {'; '.join(map(str, doors))}", "choose one with --pid or --session")
    return doors[0]


def send(door: Door, text: str, time: float) -> Noted:
    """Note a marker at ``time`` on the session clock.

    Raises
    ------
    ConfigError
        The text is empty or too long, or the token is wrong.
    DeviceError
        The session does not answer, or refuses.
    """
    plain = clean(text).strip()
    mark = f"MARK@{time!r} {plain}\n".encode()
    asked = f"{SAVED}\n".encode()
    if not plain:
        raise ConfigError("the text is empty", 'give one, such as ecg-live mark "stimulus on"')
    if len(mark) > LINE:
        raise ConfigError(f"the text has {len(text)} characters; a line holds {LINE} bytes", "give a shorter text")
    try:
        with door.connect() as line, line.makefile("rb") as answers:
            line.settimeout(ANSWER)
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have said why before it hung up
                line.sendall((f"TOKEN {door.token or '-'}\n".encode() if door.path is None else b"") + mark + asked)
            answer = answers.readline(LINE)
            if door.path is None and answer.startswith(b"OK"):
                answer = answers.readline(LINE)
            saved = answers.readline(LINE) if answer.startswith(b"OK") else b""
    except TimeoutError as error:
        said = f"{door} does not answer within {ANSWER:g} s"
        raise DeviceNotFound(said, "look whether it runs; it may note the marker once it goes on") from error
    except OSError as error:
        raise DeviceNotFound(f"{door} does not answer: {error}", "check that it runs and takes markers") from error
    verb, _, rest = answer.decode("utf-8", "replace").strip().partition(" ")
    if verb != "OK":
        _refused(door, rest)
    try:
        raw = None if rest == "-" else number(rest)
    except ValueError as error:
        raise DeviceError(
            f"{door} answers {clean(rest)[:40]!r}, no time in seconds", "is it a session's port?"
        ) from error
    return Noted(raw, saved.strip() != b"OK no")


def _refused(door: Door, reason: str) -> NoReturn:
    if "token" in reason:
        raise ConfigError(f"{door}: {reason}", "give the --token that the session printed")
    raise DeviceError(f"{door}: {clean(reason).strip() or 'no answer'}", "check that it runs and takes markers")
