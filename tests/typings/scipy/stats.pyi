"""What we use of scipy.stats."""

import numpy as np
import numpy.typing as npt

def kurtosis(a: npt.NDArray[np.float64], *, fisher: bool) -> np.float64: ...
