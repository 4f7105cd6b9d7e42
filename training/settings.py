"""All that training can be told: a preset, then a TOML file, then single values by dotted name."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ecg_live.config import read_toml
from ecg_live.errors import ConfigError
from ecg_live.model.encoder import Padding
from ecg_live.model.features import FeatureKind
from ecg_live.model.networks import EMOTION_WIDTH, PRETEXT_DROPOUT, PRETEXT_TASKS
from training.limits import check_settings
from training.pretext.transforms import TransformStrength

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ScoringProtocol = Literal["loso", "kfold"]
HeadInputs = Literal["auto", FeatureKind]
S = TypeVar("S", bound="DataclassInstance")
PAPER_COEFFICIENTS = (0.195, 0.195, 0.195, 0.0125, 0.0125, 0.195, 0.195)  # of the tasks' losses, the authors' code
# Ours: noise and permutation show in neighbouring samples, and count little; the others count alike.
DEFAULT_COEFFICIENTS = (0.195, 0.0125, 0.195, 0.195, 0.195, 0.0125, 0.195)
DEFAULT_STRENGTH = TransformStrength(
    scale=1.3, stretch=1.2
)  # measured: learnt in minutes, where 1.1 and 1.05 took over 30,000 segments


@dataclass(frozen=True, slots=True)
class CorpusSettings:
    """Windows: seconds between them for heads and for the pretext task, the scale, and which a span labels.

    ``scale`` is ``streaming`` (as live) or ``offline`` (the authors', looks into the future: for reproduction only, its
    models cannot run live). ``label`` is ``inside`` (windows wholly within a span) or ``largest`` (the largest label
    that a window touches, the authors' rule for WESAD). ``largest`` goes by the data set's first label whichever is
    learnt; stretches without it, such as WESAD's codes 5 to 7, never win.
    """

    hop: float = 10.0
    pretext_hop: float = 2.0
    scale: Literal["streaming", "offline"] = "streaming"
    label: Literal["inside", "largest"] = "inside"


@dataclass(frozen=True, slots=True)
class PretextSettings:
    """How the encoder learns to tell transformations apart (stage one).

    ``batch`` in segments, each of which becomes a window a task. ``schedule`` is ``cycle`` (one cycle up to ``rate``
    and down) or ``steps`` (``rate`` x 0.9 every 10,000 steps, the authors'). ``tasks`` are those that count in the
    loss. ``precision`` ``bf16-mixed`` is for graphics cards (a processor is slower with it: 0.73 times as fast).
    Batches of 8 had learnt permutation after 3,600 segments, batches of 32 had not; twice the ``rate`` learnt later.
    """

    epochs: float = 1.25
    batch: int = 8
    rate: float = 1e-3
    schedule: Literal["cycle", "steps"] = "cycle"
    padding: Padding = "valid"
    tasks: tuple[str, ...] = PRETEXT_TASKS
    coefficients: tuple[float, ...] = DEFAULT_COEFFICIENTS
    l2: float = 1e-4
    dropout: float = PRETEXT_DROPOUT
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    compile: bool = False
    seed: int = 0
    strength: TransformStrength = DEFAULT_STRENGTH


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """How labels are learnt from frozen features (stage two).

    ``kind`` is ``linear`` (a discriminant with shrunk covariance: few people bear no more) or ``dense`` (the paper's
    network, which the other numbers describe). ``inputs`` are what the shipped head looks at: ``embedding``, ``hrv``,
    ``both``, or ``auto`` for whichever scores best; all of them are scored. ``split`` turns a rating into classes:
    ``middle`` of its scale, the person's own ``median``, or ``raw`` (each value a class).
    """

    kind: Literal["linear", "dense"] = "linear"
    inputs: HeadInputs = "auto"
    split: Literal["raw", "middle", "median"] = "middle"
    hidden: tuple[int, ...] = (EMOTION_WIDTH, EMOTION_WIDTH)
    dropout: float = 0.0
    l2: float = 0.0
    epochs: int = 250
    batch: int = 128
    rate: float = 1e-3


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """How scores are made: protocol, folds of ``kfold``, seconds of a personal baseline, draws of the bootstrap.

    Of so many ``rivals``, encoders that learnt nothing, the middle one is shown: on eegmat the AUROC of one was .77 to
    .84, by its seed alone.
    """

    protocol: ScoringProtocol = "loso"
    folds: int = 10
    baseline: float = 60.0
    draws: int = 2000
    rivals: int = 5
    transductive: bool = False


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Everything; ``seed`` decides all that is random beside the pretext task's own."""

    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    pretext: PretextSettings = field(default_factory=PretextSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    evaluate: EvaluateSettings = field(default_factory=EvaluateSettings)
    seed: int = 0


PAPER_SETTINGS = TrainSettings(
    corpus=CorpusSettings(pretext_hop=10.0),
    pretext=PretextSettings(
        epochs=100,
        batch=128,
        schedule="steps",
        padding="same",
        coefficients=PAPER_COEFFICIENTS,
        strength=TransformStrength(),
    ),
    head=HeadSettings(kind="dense", inputs="embedding", split="raw"),
    evaluate=EvaluateSettings(protocol="kfold", baseline=0.0, transductive=True),
)
PRESETS: Mapping[str, TrainSettings] = {"fast": TrainSettings(), "paper": PAPER_SETTINGS}
THREE_LAYERS = (EMOTION_WIDTH,) * 3
# What the paper does otherwise for a data set (section 4.3 and the authors' code); the rest is alike for all.
PAPER_BY_DATASET: Mapping[str, Mapping[str, Any]] = {
    "wesad": {"corpus": {"label": "largest"}},
    "dreamer": {"head": {"hidden": THREE_LAYERS, "dropout": 0.2, "l2": 1e-4}},
    "amigos": {"head": {"hidden": THREE_LAYERS, "dropout": 0.4}},
}


def load_settings(
    preset: str = "fast", file: Path | None = None, single: Mapping[str, Any] | None = None, *, dataset: str = ""
) -> TrainSettings:
    """Merge a preset, a TOML file and single values by dotted name, such as ``pretext.strength.scale``.

    The ``paper`` preset is the paper's for the labelled ``dataset`` of that name.

    Raises
    ------
    ConfigError
        If the preset, a name or a value cannot be, or the file cannot be read.
    """
    if preset not in PRESETS:
        raise ConfigError(f"the preset is {preset!r}; known are {', '.join(PRESETS)}", "choose one of them")
    settings = PRESETS[preset]
    if preset == "paper":
        settings = merge_settings(settings, PAPER_BY_DATASET.get(dataset, {}), preset)
    if file is not None:
        settings = merge_settings(settings, read_toml(file), str(file))
    for name, value in (single or {}).items():
        nested: Any = value
        for key in reversed(name.split(".")):
            nested = {key: nested}
        settings = merge_settings(settings, nested, name)
    check_settings(settings)
    return settings


def merge_settings(settings: S, changes: Mapping[str, Any], where: str) -> S:
    """A settings object with some values changed; nested ones by nested mappings.

    Raises
    ------
    ConfigError
        If a name is unknown or a value is not of its kind.
    """
    hints = get_type_hints(type(settings))
    fresh: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in hints:
            raise ConfigError(f"{where}: {name} is no setting; known are {', '.join(hints)}", "mend the name")
        old = getattr(settings, name)
        if is_dataclass(old) and not isinstance(old, type) and isinstance(value, Mapping):
            fresh[name] = merge_settings(old, value, where)
        else:
            fresh[name] = _converted(value, hints[name], f"{where}: {name}")
    return replace(settings, **fresh)


def as_dict(settings: TrainSettings) -> dict[str, Any]:
    """Values as JSON has them, for reports and keys."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return plain


def _converted(value: Any, wanted: Any, where: str) -> Any:
    """A value as its setting wants it."""
    if get_origin(wanted) is Literal:
        if value in get_args(wanted):
            return value
        raise ConfigError(f"{where} is {value!r}; it is one of {', '.join(get_args(wanted))}", "choose one of them")
    if get_origin(wanted) is tuple and isinstance(value, list | tuple):
        return tuple(_converted(each, get_args(wanted)[0], where) for each in value)
    if wanted is bool or isinstance(value, bool):
        if wanted is bool and isinstance(value, bool):
            return value
    elif wanted is float and isinstance(value, int | float) and abs(value) <= sys.float_info.max:
        return float(value)
    elif wanted in {int, str} and isinstance(value, wanted):
        return value
    name = "finite number" if wanted is float else getattr(wanted, "__name__", str(wanted))
    raise ConfigError(f"{where} is {value!r}; it must be a {name}", "mend the value")
