"""The synchrony of wearers in words. Independent of Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from statistics import median

from ecg_live.presentation.formatting import number_text
from ecg_live.results import Synchrony
from ecg_live.text import duration_text

# Of windows of 60 s of 153 pairs of subjects who rested on other days (EEGMAT, heart rate); 5 % were aimed at.
CHANCE_SHARE = 0.07
CAUTION_TEXT = (
    "Wearers who see, hear or do the same at the same time correlate without any interaction between them; so do "
    "breathing and movement in step. A correlation alone is no evidence of contact, empathy or influence."
)


def pair_text(r: float, limit: float) -> str:
    """A pair's correlation, and whether chance may have made it."""
    if not isfinite(r):
        return "not known yet"
    chance = "beyond" if abs(r) > limit else "within"
    return f"r = {number_text(r, 2)}, {chance} chance (\N{PLUS-MINUS SIGN}{number_text(limit, 2)})"


def reading_text(wearers: int, width: int) -> str:
    """How to read the values of all pairs."""
    pairs = wearers * (wearers - 1) // 2
    text = (
        f"Pearson's r over the last {duration_text(width)}. Bold: beyond what 95 % of unrelated pairs reach whose "
        "values change as slowly."
    )
    expected = round(CHANCE_SHARE * pairs)
    return f"{text} Of {pairs} pairs about {expected} are so by chance." if expected >= 1 else text


def waiting_text(longest: int, needed: int) -> str:
    """How much signal is still needed before the first value; empty once there is enough."""
    if longest >= needed:
        return ""
    return f"The first value needs {needed} s that two wearers have in common; {longest} s are there."


def summary_rows(values: Sequence[Synchrony]) -> Iterator[str]:
    """A table of all pairs and measures: r over the windows, and how many of them are beyond chance."""
    pairs: dict[tuple[tuple[str, str], str], list[Synchrony]] = {}
    for value in values:
        pairs.setdefault((value.wearers, value.measure), []).append(value)
    rows: list[tuple[str, ...]] = [("pair", "measure", "median r", "lowest", "highest", "beyond chance")]
    for ((one, other), measure), found in pairs.items():
        r = [value.r for value in found]
        beyond = sum(abs(value.r) > value.limit for value in found)
        figures = (number_text(figure, 2) for figure in (median(r), min(r), max(r)))
        rows.append((f"{one}, {other}", measure, *figures, f"{beyond} of {len(found)} windows"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    width = duration_text(values[0].seconds)
    yield f"Windows of {width}, every 10 s; neighbours overlap. By chance 5 to 7 % are beyond."
