"""Text for people: foreign text (file names, device names, markers) sanitized, durations in words, unique names."""

from __future__ import annotations

from collections.abc import Iterable


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


def unique_names(names: Iterable[str], joint: str, taken: Iterable[str] = ()) -> list[str]:
    """Return names that differ from each other and from those ``taken`` in any case.

    A name that is used already gets ``joint`` and a number from 2.
    """
    used, unique = {name.casefold() for name in taken}, []
    for name in names:
        chosen, count = name, 1
        while chosen.casefold() in used:
            count += 1
            chosen = f"{name}{joint}{count}"
        used.add(chosen.casefold())
        unique.append(chosen)
    return unique
