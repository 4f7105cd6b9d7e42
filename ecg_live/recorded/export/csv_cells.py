"""What the tables of a CSV export share: their names, and texts in headers."""

from __future__ import annotations

import re

from ecg_live.formulas import escape_formula

_HEADER_BREAKING = re.compile(r'[\s,;"#\[\]()]+')  # would break a header, or be read as a unit
TIME_DECIMALS = 6  # a microsecond
MARKER_TABLE, MARKER_COLUMNS = "markers", ("time [s]", "marker")
SIGNAL_TABLES = ("ecg", MARKER_TABLE, "gaps")  # file NAME_ecg.csv and so on
RESULT_TABLES = ("predictions", "self_reports", "affect_ratings")  # of a session that has such results
ANNOTATION_TABLE = "annotations"  # of what was annotated after the session
RR_TABLE = "rr"  # of RR intervals
TABLE_NAMES = (*SIGNAL_TABLES, *RESULT_TABLES, ANNOTATION_TABLE, RR_TABLE)


def header_text(name: str) -> str:
    """A channel's name as a column's; empty if nothing is left of it."""
    return escape_formula(_HEADER_BREAKING.sub(" ", name).strip())
