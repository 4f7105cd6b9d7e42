"""What we use of sklearn.model_selection."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_Ints: TypeAlias = npt.NDArray[np.int64]

class GroupKFold:
    def __init__(self, n_splits: int) -> None: ...
    def split(
        self,
        X: npt.NDArray[np.float64],
        y: _Ints | None = ...,
        groups: _Ints | None = ...,
    ) -> Iterator[tuple[_Ints, _Ints]]: ...

class LeaveOneGroupOut:
    def split(
        self,
        X: npt.NDArray[np.float64],
        y: _Ints | None = ...,
        groups: _Ints | None = ...,
    ) -> Iterator[tuple[_Ints, _Ints]]: ...

class StratifiedKFold:
    def __init__(self, n_splits: int, *, shuffle: bool, random_state: int) -> None: ...
    def split(self, X: npt.NDArray[np.float64], y: _Ints) -> Iterator[tuple[_Ints, _Ints]]: ...
