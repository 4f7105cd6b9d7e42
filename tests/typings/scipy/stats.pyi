"""What we use of scipy.stats."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

class TheilslopesResult(NamedTuple):
    slope: np.float64
    intercept: np.float64
    low_slope: np.float64
    high_slope: np.float64

def kurtosis(a: npt.NDArray[np.float64], *, fisher: bool) -> np.float64: ...
def median_abs_deviation(x: npt.NDArray[np.float64]) -> np.float64: ...
def theilslopes(y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]) -> TheilslopesResult: ...
