"""What we use of sklearn.linear_model."""

from typing import Literal, Self

import numpy as np
import numpy.typing as npt

class LogisticRegression:
    coef_: npt.NDArray[np.float64]
    intercept_: npt.NDArray[np.float64]
    def __init__(self, *, C: float, class_weight: Literal["balanced"], max_iter: int) -> None: ...
    def fit(self, X: npt.NDArray[np.float64], y: npt.NDArray[np.int64]) -> Self: ...

class Ridge:
    coef_: npt.NDArray[np.float64]
    intercept_: np.float64
    def __init__(
        self, alpha: float | npt.NDArray[np.float64], *, solver: Literal["auto", "cholesky"] = "auto"
    ) -> None: ...
    def fit(self, X: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Self: ...
    def predict(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
