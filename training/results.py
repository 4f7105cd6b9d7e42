"""Results of a training run as plain values: the report and the model card are made from them, JSON holds them all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ecg_live.model.score_text import SO_FAR
from training.paper import CONTRASTIVE_TASK, PRETEXT_TASKS

LEFT_OUT_PREFIX = "left out: "  # of a report's remark on a label that could not be learnt


def always_no_accuracy(tasks: Collection[str]) -> float:
    """One-vs-rest accuracy of always answering no: a window comes once as it is, and once for every other task.

    0 for the contrastive task, where a guess is right once in a hundred times and less.
    """
    if CONTRASTIVE_TASK in tasks:
        return 0.0
    made = len({*tasks, PRETEXT_TASKS[0]})
    return (made - 1) / made


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a classifier; None where there is one class only.

    ``auroc`` is macro-averaged one-vs-rest with more than two classes, ``ece`` the expected calibration error over 15
    bins (Guo et al. 2017), ``brier`` the mean over windows of half the summed squared differences (with two classes the
    usual Brier score), ``brier_constant`` that of always giving the shares that the classes have in these windows.
    ``people`` counts subjects. ``auroc_within`` is the mean over subjects of the AUROC among the subject's own windows;
    ``false_positive_rate`` the share of windows of rest that are given another class; ``unchanging_label`` the share of
    subjects with windows of several classes who get the same label for all of them.
    """

    auroc: float | None
    balanced_accuracy: float | None
    macro_f1: float | None
    ece: float
    brier: float
    windows: int
    people: int
    auroc_within: float | None = None
    false_positive_rate: float | None = None
    unchanging_label: float | None = None
    brier_constant: float | None = None


@dataclass(frozen=True, slots=True)
class OrderScores:
    """Scores with the windows in another order, and their 95 % intervals over subjects by the name of the score."""

    scores: Scores
    interval: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """AUROC of a row minus a rival's on the same windows: bootstrap over subjects, 95 % interval, two-sided p."""

    difference: float
    interval: tuple[float, float]
    p: float


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One kind of features under one protocol.

    ``features`` is ``majority``, ``hrv``, ``random encoder``, ``random encoder + hrv``, ``embedding``, ``both`` or
    ``auto`` (those of the last three that each fold chose by its training subjects); where an encoder was fine-tuned
    with labels also ``frozen encoder``, the embedding by the one before;
    ``baseline`` the seconds of personal baseline (0: none); ``interval`` 95 %, over subjects, by the name of the score;
    ``confusion[true][predicted]`` counts windows; ``reliability`` are (mean confidence, accuracy, windows) of bins that
    are not empty; ``versus`` the comparisons by the rival's ``features``; ``risk_coverage`` pairs of a share of the
    windows, the surest ones, and the share of wrong labels among them. ``set`` is ``population``, ``adaptive`` or
    ``personal``. ``orders`` are scores by the order of the windows, empty for features that look at one window
    only, and at a baseline of rest: these have the same in every order. ``repeats`` are mean and standard deviation of
    scores over the seeds, of which ``scores`` are the first's; empty if there is one only.
    """

    features: str
    protocol: str
    baseline: float
    scores: Scores
    interval: Mapping[str, tuple[float, float]]
    per_subject: Mapping[str, Scores]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[tuple[float, float, int], ...]
    versus: Mapping[str, PairedComparison] = field(default_factory=dict)
    risk_coverage: tuple[tuple[float, float], ...] = ()
    set: str = "population"
    orders: Mapping[str, OrderScores] = field(default_factory=dict)
    repeats: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def baseline_text(self) -> str:
        """What features are relative to, which tells rows of the sets apart: seconds of rest or the windows so far."""
        if self.set == "adaptive":
            return SO_FAR
        return f"{self.baseline:g} s" if self.baseline else "none"


@dataclass(frozen=True, slots=True)
class ScoreCheck:
    """A check that runs with every training: what was looked for, what was found, and whether that is as it must be."""

    name: str
    text: str
    passed: bool


@dataclass(frozen=True, slots=True)
class RegressionScores:
    """Scores of predicted ratings; None where they are undefined.

    ``ccc`` is Lin's concordance correlation coefficient over all windows, ``rmse`` in the rating's unit, ``within`` the
    mean over subjects of the correlation within each, ``coverage`` the share of ratings within the interval, ``width``
    its mean width. ``people`` counts subjects.
    """

    ccc: float | None
    rmse: float
    within: float | None
    coverage: float
    width: float
    windows: int
    people: int


@dataclass(frozen=True, slots=True)
class RegressionRow:
    """One kind of features under one protocol, for a label that is a number.

    Fields are those of `ResultRow`; ``majority`` is the constant, the mean rating of the training subjects, and
    ``versus`` compares root mean squared errors: below 0 is better.
    """

    features: str
    protocol: str
    baseline: float
    scores: RegressionScores
    interval: Mapping[str, tuple[float, float]]
    per_subject: Mapping[str, RegressionScores]
    versus: Mapping[str, PairedComparison] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelResult:
    """All rows of one label; ``chosen`` are the features of each of the bundle's sets, ``rest_class`` is rest's.

    A label that is a number has a ``scale``, no classes, and rows in ``regression``.
    """

    name: str
    classes: tuple[str, ...]
    split: str
    rows: tuple[ResultRow, ...]
    chosen: Mapping[str, str]
    remarks: tuple[str, ...] = ()
    rest_class: str = ""
    checks: tuple[ScoreCheck, ...] = ()
    regression: tuple[RegressionRow, ...] = ()
    scale: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class DataSummary:
    """One data set: ``used`` and ``unusable`` windows, the latter by reason, windows by label and class."""

    name: str
    title: str
    licence: str
    subjects: int
    recordings: int
    hours: float
    used: int
    unusable: int
    reasons: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    remarks: tuple[str, ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PretextLog:
    """Stage one: learning curves by step (``accuracy`` by task), and one-vs-rest accuracy on validation windows."""

    steps: tuple[int, ...]
    loss: tuple[float, ...]
    accuracy: Mapping[str, tuple[float, ...]]
    held_out: Mapping[str, float]
    windows: int
    seconds: float
    people_seen: str  # whether scored subjects are among those that the encoder learnt from

    @property
    def is_contrastive(self) -> bool:
        """Whether the encoder learnt by contrastive predictive coding."""
        return CONTRASTIVE_TASK in {*self.accuracy, *self.held_out}

    @property
    def always_no_accuracy(self) -> float:
        """One-vs-rest accuracy of always answering no."""
        return always_no_accuracy({*self.accuracy, *self.held_out})


@dataclass(frozen=True, slots=True)
class MapPoint:
    """One window on the embedding map."""

    x: float
    y: float
    subject: str
    label: str


@dataclass(frozen=True, slots=True)
class ExampleWindow:
    """A window to plot: at most 2560 normalised samples at 256 Hz."""

    caption: str
    samples: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Everything about one training run; ``digests`` are SHA-256 of files that were written before any score."""

    name: str
    settings: Mapping[str, Any]
    data: tuple[DataSummary, ...]
    pretext: PretextLog | None
    labels: tuple[LabelResult, ...]
    embedding_map: tuple[MapPoint, ...]
    examples: tuple[ExampleWindow, ...]
    created: str
    software: str
    seconds: float
    remarks: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
