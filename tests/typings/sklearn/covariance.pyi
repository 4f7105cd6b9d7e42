"""What we use of sklearn.covariance."""

from typing import Self

import numpy as np
import numpy.typing as npt

class LedoitWolf:
    covariance_: npt.NDArray[np.float64]
    def __init__(self, *, store_precision: bool = ..., assume_centered: bool = ...) -> None: ...
    def fit(self, X: npt.NDArray[np.float64]) -> Self: ...
