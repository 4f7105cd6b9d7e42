"""SciPy's compiled filter gives the bits of its public one; where it does not, the public one is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.signal import butter

from ecg_live.events import F64
from ecg_live.signal.compiled_filter import (
    filter_sections,
    filtered_by_scipy,
    filtered_in_python,
    first_that_agrees,
)


@pytest.mark.parametrize(("channels", "length"), [(1, 1), (1, 5), (1, 256), (3, 40)])
def test_filter_gives_the_bits_of_scipy(channels: int, length: int) -> None:
    random = np.random.default_rng(length)
    sos = butter(4, (5.0, 25.0), "bandpass", fs=256, output="sos")
    x, state = random.normal(size=(length, channels)).T, random.normal(size=(channels, len(sos), 2))
    given = x.copy(), state.copy()
    (y, after), (wanted, wanted_after) = filter_sections(sos, x, state), filtered_by_scipy(sos, x, state)
    assert np.array_equal(y, wanted)
    assert np.array_equal(after, wanted_after)
    assert np.array_equal(x, given[0])
    assert np.array_equal(state, given[1])


def test_the_probe_is_the_filter_to_the_bit() -> None:
    """Where it were not, every session would import what it need not."""
    random = np.random.default_rng(1)
    sos, x, state = butter(4, 0.1, output="sos"), random.normal(size=(2, 30)), random.normal(size=(2, 2, 2))
    for found, wanted in zip(filtered_in_python(sos, x, state), filtered_by_scipy(sos, x, state), strict=True):
        assert found == pytest.approx(wanted, rel=1e-12)
    assert filter_sections is not filtered_by_scipy


def _doubled(x: F64) -> F64:
    return 2 * x


def _missing() -> Callable[..., Any]:
    raise ImportError("no such module")


def _of_other_arguments() -> Callable[..., Any]:
    return lambda: None


@pytest.mark.parametrize(
    "make",
    [
        _missing,
        _of_other_arguments,
        lambda: lambda x: x + x * (1 + 1e-15),  # the last bit differs
        lambda: lambda x: (2 * x).astype(np.float32),
        lambda: lambda x: None,
    ],
)
def test_a_changed_function_is_not_used(make: Callable[[], Callable[..., Any]]) -> None:
    probe = np.linspace(0.1, 1.0, 9)
    assert first_that_agrees(make, _doubled, _doubled, probe) is _doubled


def test_a_function_of_the_same_bits_is_used() -> None:
    assert first_that_agrees(lambda: lambda x: x + x, _doubled, _doubled, np.linspace(0.1, 1.0, 9)) is not _doubled
