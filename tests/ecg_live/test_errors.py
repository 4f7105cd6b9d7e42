"""Messages stay as short as people can read, whatever they quote."""

import pytest

from ecg_live.errors import LONGEST_MESSAGE, FormatError, shortened
from ecg_live.events import State


@pytest.mark.parametrize("length", [0, 1, LONGEST_MESSAGE - 1, LONGEST_MESSAGE])
def test_what_is_short_stays(length: int) -> None:
    assert shortened("x" * length) == "x" * length


@pytest.mark.parametrize("length", [LONGEST_MESSAGE + 1, 469_000])
def test_the_middle_of_what_is_long_is_left_out(length: int) -> None:
    text = "name.csv: found " + "x" * length + ", expected a number"
    short = shortened(text)
    assert len(short) == LONGEST_MESSAGE
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
    assert (len(error.message), len(error.remedy)) == (LONGEST_MESSAGE, LONGEST_MESSAGE)
    assert len(str(error)) < 2 * LONGEST_MESSAGE + 10
    assert len(State("warning", "x" * 1000).detail) == LONGEST_MESSAGE
    path = "/data" * 100
    assert State("recording", path).detail == path
