"""Which class is more: by known words, by what a user states, and else by letter with a warning."""

from __future__ import annotations

from itertools import permutations

import pytest

from ecg_live.errors import ConfigError
from tests.support.small_datasets import dataset
from training.datasets.class_order import (
    choose_labels,
    in_stated_order,
    order_by_meaning,
    order_remark,
    parse_stated_order,
)
from training.datasets.dataset import Classes, Dataset, Rating

KNOWN = (
    "low high",
    "Low Medium HIGH",
    "very_low low high very_high",
    "no yes",
    "False True",
    "rest load",
    "calm stressed",
    "baseline stress",
    "relaxed tense",
    "negative neutral positive",
    "none mild moderate severe",
    "easy hard",
    "low_arousal high_arousal",
    "arousal-low arousal-high",
    "no_stress stress",
    "not_stressed stressed",
    "level_2 level_10 level_100",
)


@pytest.mark.parametrize("names", [tuple(each.split()) for each in KNOWN], ids="-".join)
def test_known_words_have_an_order_whatever_order_they_come_in(names: tuple[str, ...]) -> None:
    for mixed in permutations(names):
        found = order_by_meaning([*mixed, mixed[0]])
        assert found == Classes(names)
        assert order_remark("x", found) == ""


@pytest.mark.parametrize("names", [("sit", "stand, still", "talk"), ("calm", "rest", "load"), ("a", "b")], ids="-".join)
def test_other_words_are_sorted_by_letter_which_is_reported_with_the_remedy(names: tuple[str, ...]) -> None:
    found = order_by_meaning(names)
    assert (found.names, found.by_letter) == (tuple(sorted(names)), True)
    told = order_remark("task", found)
    assert f"{found.names[-1]} counts as the highest" in told
    option = told.split("--label '")[1].split("'")[0]
    assert parse_stated_order(option) == ("task", found.names)


@pytest.mark.parametrize(
    ("text", "name", "order"),
    [
        ("arousal", "arousal", ()),
        ("arousal[low,high]", "arousal", ("low", "high")),
        ("my label [ calm , very stressed ]", "my label", ("calm", "very stressed")),
        ('task["stand, still",talk]', "task", ("stand, still", "talk")),
        ("task[]", "task", ()),
        ("[low,high]", "[low,high]", ()),
    ],
)
def test_an_order_is_read_from_a_labels_name(text: str, name: str, order: tuple[str, ...]) -> None:
    assert parse_stated_order(text) == (name, order)


def test_a_stated_order_wins_over_words_and_letters() -> None:
    data = dataset()
    asked, names = choose_labels(data, ["task[load,rest]", "task"])
    assert (asked.labels, names) == ({"task": Classes(("load", "rest"))}, ("task",))
    assert data.labels == {"task": Classes(("rest", "load"))}
    assert in_stated_order("task", ("b", "a"), ("b", "a")) == Classes(("b", "a"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("joy", "made has no label joy; its labels are task, valence, a\\[b\\]"),
        ("task[rest]", r"task\[rest\]: the classes of task are load, rest"),
        ("task[rest,load,load]", "the classes of task are load, rest"),
        ("task[rest,stress]", "the classes of task are load, rest"),
        ("valence[low,high]", "valence is a rating from 1 to 9: its classes have their order"),
    ],
)
def test_an_order_that_cannot_be_names_what_is_there(text: str, said: str) -> None:
    labels: dict[str, Rating | Classes] = {"task": Classes(("rest", "load")), "valence": Rating(1, 9)}
    labels["a[b]"] = Classes(("x", "y"))
    data = Dataset("made", "made", "none", (), labels)
    assert choose_labels(data, ["a[b]"])[1] == ("a[b]",)
    with pytest.raises(ConfigError, match=said) as caught:
        choose_labels(data, [text])
    assert caught.value.remedy
