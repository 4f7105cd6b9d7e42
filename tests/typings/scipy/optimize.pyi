"""What we use of scipy.optimize."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

class OptimizeResult:
    x: float

def minimize_scalar(
    fun: Callable[[float], float], *, bounds: tuple[float, float], method: Literal["bounded"]
) -> OptimizeResult: ...

class MultivariateResult:
    x: npt.NDArray[np.float64]

def minimize(
    fun: Callable[[npt.NDArray[np.float64]], tuple[float, npt.NDArray[np.float64]]],
    x0: npt.NDArray[np.float64],
    *,
    jac: Literal[True],
    bounds: Sequence[tuple[float | None, float | None]],
    method: Literal["L-BFGS-B"],
) -> MultivariateResult: ...
