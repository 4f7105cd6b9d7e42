"""Sanitize foreign text (file names, device names, markers) for one line of a screen."""

from __future__ import annotations


def sanitize(text: str) -> str:
    """Replace control characters, terminal escapes and marks of writing direction by spaces."""
    return "".join(character if character.isprintable() else " " for character in text)
