"""What we use of bioread, which ships no types."""

import numpy as np
import numpy.typing as npt

class Channel:
    name: str
    samples_per_second: float
    data: npt.NDArray[np.float64]

class Datafile:
    channels: list[Channel]

def read(filelike: str) -> Datafile: ...
