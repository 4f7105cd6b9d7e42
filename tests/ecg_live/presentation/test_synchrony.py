"""Synchrony in words."""

from __future__ import annotations

import math

from ecg_live.presentation.synchrony import CAUTION_TEXT, pair_text, reading_text, waiting_text


def test_a_pair() -> None:
    assert pair_text(0.91, 0.6) == "r = 0.91, beyond chance (±0.60)"
    assert pair_text(-0.41, 0.6) == "r = -0.41, within chance (±0.60)"
    assert pair_text(math.nan, 1.0) == "not known yet"


def test_how_many_are_so_by_chance() -> None:
    assert "Of 120 pairs about 8" in reading_text(16, 180)
    assert "by chance" not in reading_text(2, 180)
    assert "last 3 min" in reading_text(2, 180)


def test_what_is_missing() -> None:
    assert waiting_text(50, 120) == "The first value needs 120 s that two wearers have in common; 50 s are there."
    assert waiting_text(120, 120) == ""


def test_what_it_does_not_show() -> None:
    assert "without any interaction" in CAUTION_TEXT
