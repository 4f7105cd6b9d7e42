"""Numbers in text that others wrote."""

from __future__ import annotations

import re

_NUMBER_PATTERN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.ASCII | re.IGNORECASE)


def parse_number(text: str) -> float:
    """Read a number as instruments, files and people write it; blanks around it do not count.

    Python's ``float`` also takes its own spelling of ``1_000``, and digits of any script. NaN and infinities are read:
    whether they can be is for the caller to say, who knows the limits.

    Raises
    ------
    ValueError
        It is none.
    """
    plain = text.strip()
    if not _NUMBER_PATTERN.fullmatch(plain):
        raise ValueError(f"{text[:40]!r} is no number")
    return float(plain)
