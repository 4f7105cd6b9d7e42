"""The range of every numeric setting: one table, checked before any work begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from ecg_live.config import MAX_BASELINE_S, MIN_BASELINE_S
from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.errors import ConfigError
from ecg_live.model.card import MAX_HIDDEN_LAYERS, MAX_LAYER_UNITS
from training.paper import PRETEXT_TASKS

MAX_FLOAT32 = 1e30  # what single precision still holds
MAX_FINE_TUNE_EPOCHS = 1000
MAX_KEPT_BACK = 0.5  # of the subjects: the heads are fitted on the others


class Limit(NamedTuple):
    """Whether a value is allowed (NaN never is), and the description of the allowed range."""

    holds: Callable[[Any], bool]
    words: str


def _within(low: float, high: float) -> Limit:
    return Limit(lambda value: low <= value <= high, f"from {low:.10g} to {high:.10g}")


POSITIVE_LIMIT = Limit(lambda value: value > 0, "above 0")
POSITIVE_FINITE = Limit(lambda value: 0 < value <= MAX_FLOAT32, f"above 0 and at most {MAX_FLOAT32:g}")
SEED_LIMIT = _within(0, 2**32 - 1)  # scikit-learn's range
SHARE_LIMIT = Limit(lambda value: 0 <= value < 1, "0 or more, and below 1")
HOP_LIMIT = Limit(
    lambda value: 0 < value <= WINDOW_SAMPLES / MODEL_RATE_HZ and float(value * MODEL_RATE_HZ).is_integer(),
    f"above 0 and at most {WINDOW_SAMPLES / MODEL_RATE_HZ:g} s, in steps of 1/{MODEL_RATE_HZ} s",
)
AMOUNT_LIMIT = _within(0, 10)
MAX_PRIOR_EXCESS = 0.005  # of the sum of probabilities: thirds are written as .333
PRIOR_LIMIT = Limit(
    lambda prior: (
        isinstance(prior, str)
        or (len(prior) > 1 and all(each > 0 for each in prior) and abs(sum(prior) - 1) <= MAX_PRIOR_EXCESS)
    ),
    "balanced, training, or a probability above 0 for each class, with the sum 1",
)
PIECES_LIMIT = _within(2, WINDOW_SAMPLES)

WINDOW_S, MAX_LAST_S = WINDOW_SAMPLES / MODEL_RATE_HZ, 24 * 3600.0
LAST_WORDS = f"0 (all of an annotation), or {WINDOW_S:g} s and more"

SETTING_LIMITS: Mapping[str, Limit] = {
    "corpus.hop": HOP_LIMIT,
    "corpus.pretext_hop": HOP_LIMIT,
    "corpus.lag": _within(0, 60),
    "corpus.last": Limit(lambda value: value == 0 or WINDOW_S <= value <= MAX_LAST_S, LAST_WORDS),
    "pretext.epochs": POSITIVE_FINITE,
    "pretext.batch": POSITIVE_LIMIT,
    "pretext.rate": POSITIVE_FINITE,
    "pretext.tasks": Limit(
        lambda names: (
            len(set(names)) == len(names) and {PRETEXT_TASKS[0]} < {PRETEXT_TASKS[0], *names} <= set(PRETEXT_TASKS)
        ),
        "tasks, each once, beside the original, without which there is nothing to tell apart; "
        f"known are {', '.join(PRETEXT_TASKS)}",
    ),
    "pretext.coefficients": Limit(
        lambda each: len(each) == len(PRETEXT_TASKS) and all(value >= 0 for value in each),
        f"numbers of 0 or more: {len(PRETEXT_TASKS)} tasks need one each",
    ),
    "pretext.l2": _within(0, MAX_FLOAT32),
    "pretext.dropout": SHARE_LIMIT,
    "pretext.seed": SEED_LIMIT,
    "pretext.strength.snr": _within(-100, 100),
    "pretext.strength.scale": POSITIVE_LIMIT,
    "pretext.strength.pieces": PIECES_LIMIT,
    "pretext.strength.warp_pieces": PIECES_LIMIT,
    "pretext.strength.stretch": Limit(lambda value: value > 1, "above 1"),
    "pretext.augment.noise": AMOUNT_LIMIT,
    "pretext.augment.motion": AMOUNT_LIMIT,
    "pretext.augment.resample": _within(0, 0.5),
    "pretext.augment.scale": AMOUNT_LIMIT,
    "head.hidden": Limit(
        lambda widths: len(widths) <= MAX_HIDDEN_LAYERS and all(0 < width <= MAX_LAYER_UNITS for width in widths),
        f"at most {MAX_HIDDEN_LAYERS} layers of 1 to {MAX_LAYER_UNITS} units",
    ),
    "head.prior": PRIOR_LIMIT,
    "head.dropout": SHARE_LIMIT,
    "head.l2": _within(0, MAX_FLOAT32),
    "head.epochs": POSITIVE_LIMIT,
    "head.fine_tune": _within(0, MAX_FINE_TUNE_EPOCHS),
    "head.batch": POSITIVE_LIMIT,
    "head.rate": POSITIVE_FINITE,
    "evaluate.folds": Limit(lambda value: value >= 2, "2 or more"),
    "evaluate.repeats": _within(1, 1000),
    "evaluate.baseline": Limit(
        lambda value: value == 0 or MIN_BASELINE_S <= value <= MAX_BASELINE_S,
        f"from {MIN_BASELINE_S:g} to {MAX_BASELINE_S:g} s, or 0 for none",
    ),
    "evaluate.draws": POSITIVE_LIMIT,
    "evaluate.rivals": POSITIVE_LIMIT,
    "evaluate.kept_back": _within(0, MAX_KEPT_BACK),
    "seed": SEED_LIMIT,
}


def check_settings(settings: object, part: str = "") -> None:
    """Refuse values that no run could use.

    Parameters
    ----------
    settings : TrainSettings, or one part of it
        What to check.
    part : str
        The name of that part, such as ``pretext``.

    Raises
    ------
    ConfigError
        Names the first such setting, its value, and the allowed range.
    """
    prefix = f"{part}." if part else ""
    for name in SETTING_LIMITS:
        if name.startswith(prefix):
            check_setting(name, attrgetter(name.removeprefix(prefix))(settings))


def check_setting(name: str, value: Any) -> None:
    """Refuse a value that the setting of this dotted name cannot have.

    Raises
    ------
    ConfigError
        States the allowed range.
    """
    if not SETTING_LIMITS[name].holds(value):
        raise ConfigError(
            f"{name} is {_value_text(value)}; it must be {SETTING_LIMITS[name].words}", "mend the setting"
        )


def _value_text(value: Any) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else f"{value:g}"
