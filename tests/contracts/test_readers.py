"""What every reader of files keeps to: its output does not depend on how it is cut, and a second pass agrees."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from devices.read_options import Opening
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
