"""Compiled functions of SciPy without the checks around them, which cost several times as much on short signals.

They are not part of SciPy's interface. Each is tried once, on a short signal, against the public function that it
serves; if it is gone, or gives other bits, the public function takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import find_peaks, sosfilt

from ecg_live.events import F64

Sections = Callable[[F64, F64, F64], tuple[F64, F64]]
Maxima = Callable[[F64, float], npt.NDArray[np.int64]]

_PROBE: F64 = np.sin(np.arange(40.0) ** 2)[None]
_PROBE_SECTIONS: F64 = np.array([[0.9, -1.8, 0.9, 1.0, -1.7, 0.8]])
_PROBE_STATE: F64 = np.array([[[0.5, -0.25]]])


def filtered_by_scipy(sos: F64, x: F64, state: F64) -> tuple[F64, F64]:
    """Filter (c, n) samples by second-order sections (s, 6); see `filter_sections`."""
    y, after = sosfilt(sos, x, axis=1, zi=np.moveaxis(state, 0, 1))
    return np.ascontiguousarray(y), np.ascontiguousarray(np.moveaxis(after, 1, 0))


def maxima_by_scipy(x: F64, distance: float) -> npt.NDArray[np.int64]:
    """Maxima of a signal (n,); see `distant_maxima`."""
    return np.asarray(find_peaks(x, distance=distance)[0])


def first_that_agrees(make: Callable[[], Callable[..., Any]], public: Callable[..., Any], *probe: Any) -> Any:
    """What ``make`` imports, if it gives the public function's bits for a probe; else the public function."""
    try:
        made = make()
        same = _bits(made(*probe)) == _bits(public(*probe))
    except (ImportError, AttributeError, TypeError, ValueError, IndexError):
        return public
    return made if same else public


def _bits(result: Any) -> list[tuple[str, tuple[int, ...], bytes]]:
    arrays = result if isinstance(result, tuple) else (result,)
    return [(array.dtype.str, array.shape, array.tobytes()) for array in arrays]


def _compiled_filter() -> Sections:
    in_place = import_module("scipy.signal._sosfilt")._sosfilt  # noqa: SLF001 - see the module's text

    def filtered(sos: F64, x: F64, state: F64) -> tuple[F64, F64]:
        y, after = np.array(x, order="C"), np.array(state, order="C")
        in_place(sos, y, after)
        return y, after

    return filtered


def _compiled_maxima() -> Maxima:
    found = import_module("scipy.signal._peak_finding_utils")
    local, apart = found._local_maxima_1d, found._select_by_peak_distance  # noqa: SLF001 - likewise

    def maxima(x: F64, distance: float) -> npt.NDArray[np.int64]:
        peaks = local(x)[0]
        return np.asarray(peaks[apart(peaks, x[peaks], distance)])

    return maxima


# Samples (c, n) by second-order sections (s, 6) from a state (c, s, 2): the output, and the state after it.
filter_sections: Sections = first_that_agrees(
    _compiled_filter, filtered_by_scipy, _PROBE_SECTIONS, _PROBE, _PROBE_STATE
)
# Indices of the local maxima of a signal (n,) that lie at least so many samples apart, higher ones first.
distant_maxima: Maxima = first_that_agrees(_compiled_maxima, maxima_by_scipy, _PROBE[0], 3.0)
