"""What we use of sklearn.utils.multiclass."""

import numpy.typing as npt

def check_classification_targets(y: npt.ArrayLike) -> None: ...
