"""Every setting that cannot be is refused before any work, by name, with what it may be."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from ecg_live.errors import ConfigError
from training.setting_limits import SETTING_LIMITS, check_settings
from training.settings import PRESETS, PretextSettings, TrainSettings, load_settings

CANNOT_BE: list[tuple[str, list[Any], str]] = [
    ("corpus.hop", [0.0, -1.0, 10.5, 0.3], "at most 10 s, in steps of 1/256 s"),
    ("corpus.pretext_hop", [0.0, 11.0, 1 / 3], "at most 10 s, in steps of 1/256 s"),
    ("corpus.lag", [-1.0, 61.0], "from 0 to 60"),
    ("pretext.epochs", [0.0, -1.0, 1e308], "above 0 and at most 1e+30"),
    ("pretext.batch", [0, -8], "above 0"),
    ("pretext.rate", [0.0, 1e300], "above 0 and at most 1e+30"),
    ("pretext.tasks", [[], ["original"], ["noise", "noise"], ["sleep"]], "known are original, noise"),
    ("pretext.coefficients", [[1.0], [-1.0] * 7], "7 tasks need one each"),
    ("pretext.l2", [-1e-4, 1e300], "from 0 to 1e+30"),
    ("pretext.dropout", [1.0, -0.1], "below 1"),
    ("pretext.seed", [-1, 2**64], "from 0 to 4294967295"),
    ("pretext.strength.snr", [1e4], "from -100 to 100"),
    ("pretext.strength.scale", [0.0], "above 0"),
    ("pretext.strength.pieces", [1, 2561], "from 2 to 2560"),
    ("pretext.strength.warp_pieces", [1], "from 2 to 2560"),
    ("pretext.strength.stretch", [1.0], "above 1"),
    ("pretext.augment.noise", [-1.0, 11.0], "from 0 to 10"),
    ("pretext.augment.motion", [-1.0, 11.0], "from 0 to 10"),
    ("pretext.augment.resample", [-0.1, 0.7], "from 0 to 0.5"),
    ("pretext.augment.scale", [-1.0, 11.0], "from 0 to 10"),
    ("head.hidden", [[4096], [0], [-1], [8] * 9], "at most 8 layers of 1 to 2048 units"),
    ("head.dropout", [1.0, -0.5], "below 1"),
    (
        "head.prior",
        [[0.6, 0.5], [1.0], [1.0, 0.0], [1.5, -0.5]],
        "a probability above 0 for each class, with the sum 1",
    ),
    ("head.l2", [-1.0, 1e300], "from 0 to 1e+30"),
    ("head.epochs", [0], "above 0"),
    ("head.fine_tune", [-1, 1001], "from 0 to 1000"),
    ("head.batch", [0], "above 0"),
    ("head.rate", [0.0, 1e300], "above 0 and at most 1e+30"),
    ("evaluate.folds", [1, 0], "2 or more"),
    ("evaluate.repeats", [0, 1001], "from 1 to 1000"),
    ("evaluate.baseline", [-5.0, 10.0, 4000.0], "from 30 to 3600 s, or 0 for none"),
    ("corpus.last", [-1, 9.9, 86401], "10 s and more"),
    ("evaluate.draws", [0], "above 0"),
    ("evaluate.rivals", [0], "above 0"),
    ("evaluate.kept_back", [-0.1, 0.6, 1.0], "from 0 to 0.5"),
    ("evaluate.repeats", [0, 1001], "from 1 to 1000"),
    ("seed", [-1, 2**32], "from 0 to 4294967295"),
]


@pytest.mark.parametrize(("name", "value", "limit"), [(n, v, limit) for n, vs, limit in CANNOT_BE for v in vs])
def test_what_cannot_be_is_refused_with_its_limit(name: str, value: Any, limit: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(single={name: value})
    assert caught.value.message.startswith(f"{name} is ")
    assert limit in caught.value.message
    assert caught.value.remedy


def test_all_limits_are_tried_here() -> None:
    assert set(SETTING_LIMITS) == {name for name, _, _ in CANNOT_BE}


def numbers(settings: Any, before: str = "") -> set[str]:
    """Dotted names of all settings that are numbers, or several of them."""
    found: set[str] = set()
    for each in fields(settings):
        value = getattr(settings, each.name)
        if is_dataclass(value):
            found |= numbers(value, f"{before}{each.name}.")
        elif not isinstance(value, str | bool):
            found.add(before + each.name)
    return found


def test_every_number_has_a_limit() -> None:
    assert numbers(TrainSettings()) == set(SETTING_LIMITS) - {"head.prior"}  # a word, or numbers


@pytest.mark.parametrize("name", ["corpus.hop", "pretext.rate", "head.l2", "evaluate.baseline"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_setting_is_without_end_or_no_number(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match="it must be a finite number"):
        load_settings(single={name: value})
    with pytest.raises(ConfigError, match=r"pretext.rate is nan; it must be above 0"):
        check_settings(replace(PretextSettings(), rate=float("nan")), "pretext")


@pytest.mark.parametrize("preset", PRESETS)
def test_what_can_be_is_taken(preset: str) -> None:
    edges = {"corpus.hop": 10.0, "head.hidden": [], "evaluate.baseline": 0.0, "pretext.strength.snr": -3.0}
    assert load_settings(preset, single=edges).head.hidden == ()
