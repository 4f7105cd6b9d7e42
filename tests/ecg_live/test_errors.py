"""Messages stay as short as people can read, whatever they quote."""

import pytest

from ecg_live.errors import MAX_MESSAGE_CHARACTERS, FormatError, shortened
from ecg_live.events import State


@pytest.mark.parametrize("length", [0, 1, MAX_MESSAGE_CHARACTERS - 1, MAX_MESSAGE_CHARACTERS])
def test_what_is_short_stays(length: int) -> None:
    assert shortened("x" * length) == "x" * length


@pytest.mark.parametrize("length", [MAX_MESSAGE_CHARACTERS + 1, 469_000])
def test_the_middle_of_what_is_long_is_left_out(length: int) -> None:
    text = "name.csv: found " + "x" * length + ", expected a number"
    short = shortened(text)
    assert len(short) == MAX_MESSAGE_CHARACTERS
    assert short.startswith("name.csv: found x")
    assert short.endswith("x, expected a number")


@pytest.mark.parametrize(
    "text", ["signal, a\nlabel", "signal, a\r\nlabel", "signal, a\x1clabel", "signal, a\u2028label"]
)
def test_errors_and_warnings_are_one_line(text: str) -> None:
    error = FormatError(f"found {text}", text)
    assert (error.message, error.remedy) == ("found signal, a label", "signal, a label")
    assert State("warning", text).detail == "signal, a label"


def test_errors_and_warnings_are_short() -> None:
    error = FormatError("x" * 469_000, "y" * 1000)
    assert (len(error.message), len(error.remedy)) == (MAX_MESSAGE_CHARACTERS, MAX_MESSAGE_CHARACTERS)
    assert len(str(error)) < 2 * MAX_MESSAGE_CHARACTERS + 10
    assert len(State("warning", "x" * 1000).detail) == MAX_MESSAGE_CHARACTERS
    path = "/data" * 100
    assert State("recording", path).detail == path
