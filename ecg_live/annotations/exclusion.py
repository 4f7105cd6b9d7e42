"""Which stretches of a session the excluded ones touch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ecg_live.annotations.current import SessionAnnotation


def touches_excluded(
    start: npt.NDArray[np.float64], stop: npt.NDArray[np.float64], excluded: Iterable[SessionAnnotation]
) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the stretches from ``start`` (n,) to ``stop`` (n,) in s that an excluded one overlaps."""
    mask = np.zeros(len(start), dtype=np.bool_)
    for each in excluded:
        mask |= (start < each.stop) & (stop > each.onset)
    return mask
