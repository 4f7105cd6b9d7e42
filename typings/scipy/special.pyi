"""What we use of scipy.special."""

import numpy as np
import numpy.typing as npt

def expit(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
def log_expit(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
