"""What we use of sklearn.metrics."""

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

_Ints: TypeAlias = npt.NDArray[np.int64]

def balanced_accuracy_score(y_true: _Ints, y_pred: _Ints) -> float: ...
def f1_score(y_true: _Ints, y_pred: _Ints, *, average: Literal["macro"]) -> float: ...
def roc_auc_score(y_true: _Ints, y_score: npt.NDArray[np.float64]) -> float: ...
