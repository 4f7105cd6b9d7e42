"""What a card shows of a head's sets: one that is not shown to beat chance does not answer live."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ecg_live.model.card import HeadCard
from ecg_live.model.features import FeatureKind

NOT_SHOWN = "not shown to beat chance"  # why a head abstains
SHOW_UNPROVEN = "--show-unproven"  # the option that lets such a head answer
LOSO_TEXT = "leave one subject out"  # begins the protocol of scores on new subjects
CHANCE_AUROC = 0.5
CONSTANT = "majority class"  # in rows of scores: always the classes' shares
CONSTANT_RATING = "mean rating"  # of a head that gives a number: always that of the training subjects
FEATURE_TEXTS: Mapping[FeatureKind, str] = {
    "hrv": "HR + HRV",
    "embedding": "this encoder",
    "both": "this encoder + HR + HRV",
}  # in rows of scores


def beats_chance(card: HeadCard, name: str) -> bool:
    """Whether the 95 % interval of a set's AUROC on subjects who were left out lies above .5.

    It is about ranking. Probabilities may be worse than a constant all the same: see `worse_than_constant`. A head that
    gives a number must err less than always the mean rating: the interval of the difference of their root mean squared
    errors lies below 0.
    """
    if card.scale:
        return _highest(_against_constant(card, name).get("interval")) < 0
    low = _lowest(_row(card, name, FEATURE_TEXTS[card.inputs[name]]).get("interval"))
    return low > CHANCE_AUROC


def worse_than_constant(card: HeadCard, name: str) -> bool:
    """Whether a set's probabilities are no better than the classes' shares, by the Brier score."""
    if card.scale:
        return _number(_against_constant(card, name).get("difference")) >= 0
    own = _number(_row(card, name, FEATURE_TEXTS[card.inputs[name]]).get("brier"))
    constant = _number(_row(card, name, CONSTANT).get("brier"))
    return own >= constant


def answering_sets(card: HeadCard) -> tuple[str, ...]:
    """Sets that answer live: those that beat chance, and the personal one only if it ranks no worse than the other."""
    shown = [name for name in card.sets if beats_chance(card, name)]
    if {"population", "personal"} <= set(shown):
        merit = {name: _merit(card, name) for name in ("population", "personal")}
        if merit["personal"] < merit["population"]:
            shown.remove("personal")
    return tuple(shown)


def describe_evidence(card: HeadCard, name: str) -> str:
    """One clause on what the card shows of a set."""
    if not beats_chance(card, name):
        return f"{NOT_SHOWN}: answers only with {SHOW_UNPROVEN}"
    if name not in answering_sets(card):
        return f"worse than the population set: answers only with {SHOW_UNPROVEN}"
    constant = "; its probabilities are no better than a constant" if worse_than_constant(card, name) else ""
    return f"{'errs less than a constant' if card.scale else 'ranks better than chance'}{constant}"


def _merit(card: HeadCard, name: str) -> float:
    """What sets of a head are compared by: AUROC, or how little a number errs."""
    row = _row(card, name, FEATURE_TEXTS[card.inputs[name]])
    return -_number(row.get("rmse")) if card.scale else _number(row.get("auroc"))


def _against_constant(card: HeadCard, name: str) -> Mapping[str, Any]:
    """How the error of a number compares with that of always the mean rating; empty if it was not compared."""
    versus = _row(card, name, FEATURE_TEXTS[card.inputs[name]]).get("versus")
    found = versus.get(CONSTANT_RATING) if isinstance(versus, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _row(card: HeadCard, name: str, features: str) -> Mapping[str, Any]:
    """Scores of some features for subjects who were left out, with or without a baseline as the set; empty if none."""
    protocol, rows = card.scores.get("protocol"), card.scores.get("rows")
    if not (isinstance(protocol, str) and protocol.startswith(LOSO_TEXT) and isinstance(rows, list | tuple)):
        return {}
    found = [row for row in rows if isinstance(row, Mapping) and row.get("features") == features]
    return next((row for row in found if (row.get("baseline") != "no") == (name == "personal")), {})


def _highest(interval: object) -> float:
    return _number(interval[-1]) if isinstance(interval, list | tuple) and interval else math.nan


def _lowest(interval: object) -> float:
    return _number(interval[0]) if isinstance(interval, list | tuple) and interval else math.nan


def _number(value: object) -> float:
    """A score; NaN, which compares as false, where there is none."""
    return float(value) if isinstance(value, int | float) else math.nan
