"""What we use of wfdb.processing, which ships no types."""

import numpy as np
import numpy.typing as npt

class XQRS:
    qrs_inds: npt.NDArray[np.int64]

    def __init__(self, sig: npt.NDArray[np.float64], fs: float) -> None: ...
    def detect(self, *, verbose: bool) -> None: ...
