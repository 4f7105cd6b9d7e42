"""What strangers wrote cannot steer a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.text import duration_text, sanitize


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Grüße, 心拍 ❤", "Grüße, 心拍 ❤"),
        ("\x1b[2J\x1b]0;title\x07x", " [2J ]0;title x"),
        ("\x9b31mred\r\n\tb\x00", " 31mred   b "),
        ("evil\u202etxt.exe", "evil txt.exe"),
        ("a\udcffb", "a b"),
        ("  \u2028 ", "    "),
    ],
)
def test_control_characters_become_spaces(text: str, said: str) -> None:
    assert sanitize(text) == said


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    assert sanitize(text).isprintable()
    sanitize(text).encode()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (119.4, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h 0 min"), (11_100, "3 h 5 min")],
)
def test_durations_in_the_units_that_a_reader_expects(seconds: float, words: str) -> None:
    assert duration_text(seconds) == words
