"""What a card shows of a head's sets: one that is not shown to beat chance does not answer live."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ecg_live.model.card import HeadCard
from ecg_live.model.features import FeatureKind

NOT_SHOWN = "not shown to beat chance"  # why a head abstains
SHOW_UNPROVEN = "--show-unproven"  # the option that lets such a head answer
LOSO_TEXT = "leave one subject out"  # begins the protocol of scores on new subjects
GROUPS_TEXT = "leave groups of subjects out"  # likewise
CHANCE_AUROC = 0.5
MAX_ORDER_LOSS = 0.1  # of AUROC, in an order of the windows, against the order in which they were recorded
CONSTANT = "majority class"  # in rows of scores: always the classes' shares
CONSTANT_RATING = "mean rating"  # of a head that gives a number: always that of the training subjects
CHOSEN_TEXT = "chosen in each fold"  # in rows of scores: features that no scored subject had a say in
FEATURE_TEXTS: Mapping[FeatureKind, str] = {
    "hrv": "HR + HRV",
    "embedding": "this encoder",
    "both": "this encoder + HR + HRV",
}  # in rows of scores


def beats_chance(card: HeadCard, name: str) -> bool:
    """Whether the 95 % interval of a set's AUROC on subjects who were left out lies above .5, in every order scored.

    It is about ranking. Probabilities may be worse than a constant all the same: see `worse_than_constant`. Scores of a
    training run whose own checks failed show nothing. A head that gives a number must err less than always the mean
    rating: the interval of the difference of their root mean squared errors lies below 0.
    """
    if not _checks_passed(card):
        return False
    if card.scale:
        return _highest(_against_constant(card, name).get("interval")) < 0
    row = scored_row(card, name)
    orders = [each for each in _mapping(row.get("orders")).values() if isinstance(each, Mapping)]
    return all(_lowest(each.get("interval")) > CHANCE_AUROC for each in (row, *orders))


def _checks_passed(card: HeadCard) -> bool:
    """Whether all checks that ran with the training passed; cards of older versions have none."""
    checks = card.scores.get("checks", ())
    return isinstance(checks, list | tuple) and all(_mapping(each).get("passed") is True for each in checks)


def order_loss(natural: float, others: Iterable[float]) -> float:
    """How much AUROC a set loses in the worst other order of the windows; 0 without one."""
    return max((natural - each for each in others), default=0.0)


def falls_in_an_order(card: HeadCard, name: str) -> bool:
    """Whether a set loses more than `MAX_ORDER_LOSS` in another order: it has learnt the order of the conditions."""
    row = scored_row(card, name)
    others = [_number(each.get("auroc")) for each in _mapping(row.get("orders")).values() if isinstance(each, Mapping)]
    return not order_loss(_number(row.get("auroc")), others) <= MAX_ORDER_LOSS if others else False


def worse_than_constant(card: HeadCard, name: str) -> bool:
    """Whether a set's probabilities are no better than the classes' shares, by the Brier score."""
    if card.scale:
        return _number(_against_constant(card, name).get("difference")) >= 0
    row = scored_row(card, name)
    constant = row.get("brier_constant", _row(card, name, CONSTANT).get("brier"))
    return _number(row.get("brier")) >= _number(constant)


def answering_sets(card: HeadCard) -> tuple[str, ...]:
    """Sets that answer live: those that beat chance, and rank no worse than the population one."""
    shown = [name for name in card.sets if beats_chance(card, name) and not falls_in_an_order(card, name)]
    if "population" in shown:
        least = _merit(card, "population")
        shown = [name for name in shown if not _merit(card, name) < least]
    return tuple(shown)


def scored_row(card: HeadCard, name: str) -> Mapping[str, Any]:
    """Scores of a set on subjects who were left out; empty if there are none.

    Where features were chosen, those of the choice made in each fold: the score of the features that were chosen in the
    end has seen the subjects that it is about.
    """
    return _row(card, name, CHOSEN_TEXT) or _row(card, name, FEATURE_TEXTS[card.inputs[name]])


def describe_evidence(card: HeadCard, name: str) -> str:
    """One clause on what the card shows of a set."""
    if not beats_chance(card, name):
        return f"{NOT_SHOWN}: answers only with {SHOW_UNPROVEN}"
    if falls_in_an_order(card, name):
        return f"falls with the order of the windows: answers only with {SHOW_UNPROVEN}"
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
    if not (
        isinstance(protocol, str) and protocol.startswith((LOSO_TEXT, GROUPS_TEXT)) and isinstance(rows, list | tuple)
    ):
        return {}
    found = [row for row in rows if isinstance(row, Mapping) and row.get("features") == features]
    return next((row for row in found if _set_of(row) == name), {})


def _set_of(row: Mapping[str, Any]) -> object:
    """The set that a row is about; of older cards by the row's baseline."""
    return row.get("set", "population" if row.get("baseline") == "no" else "personal")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _highest(interval: object) -> float:
    return _number(interval[-1]) if isinstance(interval, list | tuple) and interval else math.nan


def _lowest(interval: object) -> float:
    return _number(interval[0]) if isinstance(interval, list | tuple) and interval else math.nan


def _number(value: object) -> float:
    """A score; NaN, which compares as false, where there is none."""
    return float(value) if isinstance(value, int | float) else math.nan
