"""Text of a marker sample, from any number of channels, of strings or numbers; files and live streams share it."""

from __future__ import annotations

from collections.abc import Sequence


def marker_text(row: Sequence[object]) -> str:
    """Return a marker's text as it was sent, several channels joined in one line. Integers keep all their digits."""
    words = [value_text(value) for value in row]
    return words[0] if len(words) == 1 else " ".join(" ".join(words).split())


def value_text(value: object) -> str:
    """Return one value as text; integers keep all their digits."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
