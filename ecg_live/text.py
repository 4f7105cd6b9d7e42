"""Text for one line of a screen: foreign text (file names, device names, markers) sanitized, durations in words."""

from __future__ import annotations


def sanitize(text: str) -> str:
    """Replace control characters, terminal escapes and marks of writing direction by spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


def duration_text(seconds: float) -> str:
    """Return a duration in the units that a reader expects: ``42 s``, ``12 min``, ``3 h 5 min``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours >= 2 else f"{whole // 60} min"
