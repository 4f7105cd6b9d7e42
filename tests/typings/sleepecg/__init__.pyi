"""What we use of sleepecg, which does not say what it exports."""

import numpy as np
import numpy.typing as npt

def detect_heartbeats(ecg: npt.NDArray[np.float64], fs: float) -> npt.NDArray[np.int64]: ...
