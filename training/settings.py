"""Settings of training: defaults and presets; a TOML file and single values by dotted name change them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ecg_live.config import read_toml
from ecg_live.constants import Split
from ecg_live.errors import ConfigError
from ecg_live.model.encoder_layout import Padding
from ecg_live.model.features import FeatureKind
from training.datasets.label_track import TrackRule
from training.paper import EMOTION_WIDTH, PRETEXT_DROPOUT, PRETEXT_TASKS
from training.setting_limits import check_settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ScoringProtocol = Literal["loso", "groupkfold", "leave-one-stimulus-out", "kfold"]
HeadInputs = Literal["auto", FeatureKind]
ClassPrior = Literal["balanced", "training"] | tuple[float, ...]
EncoderKind = Literal["cnn", "s4d"]
S = TypeVar("S", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class TransformStrength:
    """How hard each pretext task is; defaults are the authors'.

    ``snr`` in dB, ``scale`` a factor, ``pieces`` of the permutation, ``warp_pieces`` and ``stretch`` of the time-warp.
    """

    snr: float = 15.0
    scale: float = 1.1
    pieces: int = 20
    warp_pieces: int = 9
    stretch: float = 1.05


@dataclass(frozen=True, slots=True)
class AugmentSettings:
    """Random changes of each window before the pretext task; 0, the paper's, leaves it as it is.

    Each window draws its own amount, up to these: ``noise`` and ``motion`` in standard deviations of the window (white
    noise; a slow movement of 1 to 5 s), ``resample`` a share by which it is read faster or slower, ``scale`` a share by
    which it is enlarged or, the other way round, reduced.
    """

    noise: float = 0.0
    motion: float = 0.0
    resample: float = 0.0
    scale: float = 0.0

    @property
    def active(self) -> bool:
        """Whether anything is changed."""
        return any((self.noise, self.motion, self.resample, self.scale))


PAPER_COEFFICIENTS = (0.195, 0.195, 0.195, 0.0125, 0.0125, 0.195, 0.195)  # of the tasks' losses, the authors' code
# Ours: noise and permutation show in neighbouring samples, and count little; the others count alike.
DEFAULT_COEFFICIENTS = (0.195, 0.0125, 0.195, 0.195, 0.195, 0.0125, 0.195)
# Measured: these are learnt in minutes, where 1.1 and 1.05 took over 30,000 segments.
DEFAULT_STRENGTH = TransformStrength(scale=1.3, stretch=1.2)


@dataclass(frozen=True, slots=True)
class CorpusSettings:
    """How recordings are cut into windows, and how annotations label them.

    ``hop`` and ``pretext_hop`` are the seconds from one window to the next, for heads and for the pretext task.
    ``scale`` is ``streaming`` (as live) or ``offline`` (the authors', looks into the future: for reproduction only, its
    models cannot run live). ``label`` is ``inside`` (windows wholly within an annotation) or ``largest`` (the largest
    label that a window overlaps, the authors' rule for WESAD). ``largest`` goes by the data set's first label whichever
    is learnt; annotations without it, such as WESAD's codes 5 to 7, never win. ``rating`` is what a rating that changes
    within a window counts as: its ``mean``, or the value that it has for longest (``majority``); ``lag`` the seconds by
    which such a rating comes late. ``last`` are the seconds at the end of an annotation to which its label applies, as
    the last minute of a film that was rated after it; 0: all of it.
    """

    hop: float = 10.0
    pretext_hop: float = 2.0
    scale: Literal["streaming", "offline"] = "streaming"
    label: Literal["inside", "largest"] = "inside"
    rating: TrackRule = "mean"
    lag: float = 0.0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """The network that is trained in stage one.

    ``kind`` is ``cnn`` (the paper's convolutions) or ``s4d`` (six layers of diagonal state spaces).
    """

    kind: EncoderKind = "cnn"


@dataclass(frozen=True, slots=True)
class PretextSettings:
    """Stage one: how the encoder learns without labels.

    ``kind`` is ``transforms`` (recognise signal transformations, the paper's) or ``cpc`` (contrastive predictive
    coding: predict what comes next; ``tasks``, ``coefficients``, ``dropout`` and ``strength`` mean nothing then).
    ``batch`` counts windows before augmentation; each becomes one window a task. ``schedule`` is ``cycle`` (one cycle
    up to ``rate`` and down) or ``steps`` (``rate`` x 0.9 every 10,000 steps, the authors'). ``tasks`` are those that
    count in the loss. ``precision`` ``bf16-mixed`` is for graphics cards and for processors with avx512_bf16 or AMX
    (1.7 to 2.2 times as fast); others are slower with it and refuse. Measured: batches of 8 had learnt permutation
    after 3,600 windows, batches of 32 had not; twice the ``rate`` learnt later.
    """

    kind: Literal["transforms", "cpc"] = "transforms"
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
    augment: AugmentSettings = AugmentSettings()


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """Stage two: how heads learn labels from frozen features.

    ``kind`` is ``linear`` (a discriminant with shrunk covariance: few subjects support no more) or ``dense`` (the
    paper's network, which the other numbers describe). ``inputs`` are the features of the shipped head: ``embedding``,
    ``hrv``, ``both``, or ``auto`` for whichever scores best; all of them are scored. ``split`` turns a rating into
    classes: ``middle`` of its scale, the subject's own ``median``, or ``raw`` (each value a class); with ``none`` it
    stays a number, which a ridge regression learns. ``prior`` is how often each class is to be expected, which the
    probabilities that are shown account for: ``training`` (as often as in the windows that the head learnt from),
    ``balanced``, or a probability for each class in the order of their names in the card. ``adaptive`` adds a set
    relative to the wearer's running mean. ``fine_tune`` is for how many epochs a copy of the encoder learns the labels
    before, with a linear layer, in each fold from its training windows; 0: the encoder stays as it is.
    """

    kind: Literal["linear", "dense"] = "linear"
    inputs: HeadInputs = "auto"
    split: Split = "middle"
    prior: ClassPrior = "training"
    adaptive: bool = True
    fine_tune: int = 0
    hidden: tuple[int, ...] = (EMOTION_WIDTH, EMOTION_WIDTH)
    dropout: float = 0.0
    l2: float = 0.0
    epochs: int = 250
    batch: int = 128
    rate: float = 1e-3


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """How scores are made: protocol, seconds of a personal baseline, draws of the bootstrap.

    ``protocol`` is ``loso`` (leave one subject out), ``groupkfold`` (leave several subjects out: ``folds`` groups of
    subjects, drawn at random), ``leave-one-stimulus-out`` (of all subjects), or ``kfold`` (``folds`` of windows, drawn
    regardless of subject). ``repeats`` scores again with the next seeds, for mean and deviation over them.
    ``rivals`` is the number of untrained encoders to compare with; the one with the median AUROC is reported: on eegmat
    the AUROC of one was .77 to .84, by its seed alone. ``transductive`` lets an encoder learn from the scored subjects'
    recordings, without their labels. ``kept_back`` is the share of subjects that take part in no fit, fold or choice,
    and are scored once; fewer than 15 subjects are too few for it.
    """

    protocol: ScoringProtocol = "loso"
    folds: int = 10
    repeats: int = 1
    baseline: float = 60.0
    draws: int = 2000
    rivals: int = 5
    transductive: bool = False
    kept_back: float = 0.2

    @property
    def unseen_encoders(self) -> bool:
        """Whether scored subjects need encoders that have not seen their recordings."""
        return self.protocol in {"loso", "groupkfold"} and not self.transductive


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """All settings; ``seed`` decides all that is random except the pretext task, which has its own."""

    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
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
    head=HeadSettings(kind="dense", inputs="embedding", split="raw", adaptive=False),
    evaluate=EvaluateSettings(protocol="kfold", baseline=0.0, transductive=True, kept_back=0.0),
)
PRESETS: Mapping[str, TrainSettings] = {"fast": TrainSettings(), "paper": PAPER_SETTINGS}
THREE_LAYERS = (EMOTION_WIDTH,) * 3
# What the paper does differently for a data set (section 4.3 and the authors' code).
PAPER_BY_DATASET: Mapping[str, Mapping[str, Any]] = {
    "wesad": {"corpus": {"label": "largest"}},
    "dreamer": {"head": {"hidden": THREE_LAYERS, "dropout": 0.2, "l2": 1e-4}},
    "amigos": {"head": {"hidden": THREE_LAYERS, "dropout": 0.4}},
}


def load_settings(
    preset: str = "fast", file: Path | None = None, single: Mapping[str, Any] | None = None, *, dataset: str = ""
) -> TrainSettings:
    """Merge a preset, a TOML file and single values; later ones win.

    Parameters
    ----------
    preset : str
        One of `PRESETS`.
    file : Path, optional
        TOML with tables named after the parts of `TrainSettings`.
    single : mapping, optional
        Values by dotted name, such as ``pretext.strength.scale``.
    dataset : str
        Name of the labelled data set, which the ``paper`` preset depends on.

    Raises
    ------
    ConfigError
        If the preset or a name is unknown, a value is not allowed, or the file cannot be read.
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
    """A settings object with some values changed; nested ones by nested mappings. ``where`` begins each message.

    Raises
    ------
    ConfigError
        If a name is unknown or a value is not of its kind.
    """
    hints = get_type_hints(type(settings))
    changed: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in hints:
            raise ConfigError(f"{where}: {name} is no setting; known are {', '.join(hints)}", "mend the name")
        old = getattr(settings, name)
        if is_dataclass(old) and not isinstance(old, type) and isinstance(value, Mapping):
            changed[name] = merge_settings(old, value, where)
        else:
            changed[name] = _converted(value, hints[name], f"{where}: {name}")
    return replace(settings, **changed)


def as_dict(settings: TrainSettings) -> dict[str, Any]:
    """Values as JSON has them, for reports and cache keys."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return plain


def _converted(value: Any, wanted: Any, where: str) -> Any:
    """A value converted to its setting's type."""
    if get_origin(wanted) in {Union, UnionType}:  # a word, or a list
        word, values = get_args(wanted)
        return _converted(value, values if isinstance(value, list | tuple) else word, where)
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
