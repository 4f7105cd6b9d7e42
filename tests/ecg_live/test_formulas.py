"""Texts as cells that no spreadsheet computes, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.formulas import escape_formula, unescape_formula


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "\t'=1"),
        ("\r\n=1", "\r\n'=1"),
        ("go;=1+1", "go;'=1+1"),
        ("\uff1d1", "'\uff1d1"),
        ("'=1", "''=1"),
        ("'quoted", "''quoted"),
        ("stimulus on, a=b, it's -3", "stimulus on, a=b, it's -3"),
        ("", ""),
    ],
)
def test_what_would_be_computed_is_only_shown(text: str, cell: str) -> None:
    assert escape_formula(text) == cell
    assert unescape_formula(cell) == text


@given(st.text(st.sampled_from("=+-@';,\t\r\n\uff0b ab1"), max_size=12))
def test_every_text_comes_back_and_none_begins_a_formula(text: str) -> None:
    cell = escape_formula(text)
    assert unescape_formula(cell) == text
    for part in cell.replace(";", "\n").replace(",", "\n").replace("\t", "\n").replace("\r", "\n").split("\n"):
        assert not part.startswith(("=", "+", "-", "@", "\uff0b"))
