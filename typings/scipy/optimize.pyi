"""What we use of scipy.optimize."""

from collections.abc import Callable
from typing import Literal

class OptimizeResult:
    x: float

def minimize_scalar(
    fun: Callable[[float], float], *, bounds: tuple[float, float], method: Literal["bounded"]
) -> OptimizeResult: ...
