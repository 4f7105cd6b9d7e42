"""What every reader of files keeps to: its output does not depend on how it is cut, and a second pass agrees."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import Opening
from devices.replay import Replay
from ecg_live.events import Marker
from tests.contracts.sources import HandClock
from tests.devices.decoded import Decoded, decode
from tests.fuzz.seeds import MAKERS
from tests.fuzz.targets import WFDB, opening_of


class Made(NamedTuple):
    path: Path
    opening: Opening


@pytest.fixture(scope="module", params=list(MAKERS))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    path = MAKERS[request.param](tmp_path_factory.mktemp("reader") / request.param)
    path = path.with_suffix(".hea") if request.param in WFDB else path
    return Made(path, opening_of(request.param))


def told(got: Decoded) -> tuple[object, ...]:
    return got.info, got.counter, got.gaps, got.warnings, [(marker.time, marker.text) for marker in got.markers]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_is_read_does_not_depend_on_the_size_of_chunks(made: Made, size: int) -> None:
    first, second = decode(*made, size=64), decode(*made, size=size)
    assert len(first.samples) > 100
    np.testing.assert_array_equal(first.samples, second.samples)
    assert told(first) == told(second)


def test_counter_duration_and_markers_fit_each_other(made: Made) -> None:
    got = decode(*made)
    rate = got.info.rate
    assert got.counter[0] == 0
    assert got.counter[-1] + 1 - len(got.counter) == sum(lost for _, lost in got.gaps)
    if got.info.duration is not None:
        assert got.info.duration == pytest.approx((got.counter[-1] + 1) / rate, abs=1 / rate)
    assert all(a.time <= b.time for a, b in zip(got.markers, got.markers[1:], strict=False))
    assert got.info.full_scale is None or got.info.full_scale[0] < got.info.full_scale[1]


def test_markers_lie_where_they_lie_at_every_speed(made: Made) -> None:
    """A marker's time is the file's, however fast it is replayed."""

    def played(speed: float) -> list[tuple[float | None, str]]:
        clock = HandClock()

        def wait(seconds: float) -> bool:
            clock.wait(seconds)
            return False

        opening = replace(made.opening, speed=speed)
        with Replay(open_recording(made.path, opening), opening, clock, wait) as source:
            markers = [item for item in source if isinstance(item, Marker)]
        assert all(item.raw is not None for item in markers)
        return [(item.raw, item.text) for item in markers]

    expected = decode(*made).markers
    for speed in (1.0, 20.0, math.inf):
        found = played(speed)
        assert [text for _, text in found] == [marker.text for marker in expected]
        assert [raw for raw, _ in found] == pytest.approx([marker.time for marker in expected])
