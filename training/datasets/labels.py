"""From ratings and class names to the classes of a head: split at the middle, at the subject's median, or raw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecg_live.constants import Split
from ecg_live.errors import DatasetError
from ecg_live.events import F64
from training.datasets.dataset import Classes, LabelValue, PlainValue, Rating

LOW_HIGH = ("low", "high")
NO_LABEL = -1  # index of an annotation without the label, or of a subject that is left out

Indices = npt.NDArray[np.int64]


class Classified(NamedTuple):
    """Class of each annotation (n,) as an index into ``names``, -1 for none; a remark on each decision."""

    indices: Indices
    names: tuple[str, ...]
    remarks: tuple[str, ...]


def classify(
    values: Sequence[PlainValue | None], subjects: Sequence[str], meaning: Rating | Classes, split: Split
) -> Classified:
    """Turn one label's values into classes.

    Parameters
    ----------
    values : sequence of length n
        One value per annotation (not per window), so that long ones do not count more; None where there is none.
    subjects : sequence of length n
        The subject of each.
    meaning : Rating or Classes
        What the values are. Classes are taken as they are, without regard to ``split``.
    split : str
        ``middle``: above the middle of the scale is high, the middle itself is low. ``median``: above the subject's
        median is high, the median itself is low; a subject with one value only is left out. ``raw``: each whole number
        that occurs is a class.

    Raises
    ------
    DatasetError
        A value is none of the classes' names.
    """
    if isinstance(meaning, Classes):
        return Classified(_named(values, meaning), meaning.names, ())
    ratings = np.array([np.nan if value is None else float(value) for value in values])
    if split == "middle":
        return _middle(ratings, (meaning.low + meaning.high) / 2)
    return _median(ratings, np.asarray(subjects, dtype=np.str_)) if split == "median" else _raw(ratings)


def _named(values: Sequence[PlainValue | None], meaning: Classes) -> Indices:
    places = {name: i for i, name in enumerate(meaning.names)}
    for value in values:
        if value is not None and value not in places:
            raise DatasetError(f"a label is {value!r}, expected one of {', '.join(meaning.names)}", "mend the data set")
    return np.array([NO_LABEL if value is None else places[str(value)] for value in values], dtype=np.int64)


def _middle(ratings: F64, middle: float) -> Classified:
    on = int(np.sum(ratings == middle))
    given = int(np.isfinite(ratings).sum())
    remarks = (f"{on} of {given} ratings are {middle:g}, the middle of the scale, and count as low",) if on else ()
    return Classified(_above(ratings, np.full(len(ratings), middle)), LOW_HIGH, remarks)


def _median(ratings: F64, subjects: npt.NDArray[np.str_]) -> Classified:
    medians = np.full(len(ratings), np.nan)
    alike: list[str] = []
    for subject in np.unique(subjects):
        own = (subjects == subject) & np.isfinite(ratings)
        if not own.any():
            continue
        if np.ptp(ratings[own]) == 0:
            alike.append(str(subject))
        else:
            medians[own] = np.median(ratings[own])
    on = int(np.sum(ratings == medians))
    remarks = [f"left out, as all their ratings are the same: {', '.join(alike)}"] if alike else []
    if on:
        remarks.append(f"{on} of {int(np.isfinite(medians).sum())} ratings are their subject's median and count as low")
    return Classified(_above(ratings, medians), LOW_HIGH, tuple(remarks))


def _raw(ratings: F64) -> Classified:
    whole = np.floor(ratings + 0.5)
    known = np.unique(whole[np.isfinite(whole)])
    index = np.where(np.isfinite(whole), np.searchsorted(known, whole), NO_LABEL)
    odd = int(np.sum(np.isfinite(ratings) & (whole != ratings)))
    remarks = (f"{odd} ratings are not whole numbers and are rounded, halves up",) if odd else ()
    return Classified(index.astype(np.int64), tuple(f"{value:g}" for value in known), remarks)


def _above(ratings: F64, limits: F64) -> Indices:
    return np.where(np.isfinite(ratings) & np.isfinite(limits), ratings > limits, NO_LABEL).astype(np.int64)


def ratings_on_scale(
    ratings: Mapping[str, float], scales: Mapping[str, Rating], where: str, remarks: list[str]
) -> dict[str, LabelValue]:
    """A trial's ratings that are on their scale, by name.

    Parameters
    ----------
    ratings : mapping
        The trial's ratings by name.
    scales : mapping
        The scale of each name.
    where : str
        The trial, for remarks.
    remarks : list of str
        Gets ratings that are missing or off their scale.
    """
    labels: dict[str, LabelValue] = {}
    for name, scale in scales.items():
        value = ratings.get(name)
        if value is None:
            remarks.append(f"{where}: no rating of {name}")
        elif not scale.low <= value <= scale.high:
            remarks.append(f"{where}: {name} is {value:g}, expected {scale.low:g} to {scale.high:g}; left out")
        else:
            labels[name] = value
    return labels
