"""The lines by which programs note markers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.markers.protocol import MAX_MARKER_AGE_S, MAX_MARKER_LEAD_S, MarkRequest, RequestRefused, parse_request

NOW = 5000.0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"MARK stimulus on\n", MarkRequest(NOW, "stimulus on")),
        (b"MARK stimulus on\r\n", MarkRequest(NOW, "stimulus on")),
        (b"MARK  two  spaces", MarkRequest(NOW, "two  spaces")),
        (b"MARK@4990.25 late\n", MarkRequest(4990.25, "late")),
        (b"MARK@4.99e3 late\n", MarkRequest(4990.0, "late")),
        ("MARK Größe 1 µV ♥\n".encode(), MarkRequest(NOW, "Größe 1 µV ♥")),
        (b"MARK a\x1b[2Jb\x07\x00c\td\n", MarkRequest(NOW, "a [2Jb  c d")),
        (b"MARK \xff\xfe\n", MarkRequest(NOW, "��")),
        ("MARK a\u2028b\u202ec\n".encode(), MarkRequest(NOW, "a b c")),
        (b"MARK@4000 MARK@1 x\n", MarkRequest(4000.0, "MARK@1 x")),
    ],
)
def test_what_is_a_marker(line: bytes, expected: MarkRequest) -> None:
    assert parse_request(line, NOW) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\n", "'' is not a command"),
        (b"mark x\n", "'mark' is not a command"),
        (b"GET / HTTP/1.1\r\n", "'GET' is not a command"),
        (b"MARK\n", "needs a text"),
        (b"MARK \x00\x01 \n", "needs a text"),
        (b"MARK@ x\n", "'' is not a time"),
        (b"MARK@soon x\n", "'soon' is not a time"),
        (b"MARK@nan x\n", "'nan' is not a time"),
        (b"MARK@-inf x\n", "'-inf' is not a time"),
        (b"MARK@4_990 x\n", "'4_990' is not a time"),
        ("MARK@\uff14\uff19\uff19\uff10 x\n".encode(), "is not a time"),
        (b"MARK@1e999 x\n", "'1e999' is not a time"),
        (b"MARK@1700000000 x\n", "1.7e\\+09 is not on the session clock, where it is 5000.000 s now"),
        (b"MARK@5001.1 x\n", "is not on the session clock"),
        (b"MARK@1399 x\n", "is not on the session clock"),
    ],
)
def test_what_is_none(line: bytes, reason: str) -> None:
    with pytest.raises(RequestRefused, match=reason):
        parse_request(line, NOW)


@given(st.one_of(st.binary(max_size=100), st.binary(max_size=60).map(lambda rest: b"MARK@" + rest)))
def test_any_bytes_are_a_marker_or_refused_in_a_line(line: bytes) -> None:
    answer = ""
    try:
        answer = parse_request(line, NOW).text
        assert NOW - MAX_MARKER_AGE_S <= parse_request(line, NOW).time <= NOW + MAX_MARKER_LEAD_S
    except RequestRefused as error:
        answer = str(error)
    assert answer
    assert answer.isprintable()
