"""SciPy's compiled filter without the checks around it, which cost many times as much on a chunk of 20 ms.

Importing ``scipy.signal`` takes most of a second, and all that it holds but two functions is of no use live. The
compiled part is loaded from its file. It is not part of SciPy's interface: it is tried once, on a short signal, against
the same arithmetic in Python; if it is gone, or gives other bits, the public function takes its place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import machinery, util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ecg_live.events import F64

Sections = Callable[[F64, F64, F64], tuple[F64, F64]]

_PROBE: F64 = np.sin(np.arange(40.0) ** 2)[None]
_PROBE_SECTIONS: F64 = np.array([[0.9, -1.8, 0.9, 1.0, -1.7, 0.8]])
_PROBE_STATE: F64 = np.array([[[0.5, -0.25]]])


def load_compiled(name: str) -> ModuleType:
    """A compiled module of SciPy, such as ``scipy.signal._sosfilt``, without the package that it lies in.

    Raises
    ------
    ImportError
        This SciPy has none.
    """
    if name in sys.modules:
        return sys.modules[name]
    top, *folders, last = name.split(".")
    found = util.find_spec(top)
    for place in () if found is None else found.submodule_search_locations or ():
        for suffix in machinery.EXTENSION_SUFFIXES:
            path = Path(place, *folders, last + suffix)
            spec = util.spec_from_file_location(name, path)
            if path.exists() and spec is not None and spec.loader is not None:
                module = util.module_from_spec(spec)
                spec.loader.exec_module(module)
                return module
    raise ImportError(f"no compiled {name}")


def filtered_by_scipy(sos: F64, x: F64, state: F64) -> tuple[F64, F64]:
    """Filter (c, n) samples by second-order sections (s, 6); see `filter_sections`."""
    from scipy.signal import sosfilt  # noqa: PLC0415 - takes most of a second to load

    y, after = sosfilt(sos, x, axis=1, zi=np.moveaxis(state, 0, 1))
    return np.ascontiguousarray(y), np.ascontiguousarray(np.moveaxis(after, 1, 0))


def filtered_in_python(sos: F64, x: F64, state: F64) -> tuple[F64, F64]:
    """As `filter_sections`, sample by sample: for a probe."""
    y, after = np.array(x), np.array(state)
    for channel in range(len(x)):
        for (b0, b1, b2, _, a1, a2), memory in zip(sos.tolist(), after[channel], strict=True):
            first, second = memory.tolist()
            for k, value in enumerate(y[channel].tolist()):
                out = b0 * value + first
                first, second = b1 * value - a1 * out + second, b2 * value - a2 * out
                y[channel, k] = out
            memory[:] = first, second
    return y, after


def first_that_agrees(
    make: Callable[[], Callable[..., Any]], public: Callable[..., Any], expected: Callable[..., Any], *probe: Any
) -> Any:
    """What ``make`` imports, if it gives the bits of ``expected`` for a probe; else the public function."""
    try:
        made = make()
        same = _bits(made(*probe)) == _bits(expected(*probe))
    except (ImportError, AttributeError, TypeError, ValueError, IndexError):
        return public
    return made if same else public


def _bits(result: Any) -> list[tuple[str, tuple[int, ...], bytes]]:
    arrays = result if isinstance(result, tuple) else (result,)
    return [(array.dtype.str, array.shape, array.tobytes()) for array in arrays]


def _compiled_filter() -> Sections:
    in_place = load_compiled("scipy.signal._sosfilt")._sosfilt  # noqa: SLF001 - see the module's text

    def filtered(sos: F64, x: F64, state: F64) -> tuple[F64, F64]:
        y, after = np.array(x, order="C"), np.array(state, order="C")
        in_place(sos, y, after)
        return y, after

    return filtered


# Samples (c, n) by second-order sections (s, 6) from a state (c, s, 2): the output, and the state after it.
filter_sections: Sections = first_that_agrees(
    _compiled_filter, filtered_by_scipy, filtered_in_python, _PROBE_SECTIONS, _PROBE, _PROBE_STATE
)
