"""A head as it is shipped: features in, calibrated probabilities and a distance from the training range out.

It is arithmetic on arrays, in float64, one row after the other: a window's result is the same to the bit whoever else
is in the batch, and however many threads a linear algebra library has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.events import F32, F64
from ecg_live.model.features import HRV_SIZE, FeatureKind, input_size
from ecg_live.model.tensor_file import Array, TensorSpec

TRAINING_RANGE_SHARE = 0.995  # of training windows that count as inside the training range
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedHead:
    """Standardise features, classify, calibrate; measure their distance from the training features.

    Heart rate or variability that is NaN counts as average: beats are missing now and then.

    Parameters
    ----------
    inputs : {"embedding", "hrv", "both"}
        What its features are; see `combine_features`.
    net : mapping of str to ndarray
        Weights (out, in) and biases (out,) of its dense layers by their names, in order; ReLU between them.
    mean, sd : ndarray of float32 (d,)
        Of the training features.
    whiten : ndarray of float32 (d, d)
        Standardised features times this have the Mahalanobis distance as their norm.
    limit, temperature : ndarray of float32 ()
        Largest distance inside the training range; what the logits are divided by.
    """

    inputs: FeatureKind
    net: Mapping[str, F32]
    mean: F32
    sd: F32
    whiten: F32
    limit: F32
    temperature: F32

    fitted_single: ClassVar[tuple[str, ...]] = ("mean", "sd", "whiten", "limit", "temperature")
    fitted_double: ClassVar[tuple[str, ...]] = ()  # float64 (d,): what a set has beside them, as precise as in training

    @classmethod
    def tensors(
        cls,
        classes: int,
        inputs: FeatureKind = "embedding",
        hidden: Sequence[int] = (),
        dropout: float = 0.0,
        embedding: int = EMBEDDING_SIZE,
    ) -> dict[str, TensorSpec]:
        """Names, shapes and types of the tensors of a head.

        Parameters
        ----------
        classes : int
            Number of classes.
        inputs : {"embedding", "hrv", "both"}
        hidden : sequence of int
            Widths of the layers before the last.
        dropout : float
            After every hidden layer while it learns; here it only decides the layers' names.
        embedding : int
            Numbers in the encoder's embedding.
        """
        size = input_size(inputs, embedding)
        shapes = {"mean": (size,), "sd": (size,), "whiten": (size, size), "limit": (), "temperature": ()}
        specs = {name: TensorSpec(shape, SINGLE) for name, shape in shapes.items()}
        for name, (n_in, n_out) in zip(layer_names(dropout), pairwise((size, *hidden, classes)), strict=False):
            specs[f"{name}.weight"] = TensorSpec((n_out, n_in), SINGLE)
            specs[f"{name}.bias"] = TensorSpec((n_out,), SINGLE)
        return specs | {name: TensorSpec((size,), DOUBLE) for name in cls.fitted_double}

    @classmethod
    def from_arrays(cls, inputs: FeatureKind, arrays: Mapping[str, Array]) -> Self:
        """A head of the arrays that `tensors` names."""
        net = {name: value for name, value in arrays.items() if name.startswith("net.")}
        return cls(inputs, net, **{name: value for name, value in arrays.items() if name not in net})

    def arrays(self) -> dict[str, Array]:
        """All arrays, by the names of `tensors`."""
        own = {name: getattr(self, name) for name in self.fitted_single} | dict(self.net)
        return own | {name: getattr(self, name) for name in self.fitted_double}

    def __call__(self, features: npt.NDArray[np.floating]) -> F64:
        """Calibrated probabilities (n, classes) of features (n, d)."""
        return self._probabilities(self._standardised(features))

    def distance(self, features: npt.NDArray[np.floating]) -> F64:
        """Mahalanobis distance (n,) from the training features."""
        return self._distance(self._standardised(features))

    def outside(self, features: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
        """Whether features (n, d) lie beyond 99.5 % of the training ones, or an embedding is NaN."""
        return ~(self.distance(features) <= self.limit)

    def probabilities_inside(self, features: npt.NDArray[np.floating]) -> list[float] | None:
        """Calibrated probabilities (classes,) of one window's features (1, d); None where they lie `outside`."""
        z = self._standardised(features)
        if not self._distance(z)[0] <= self.limit:
            return None
        return [float(each) for each in self._probabilities(z)[0]]

    def value_inside(self, features: npt.NDArray[np.floating]) -> float | None:
        """The number of a head with one output for a window's features (1, d); None where they lie `outside`."""
        z = self._standardised(features)
        return float(self._outputs(z)[0, 0]) if self._distance(z)[0] <= self.limit else None

    def _probabilities(self, z: F64) -> F64:
        return softmax(self._outputs(z) / self.temperature)

    def _outputs(self, z: F64) -> F64:
        """What the last layer gives (n, outputs) for standardised features (n, d)."""
        y, layers = z, list(self._layers())
        for k, (weight, bias) in enumerate(layers):
            y = multiply_rows(y, weight.T) + bias
            y = np.maximum(y, 0.0) if k < len(layers) - 1 else y
        return y

    def _distance(self, z: F64) -> F64:
        with np.errstate(invalid="ignore", over="ignore"):
            whitened = multiply_rows(z, self.whiten)
            return np.asarray(np.sqrt(np.add.reduce(whitened * whitened, axis=1)))

    def _standardised(self, features: npt.NDArray[np.floating]) -> F64:
        z = (np.asarray(features, np.float64) - self.mean) / self.sd
        if self.inputs != "embedding":
            beats = z[:, -HRV_SIZE:]
            beats[np.isnan(beats)] = 0.0
        return z

    def _layers(self) -> Iterator[tuple[F32, F32]]:
        values = iter(self.net.values())
        return zip(values, values, strict=True)


@dataclass(frozen=True, slots=True, eq=False)
class PersonalHead(CalibratedHead):
    """A head whose features are relative to the wearer's baseline, by ``spread`` (d,); see `baseline_normalise`."""

    spread: F64

    fitted_double: ClassVar[tuple[str, ...]] = ("spread",)


@dataclass(frozen=True, slots=True, eq=False)
class AdaptiveHead(CalibratedHead):
    """A head whose features are relative to the wearer's running mean.

    That mean starts from the population's, ``centre`` (d,); see `ecg_live.model.adaptive.relative_to_mean`.
    """

    centre: F64

    fitted_double: ClassVar[tuple[str, ...]] = ("centre",)


# In the order in which they take over.
HEAD_SETS: Mapping[str, type[CalibratedHead]] = {
    "population": CalibratedHead,
    "adaptive": AdaptiveHead,
    "personal": PersonalHead,
}


def layer_names(dropout: float) -> Iterator[str]:
    """Names of dense layers in PyTorch's sequence: each is followed by ReLU, and by dropout if there is one."""
    return (f"net.{k}" for k in count(0, 3 if dropout else 2))


def multiply_rows(x: F64, matrix: npt.NDArray[np.floating]) -> F64:
    """Product (n, k) of rows (n, d) and a matrix (d, k); a row's is the same to the bit whatever the others are."""
    products = np.empty((len(x), matrix.shape[1]))
    for row, out in zip(x, products, strict=True):
        np.add.reduce(row[:, None] * matrix, axis=0, out=out)
    return products


def softmax(logits: F64) -> F64:
    """Shares (n, classes) of logits (n, classes)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / np.add.reduce(powers, axis=1, keepdims=True))
