"""As fast as possible or paced, a session writes the same lines, however its source cuts the signal."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from io import StringIO
from typing import Any

import pytest

from ecg_live.model.predictor import Predictor
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from ecg_live.sinks.jsonl import JsonLines
from tests.support.random_bundles import random_bundle
from tests.support.scripted_source import HandClock, Script
from tests.support.synthetic_signals import eventful, info

RATE = 250.0
TIMED = ("latency", "wall", "speed")  # what a clock decides


@cache
def lines(speed: float, size: int, hop: float = 1.0) -> list[dict[str, Any]]:
    """Lines of a session of 50 s in which everything happens that may, in chunks of so many samples."""
    stream = replace(info(RATE), speed=speed, replay=True)
    source = Script(stream, list(eventful(RATE).items([size] * 20_000)))
    bundle, clock, out = random_bundle(personal={"mental_load": "both"}), HandClock(), StringIO()
    sinks = [JsonLines(out, RATE)]
    predictor = Predictor(bundle, hop, baseline=30.0)
    Session(source, SignalPath(stream, hop), predictor, bundle.head_infos, sinks, clock, watched=False).run()
    return [
        {name: value for name, value in json.loads(line).items() if name not in TIMED}
        for line in out.getvalue().splitlines()
    ]


@pytest.mark.parametrize("hop", [1.0, 2.5])
@pytest.mark.parametrize("size", [250, 4000, 20_000])
def test_as_fast_as_possible_the_lines_are_those_of_a_paced_session(size: int, hop: float) -> None:
    """Lead-off events come before the chunk that holds their sample, so that their lines stand where it begins."""
    fast, paced = lines(math.inf, size, hop), lines(1.0, 5, hop)
    for kind in {line["type"] for line in paced}:
        assert [line for line in fast if line["type"] == kind] == [line for line in paced if line["type"] == kind]
    assert len([line for line in fast if line["type"] == "prediction"]) >= 6
    moving = {"lead_off"}
    assert [x["type"] for x in fast if x["type"] not in moving] == [x["type"] for x in paced if x["type"] not in moving]
