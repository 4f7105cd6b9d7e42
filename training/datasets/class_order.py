"""Order of a label's classes from least to most, by known words or by the user; screens show the last class.

Sorted by letter, ``high`` comes before ``low``, and a panel called Arousal would show the probability of low.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import takewhile

from ecg_live.errors import ConfigError
from training.datasets.dataset import Classes, Dataset, Rating

# Words of one scale from least to most; those between bars mean the same.
_WORD_SCALES = tuple(
    tuple(frozenset(step.split("|")) for step in scale.split(" < "))
    for scale in (
        "lowest|very low < low < medium|mid|middle|moderate|neutral|normal < high < highest|very high",
        "no|false|absent|off|n|f < yes|true|present|on|y|t",
        "rest|resting|relaxed|calm|baseline|control|neutral < load|task|stress|stressed|tense|effort|anxious|aroused",
        "none|nothing < slight|mild|little|minimal < moderate|medium < severe|strong|much < extreme|very strong",
        "very negative < negative|unpleasant|bad|sad < neutral < positive|pleasant|good|happy < very positive",
        "very easy < easy < medium|moderate|normal < hard|difficult < very hard|very difficult",
        "never < rarely|seldom < sometimes < often < always",
        "weak < medium|moderate < strong",
        "small < medium < large",
        "slow < medium|moderate < fast",
        "inactive|passive < active",
    )
)
_NEGATION_WORDS = frozenset({"no", "not", "non", "without"})
_STATED_ORDER = re.compile(r"(.*\S)\s*\[(.*)\]\s*", re.DOTALL)  # arousal[low,high]


def order_by_meaning(names: Iterable[str]) -> Classes:
    """Classes from least to most where known words order them, else by letter, with ``by_letter`` set."""
    found = sorted(set(names))
    ranks = _ranks(found)
    if ranks is None:
        return Classes(tuple(found), by_letter=len(found) > 1)
    return Classes(tuple(name for _, name in sorted(zip(ranks, found, strict=True))))


def parse_stated_order(text: str) -> tuple[str, tuple[str, ...]]:
    """Split ``arousal[low,high]`` into a label's name and its classes from least to most; none where none are stated.

    A class with a comma in it stands between quotation marks.
    """
    match = _STATED_ORDER.fullmatch(text)
    if match is None:
        return text, ()
    cells = next(csv.reader([match[2].replace("\n", " ")], skipinitialspace=True), [])
    return match[1], tuple(cell.strip() for cell in cells)


def in_stated_order(name: str, found: Collection[str], order: Sequence[str]) -> Classes:
    """Classes of a label in the order that a user stated.

    Raises
    ------
    ConfigError
        It does not name each class that was ``found`` once.
    """
    if sorted(order) != sorted(set(found)):
        known = ", ".join(sorted(set(found)))
        raise ConfigError(
            f"{name}[{','.join(order)}]: the classes of {name} are {known}", "name each of them once, the highest last"
        )
    return Classes(tuple(order))


def choose_labels(data: Dataset, texts: Sequence[str]) -> tuple[Dataset, tuple[str, ...]]:
    """Labels that a user asks for, with the order of their classes where one is stated.

    Raises
    ------
    ConfigError
        There is no such label, or its classes cannot be in that order.
    """
    labels, names = dict(data.labels), []
    for text in texts:
        name, order = (text, ()) if text in labels else parse_stated_order(text)
        if name not in labels:
            known = ", ".join(labels) or "none"
            raise ConfigError(f"{data.name} has no label {name}; its labels are {known}", "choose one with --label")
        meaning = labels[name]
        if order and isinstance(meaning, Rating):
            scale = f"{meaning.low:g} to {meaning.high:g}"
            raise ConfigError(f"{name} is a rating from {scale}: its classes have their order", f"write --label {name}")
        if order and isinstance(meaning, Classes):
            labels[name] = in_stated_order(name, meaning.names, order)
        names.append(name)
    return replace(data, labels=labels), tuple(dict.fromkeys(names))


def order_remark(name: str, meaning: Rating | Classes) -> str:
    """Remark that a label's classes are ordered by letter only, and how to state their order; else empty."""
    if isinstance(meaning, Rating) or not meaning.by_letter:
        return ""
    listed = ",".join(f'"{each}"' if "," in each else each for each in meaning.names)
    return (
        f"the order of the classes of {name} is unknown: they are ordered by letter, so that {meaning.names[-1]} "
        f"counts as the highest (state their order: --label '{name}[{listed}]', the highest last)"
    )


def _ranks(names: Sequence[str]) -> list[float] | None:
    """Rank of each name from least to most; None where known words do not order them."""
    whole = [tuple(re.split(r"[\s_\-./]+", name.casefold().strip())) for name in names]
    for words in (whole, _differing(whole)):
        texts = [" ".join(each) for each in words]
        for ranks in (_numbers(texts), _negated(texts), *(_on_scale(texts, scale) for scale in _WORD_SCALES)):
            if ranks is not None and len(set(ranks)) == len(names):
                return ranks
    return None


def _differing(names: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Names without the words that all of them begin and end with: of ``low arousal`` and ``high arousal`` one each."""
    front = _shared_words(names)
    names = [each[front:] for each in names]
    back = _shared_words([each[::-1] for each in names])
    return [each[: len(each) - back] for each in names]


def _shared_words(names: Sequence[tuple[str, ...]]) -> int:
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False)))


def _numbers(texts: Sequence[str]) -> list[float] | None:
    return [float(text) for text in texts] if all(re.fullmatch(r"\d{1,9}", text) for text in texts) else None


def _negated(texts: Sequence[str]) -> list[float] | None:
    """Of ``no stress`` and ``stress`` the first is less: what differs is the word no."""
    pair = len(texts) == 2 and "" in texts and bool(_NEGATION_WORDS.intersection(texts))
    return [float(text == "") for text in texts] if pair else None


def _on_scale(texts: Sequence[str], scale: Sequence[frozenset[str]]) -> list[float] | None:
    places = {word: float(place) for place, words in enumerate(scale) for word in words}
    return [places[text] for text in texts] if all(text in places for text in texts) else None
