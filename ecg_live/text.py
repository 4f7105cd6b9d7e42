"""Text that others wrote (file names, device names, markers), made fit for one line of a screen."""

from __future__ import annotations


def sanitize(text: str) -> str:
    """Make spaces of control characters, a terminal's escapes among them, and of marks that turn the writing around."""
    return "".join(character if character.isprintable() else " " for character in text)
