r"""The lines by which other programs note markers.

A program connects to the session's port on 127.0.0.1 (``--mark-port N``) and sends lines of UTF-8, each ended by a
newline; each gets one line in answer::

    TOKEN 3fq9c                   OK           the first line; the session printed the token when it started
    MARK stimulus on              OK 12.345    noted now, which is 12.345 s of raw time
    MARK@81234.567 stimulus on    OK 12.340    noted at that time of the session clock
    MARK@1.7e9 stimulus on        ERR 1.7e+09 is ...
    SAVED                         OK yes       all markers by now are in a recording
    SAVED                         OK no        some are in none; one that begins takes them along

``OK -``: the marker was noted before the first sample, so that its raw time is not known. The session clock is LSL's
``local_clock``, which on one machine is Python's ``time.monotonic``. A connection may stay open for as long as it
likes. In Python::

    with socket.create_connection(("127.0.0.1", 16580)) as line:
        line.sendall(b"TOKEN 3fq9c\nMARK stimulus on\n")
        print(line.recv(100))

The socket by which ``ecg-live mark`` finds a session takes the same lines without the first: only its user can open it.
"""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

from ecg_live.parse_number import parse_number
from ecg_live.text import sanitize

MAX_LINE_BYTES = 4096
SAVED_COMMAND = "SAVED"  # asks whether all markers are in a recording
MAX_MARKER_AGE_S, MAX_MARKER_LEAD_S = 3600.0, 1.0  # from now; a time beyond is on another clock


class RequestRefused(Exception):
    """A request is refused; the message is the answer."""


class MarkRequest(NamedTuple):
    """A marker to note, at ``time`` on the session clock."""

    time: float
    text: str


def parse_request(line: bytes, now: float) -> MarkRequest:
    """Read a line that came at ``now`` on the session clock.

    Raises
    ------
    Refused
        It is not a marker.
    """
    command, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
    verb, at, stamp = command.partition("@")
    if verb != "MARK":
        raise RequestRefused(f"{quote_input(command)} is not a command; write MARK text or MARK@time text")
    text = sanitize(rest).strip()
    if not text:
        raise RequestRefused("a marker needs a text")
    return MarkRequest(_time(stamp, now) if at else now, text)


def quote_input(text: str) -> str:
    """Foreign input, sanitized and shortened, for an answer."""
    return repr(sanitize(text).strip()[:20])


def _time(stamp: str, now: float) -> float:
    try:
        time = parse_number(stamp)
    except ValueError:
        time = float("nan")
    if not isfinite(time):
        raise RequestRefused(f"{quote_input(stamp)} is not a time in seconds")
    if not -MAX_MARKER_AGE_S <= time - now <= MAX_MARKER_LEAD_S:
        raise RequestRefused(
            f"{time:g} is not on the session clock, where it is {now:.3f} s now; see LSL's local_clock"
        )
    return time
