"""The lines by which programs note markers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.markers.protocol import NEWEST, OLDEST, Refused, Request, parse

NOW = 5000.0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"MARK stimulus on\n", Request(NOW, "stimulus on")),
        (b"MARK stimulus on\r\n", Request(NOW, "stimulus on")),
        (b"MARK  two  spaces", Request(NOW, "two  spaces")),
        (b"MARK@4990.25 late\n", Request(4990.25, "late")),
        (b"MARK@4.99e3 late\n", Request(4990.0, "late")),
        ("MARK Größe 1 µV ♥\n".encode(), Request(NOW, "Größe 1 µV ♥")),
        (b"MARK a\x1b[2Jb\x07\x00c\td\n", Request(NOW, "a [2Jb  c d")),
        (b"MARK \xff\xfe\n", Request(NOW, "��")),
        ("MARK a\u2028b\u202ec\n".encode(), Request(NOW, "a b c")),
        (b"MARK@4000 MARK@1 x\n", Request(4000.0, "MARK@1 x")),
    ],
)
def test_what_is_a_marker(line: bytes, expected: Request) -> None:
    assert parse(line, NOW) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\n", "'' is no command"),
        (b"mark x\n", "'mark' is no command"),
        (b"GET / HTTP/1.1\r\n", "'GET' is no command"),
        (b"MARK\n", "needs a text"),
        (b"MARK \x00\x01 \n", "needs a text"),
        (b"MARK@ x\n", "'' is no time"),
        (b"MARK@soon x\n", "'soon' is no time"),
        (b"MARK@nan x\n", "'nan' is no time"),
        (b"MARK@-inf x\n", "'-inf' is no time"),
        (b"MARK@4_990 x\n", "'4_990' is no time"),
        ("MARK@\uff14\uff19\uff19\uff10 x\n".encode(), "is no time"),
        (b"MARK@1e999 x\n", "'1e999' is no time"),
        (b"MARK@1700000000 x\n", "1.7e\\+09 is not on the session clock, where it is 5000.000 s now"),
        (b"MARK@5001.1 x\n", "is not on the session clock"),
        (b"MARK@1399 x\n", "is not on the session clock"),
    ],
)
def test_what_is_none(line: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        parse(line, NOW)


@given(st.one_of(st.binary(max_size=100), st.binary(max_size=60).map(lambda rest: b"MARK@" + rest)))
def test_any_bytes_are_a_marker_or_refused_in_a_line(line: bytes) -> None:
    answer = ""
    try:
        answer = parse(line, NOW).text
        assert NOW - OLDEST <= parse(line, NOW).time <= NOW + NEWEST
    except Refused as error:
        answer = str(error)
    assert answer
    assert answer.isprintable()
