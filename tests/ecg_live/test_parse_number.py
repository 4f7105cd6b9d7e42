"""What counts as a number in text that others wrote."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.parse_number import parse_number


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1.0), (" -2.5\n", -2.5), ("+.5", 0.5), ("3.", 3.0), ("1e-3", 1e-3), ("1E300", 1e300)]
)
def test_numbers(text: str, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", " ", "1_0", "1 0", "1,5", "0x10", "٣", "\uff11", "1e", ".", "--1", "in"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_number(text)


@given(st.floats())
def test_whatever_python_writes_is_read(value: float) -> None:
    again = parse_number(repr(value))
    assert again == value or (math.isnan(again) and math.isnan(value))
