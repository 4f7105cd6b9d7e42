"""Escape texts in CSV files so that no spreadsheet takes them for formulas, and get the texts back.

A spreadsheet that opens a CSV file computes every cell that begins with ``=``, ``+``, ``-`` or ``@``, and some cut
cells at semicolons, tabs or line ends within them as well. A marker's text comes from whoever may send markers. So an
apostrophe is inserted before each such character, and before an apostrophe where it would be taken for one of ours.
`unescape_formula` undoes it exactly. Numbers stay as they are.
"""

from __future__ import annotations

import re

_CELL_START = r"(^|[;,\t\r\n])"  # of a cell, or of what is taken for one
_FORMULA_CHARACTERS = (
    "=+\\-@\uff1d\uff0b\uff0d\uff20"  # the last four are full-width forms, which Japanese spreadsheets take
)
_FORMULA_START = re.compile(rf"{_CELL_START}(?=['{_FORMULA_CHARACTERS}])")
_ESCAPED_START = re.compile(rf"{_CELL_START}'")


def escape_formula(text: str) -> str:
    """A text as a cell that is only shown."""
    return _FORMULA_START.sub(r"\1'", text)


def unescape_formula(cell: str) -> str:
    """The text that a cell holds; the inverse of `escape_formula`."""
    return _ESCAPED_START.sub(r"\1", cell)
