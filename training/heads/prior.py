"""How often each class is to be expected: probabilities of a head for another prior than the one it was fitted with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecg_live.errors import ConfigError
from ecg_live.events import F64
from training.data.feature_table import Ints
from training.settings import ClassPrior


def class_shares(prior: ClassPrior, label: Ints, classes: int) -> F64:
    """Probability of each class (classes,) before anything is known of a window.

    Parameters
    ----------
    prior : ClassPrior
        ``training``: the share of each class in ``label``. A class without a window keeps the share it had with equal
        ones; the head has never seen it and gives it next to nothing.
    label : Ints
        Classes (n,) of the windows that a head learns from.
    classes : int
        How many there are.
    """
    equal = np.full(classes, 1 / classes)
    if prior == "balanced":
        return equal
    if prior == "training":
        counts = np.bincount(label, minlength=classes).astype(np.float64)
        counts[counts == 0] = counts.sum() / classes
        return np.asarray(counts / counts.sum())
    given = np.array(prior, np.float64)
    return np.asarray(given / given.sum())


def check_prior(prior: ClassPrior, label: str, classes: Sequence[str]) -> None:
    """Refuse probabilities that are not one for each class of a label.

    Raises
    ------
    ConfigError
        States how many there are, and the classes.
    """
    if not isinstance(prior, str) and len(prior) != len(classes):
        raise ConfigError(
            f"head.prior has {len(prior)} probabilities; the label {label} has {len(classes)} classes: "
            f"{', '.join(classes)}",
            "give one for each, in this order",
        )
