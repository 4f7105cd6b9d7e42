"""Read numbers in text of instruments, files and users."""

from __future__ import annotations

import re

_NUMBER_PATTERN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.ASCII | re.IGNORECASE)


def parse_number(text: str) -> float:
    """Read a number as instruments, files and users write it; surrounding blanks are ignored.

    Python's ``float`` also takes its own spelling of ``1_000``, and digits of any script. NaN and infinities are read;
    callers check their limits.

    Raises
    ------
    ValueError
        It is not a number.
    """
    plain = text.strip()
    if not _NUMBER_PATTERN.fullmatch(plain):
        raise ValueError(f"{text[:40]!r} is not a number")
    return float(plain)
