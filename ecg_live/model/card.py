"""A bundle's model card: how it was made, its data and its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import inf
from typing import Any, get_args

from ecg_live.constants import EMBEDDING_SIZE, Split
from ecg_live.errors import IncompatibleBundle
from ecg_live.events import SIGNAL_NAMES, SignalKind
from ecg_live.model.calibrated_head import HEAD_SETS
from ecg_live.model.encoder_layout import Padding
from ecg_live.model.features import FeatureKind
from ecg_live.model.imported.card import ONNX_KIND, ImportedCard, parse_imported
from ecg_live.signal.pipeline import PREPROCESSING

MAX_HIDDEN_LAYERS, MAX_LAYER_UNITS = 8, 2048  # of a head; the paper's has 3 of 512
MAX_PRIOR_EXCESS = 1e-6  # of the sum of probabilities
OPTIONAL_FIELDS = (  # that the first bundles lack
    "inputs",
    "baseline",
    "split",
    "prior",
    "encoder",
    "scale",
    "margins",
    "signal",
    "sources",
)


@dataclass(frozen=True, slots=True)
class HeadCard:
    """What a head answers, and how well.

    ``hidden`` and ``dropout`` rebuild its networks, one for each of ``sets``; ``inputs`` are what a set's features are
    made of. ``baseline`` is the length (s) of the resting baseline in training, 0 without a personal set. ``split`` is
    how a rating became classes. ``prior`` is how often a set's probabilities expect each class; bundles that lack it
    expect all alike. ``scores`` are free-form rows as training measured them.

    A head that gives a number has no classes. Its ``scale`` holds the least and the largest, ``margins`` by set how far
    80 % of ratings are at most from what it says. ``sources`` are the first digits of the SHA-256 of the sessions that
    labelled it, where these are a lab's own.

    Raises
    ------
    ValueError
        If no network can be built like that.
    """

    classes: tuple[str, ...]
    hidden: tuple[int, ...] = ()
    dropout: float = 0.0
    sets: tuple[str, ...] = ("population",)
    scores: Mapping[str, Any] = field(default_factory=dict)
    data: str = ""
    caveats: tuple[str, ...] = ()
    inputs: Mapping[str, FeatureKind] = field(default_factory=lambda: {"population": "embedding"})
    baseline: float = 0.0
    split: Split = "middle"
    prior: Mapping[str, Sequence[float]] = field(default_factory=dict)
    scale: tuple[float, ...] = ()
    margins: Mapping[str, float] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """Values that the head's network gives: one a class, or the number."""
        return len(self.classes) or 1

    @property
    def limits(self) -> tuple[float, float] | None:
        """The least and the largest number; None for a head with classes."""
        return (self.scale[0], self.scale[1]) if self.scale else None

    def __post_init__(self) -> None:
        """Refuse what no network can be built from."""
        if self.scale:
            self._check_scale()
        elif len(set(self.classes)) != len(self.classes) or len(self.classes) < 2:
            raise ValueError(f"classes {self.classes}: not two or more different ones")
        if len(self.hidden) > MAX_HIDDEN_LAYERS or not all(0 < width <= MAX_LAYER_UNITS for width in self.hidden):
            raise ValueError(
                f"hidden {self.hidden}: not at most {MAX_HIDDEN_LAYERS} layers of 1 to {MAX_LAYER_UNITS} units"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout}: not at least 0 and below 1")
        if self.split not in get_args(Split):
            raise ValueError(f"split {self.split}: not one of {', '.join(get_args(Split))}")
        self._check_sets()

    def _check_scale(self) -> None:
        if self.classes or len(self.scale) != 2 or not -inf < self.scale[0] < self.scale[1] < inf:
            raise ValueError(f"scale {self.scale}: not the least and the largest number of a head without classes")
        if set(self.margins) != set(self.sets) or not all(0 < each < inf for each in self.margins.values()):
            raise ValueError(f"margins {self.margins}: not a number above 0 for each of {self.sets}")

    def _check_sets(self) -> None:
        known = "population" in self.sets and all(name in HEAD_SETS for name in self.sets)
        if not known or len(set(self.sets)) != len(self.sets):
            raise ValueError(f"sets {self.sets}: not population, alone or with {' and '.join([*HEAD_SETS][1:])}")
        if set(self.inputs) != set(self.sets) or any(
            each not in get_args(FeatureKind) for each in self.inputs.values()
        ):
            raise ValueError(
                f"inputs {self.inputs}: not one of {', '.join(get_args(FeatureKind))} for each of {self.sets}"
            )
        if not 0 <= self.baseline < inf or (self.baseline > 0) != ("personal" in self.sets):
            raise ValueError(f"baseline {self.baseline}: not above 0 with a personal set and 0 without")
        for name, prior in self.prior.items():
            if name not in self.sets or not _is_prior(prior, len(self.classes)):
                raise ValueError(f"prior {name} {prior}: not a probability above 0 for each class of a set, with sum 1")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Metadata of a bundle: how it was made and what from.

    ``encoder`` is empty for the built-in one, which ``padding`` describes; others have the ``kind`` and the
    ``config`` that they are built from.

    ``signal`` is what it was trained on, and answers for: ``ecg``, as all of the first bundles, or ``ppg``.

    Raises
    ------
    ValueError
        If no encoder can be built like that.
    """

    name: str
    padding: Padding
    heads: Mapping[str, HeadCard]
    data: str = ""
    licence: str = ""
    pretext: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: Mapping[str, Any] = field(default_factory=lambda: PREPROCESSING)
    created: str = ""
    software: str = ""
    encoder: Mapping[str, Any] = field(default_factory=dict)
    signal: SignalKind = "ecg"

    @property
    def imported(self) -> ImportedCard | None:
        """What an encoder that another program trained takes and gives; None for all others."""
        return parse_imported(self.encoder["config"]) if self.encoder.get("kind") == ONNX_KIND else None

    @property
    def embedding_size(self) -> int:
        """Numbers in the encoder's embedding."""
        return self.imported.size if self.imported else EMBEDDING_SIZE

    def __post_init__(self) -> None:
        """Refuse what no encoder can be built from."""
        if self.padding not in {"same", "valid"}:
            raise ValueError(f"padding {self.padding}: neither same nor valid")
        if self.signal not in SIGNAL_NAMES:
            raise ValueError(f"signal {self.signal}: neither {' nor '.join(SIGNAL_NAMES)}")
        if not self.heads:
            raise ValueError("heads: none, so that there is nothing to predict")
        kind, config = self.encoder.get("kind"), self.encoder.get("config")
        if self.encoder and not (isinstance(kind, str) and isinstance(config, dict) and len(self.encoder) == 2):
            raise ValueError(f"encoder {self.encoder}: not a kind and a config")
        if kind == ONNX_KIND:
            parse_imported(self.encoder["config"])


def check_signal(card: ModelCard, signal: SignalKind, where: str) -> None:
    """Refuse a stream or data set, named ``where``, of another kind of signal than a model's.

    Raises
    ------
    IncompatibleBundle
        They differ.
    """
    if card.signal != signal:
        raise IncompatibleBundle(
            f"{where} is {SIGNAL_NAMES[signal]}, and the model {card.name} was trained on {SIGNAL_NAMES[card.signal]}",
            "give a model of that signal with --model, or another stream",
        )


def parse_card(raw: Any) -> ModelCard:
    """A card from what JSON made of it.

    Raises
    ------
    KeyError, TypeError, ValueError
        Naming the field that is missing, or is not what it should be.
    """
    heads = raw["heads"].items() if isinstance(raw, dict) and isinstance(raw.get("heads"), dict) else ()
    parsed = {name: HeadCard(**_fields(HeadCard, head)) for name, head in heads}
    return ModelCard(**{**_fields(ModelCard, raw), "heads": parsed})


def _is_prior(prior: object, classes: int) -> bool:
    """Whether it is a probability above 0 for each of several classes, with the sum 1."""
    if not isinstance(prior, list | tuple) or len(prior) != classes:
        return False
    numbers = all(type(each) in {int, float} and each > 0 for each in prior)
    return numbers and abs(sum(prior) - 1) < MAX_PRIOR_EXCESS


def _fields(kind: type[ModelCard | HeadCard], raw: Any) -> dict[str, Any]:
    """All fields of a card; ones that later versions may add are left out."""
    wanted = [each for each in fields(kind) if each.name not in OPTIONAL_FIELDS or each.name in raw]
    return {each.name: _typed(each.name, str(each.type), raw[each.name]) for each in wanted}


def _typed(name: str, wanted: str, value: Any) -> Any:
    """Check a value against its field's type; lists become tuples."""
    if wanted.startswith("tuple"):
        elements = {int} if "int" in wanted else {int, float} if "float" in wanted else {str}
        if isinstance(value, list) and all(type(each) in elements for each in value):
            return tuple(value)
    elif wanted == "float":
        if type(value) in {int, float}:
            return value
    elif isinstance(value, dict if wanted.startswith("Mapping") else str):
        return value
    raise TypeError(f"{name}: {value!r}")
