"""What is used of scikit-learn's manifold learning."""

import numpy as np
import numpy.typing as npt

class TSNE:
    def __init__(
        self, *, perplexity: float = ..., init: str = ..., random_state: int = ..., n_jobs: int = ...
    ) -> None: ...
    def fit_transform(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]: ...
