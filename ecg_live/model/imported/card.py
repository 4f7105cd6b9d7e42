"""What an imported encoder takes and gives: its entry in a bundle's card."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES

ONNX_KIND = "onnx"  # of the encoder, in a bundle's card
GRAPH = "graph"  # name of the tensor that holds the file's bytes
InputScale = Literal["zscore", "robust", "none"]
MIN_RATE_HZ, MAX_RATE_HZ = 16.0, 2000.0  # below, no QRS complex is left; above, no ECG model is
MAX_WINDOW_S = WINDOW_SAMPLES / MODEL_RATE_HZ  # of the windows here
MAX_SIZE = 4096  # numbers of an embedding; heads have a weight for each


@dataclass(frozen=True, slots=True)
class ImportedCard:
    """What an imported encoder takes and gives.

    Parameters
    ----------
    name : str
    rate : float
        Sampling rate of its input in Hz.
    window : float
        Length of its input in s.
    scale : {"zscore", "robust", "none"}
        What is done to an input: mean 0 and deviation 1, median 0 and scaled median deviation 1, or nothing; then it
        has the wearer's running scale, as windows here do.
    licence : str
        Of its weights.
    leads : int
        1: a wearer has one ECG channel.
    size : int
        Numbers in its embedding; 0 before it was run.
    bytes : int
        Of the graph.

    Raises
    ------
    ValueError
        A value is out of range.
    """

    name: str
    rate: float
    window: float
    scale: InputScale
    licence: str
    leads: int = 1
    size: int = 0
    bytes: int = 0

    def __post_init__(self) -> None:
        """Refuse what no input can be made for."""
        texts: tuple[object, ...] = (self.name, self.licence)
        if not all(isinstance(value, str) and value.strip() for value in texts):
            raise ValueError(f"name {self.name!r}, licence {self.licence!r}: both must be texts")
        numbers = {"rate": self.rate, "window": self.window, "leads": self.leads, "size": self.size}
        for name, value in (numbers | {"bytes": self.bytes}).items():
            if type(value) not in {int, float} or not math.isfinite(value):
                raise ValueError(f"{name} {value!r}: not a number")
        if not MIN_RATE_HZ <= self.rate <= MAX_RATE_HZ:
            raise ValueError(f"rate {self.rate:g} Hz: not between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:g}")
        if not 0 < self.window <= MAX_WINDOW_S:
            raise ValueError(f"window {self.window:g} s: not above 0 and at most {MAX_WINDOW_S:g}, as windows here are")
        if abs(self.rate * self.window - self.samples) > 1e-6 or not self.samples:
            raise ValueError(f"window {self.window:g} s at {self.rate:g} Hz: not a whole number of samples")
        if self.scale not in get_args(InputScale):
            raise ValueError(f"scale {self.scale!r}: not one of {', '.join(get_args(InputScale))}")
        if self.leads != 1:
            raise ValueError(f"leads {self.leads}: a wearer has one ECG channel, so that only 1 can be served")
        if type(self.size) is not int or not 0 <= self.size <= MAX_SIZE or type(self.bytes) is not int:
            raise ValueError(f"size {self.size}: not a whole number up to {MAX_SIZE}")

    @property
    def samples(self) -> int:
        """Length of its input."""
        return round(self.rate * self.window)

    def entry(self) -> dict[str, Any]:
        """The encoder's entry in a bundle's card."""
        return {"kind": ONNX_KIND, "config": asdict(self)}


def parse_imported(config: Mapping[str, Any]) -> ImportedCard:
    """The card that `ImportedCard.entry` described.

    Raises
    ------
    ValueError
        It lacks something, has something unknown, or a value is out of range.
    """
    try:
        card = ImportedCard(**config)
    except TypeError as error:
        raise ValueError(f"imported encoder: {error}") from error
    if not card.size or not card.bytes:
        raise ValueError(f"imported encoder of {card.bytes} bytes with embeddings of {card.size}")
    return card
