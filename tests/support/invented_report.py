"""An invented report: the numbers are drawn, not measured, but lie where those of a real run would."""

from __future__ import annotations

import math

import numpy as np

from training.paper import PRETEXT_TASKS
from training.results import (
    DataSummary,
    ExampleWindow,
    LabelResult,
    MapPoint,
    PairedComparison,
    PretextLog,
    ResultRow,
    Scores,
    TrainingReport,
)

SUBJECTS = tuple(f"Subject{i:02}" for i in range(24))
LEVELS = {
    ("majority", 0.0): 0.5,
    ("hrv", 0.0): 0.719,
    ("random encoder", 0.0): 0.74,
    ("embedding", 0.0): 0.741,
    ("both", 0.0): 0.772,
    ("hrv", 60.0): 0.904,
    ("random encoder", 60.0): 0.835,
    ("embedding", 60.0): 0.867,
    ("both", 60.0): 0.921,
}


def scores(auroc: float | None, windows: int = 606, subjects: int = 24) -> Scores:
    near = 0.5 if auroc is None else auroc
    return Scores(
        auroc,
        near - 0.04,
        near - 0.06,
        0.09,
        0.3 - 0.2 * near,
        windows,
        subjects,
        auroc_within=near + 0.02,
        false_positive_rate=1 - near,
        unchanging_label=0.25,
        brier_constant=0.1875,
    )


def against(difference: float) -> PairedComparison:
    return PairedComparison(
        difference, (difference - 0.03, difference + 0.03), 0.04 if abs(difference) > 0.03 else 0.61
    )


def row(features: str, baseline: float, auroc: float, protocol: str = "loso", classes: int = 2) -> ResultRow:
    """A row around an AUROC."""
    rng = np.random.default_rng(int(auroc * 1000))
    each = np.clip(rng.normal(auroc, 0.12, len(SUBJECTS)), 0, 1).tolist()
    right, wrong = int(300 * auroc), 300 - int(300 * auroc)
    confusion = tuple(
        tuple(right if i == j else wrong // (classes - 1) for j in range(classes)) for i in range(classes)
    )
    sure = np.linspace(0.52, 0.97, 9).tolist()
    judged = protocol == "loso" and features in {"embedding", "both"}
    versus = {rival: against(auroc - LEVELS[rival, baseline]) for rival in ("hrv", "random encoder") if judged}
    return ResultRow(
        features,
        protocol,
        baseline,
        scores(auroc, 445 if baseline else 606),
        {"auroc": (auroc - 0.07, min(1.0, auroc + 0.06)), "balanced_accuracy": (auroc - 0.1, auroc)}
        if features != "majority"
        else {},
        {one: scores(value if i else None, 22, 1) for i, (one, value) in enumerate(zip(SUBJECTS, each, strict=True))},
        confusion,
        tuple((x, x + 0.05 * math.sin(9 * x), int(200 * x * x)) for x in sure),
        versus,
        risk_coverage=tuple((i / 20, (1 - auroc) * i / 20) for i in range(1, 21)),
        set="personal" if baseline else "population",
    )


def label(name: str = "mental_load", classes: tuple[str, ...] = ("rest", "load")) -> LabelResult:
    rows = [row(features, baseline, auroc, "loso", len(classes)) for (features, baseline), auroc in LEVELS.items()]
    mixed = [
        row(features, 0.0, auroc, "kfold", len(classes)) for features, auroc in (("hrv", 0.79), ("embedding", 0.93))
    ]
    chosen = {"population": "embedding", "personal": "both"}
    return LabelResult(name, classes, "classes as the data set names them", (*mixed, *rows), chosen, ("Invented.",))


def report() -> TrainingReport:
    """All of it."""
    rng = np.random.default_rng(0)
    steps = np.arange(0, 1050, 5)
    rise = 1 - np.exp(-steps / 200)
    final = dict(zip(PRETEXT_TASKS, (0.8571, 1.0, 0.8672, 0.9098, 0.995, 1.0, 0.8571), strict=True))
    noise = 0.006 * rng.standard_normal((len(PRETEXT_TASKS), len(steps)))
    accuracy = {
        task: tuple(np.clip(6 / 7 + (end - 6 / 7) * rise + noise[i], 0, 1).tolist())
        for i, (task, end) in enumerate(final.items())
    }
    loss = tuple((0.55 - 0.35 * rise + 0.02 * rng.standard_normal(len(steps))).tolist())
    pretext = PretextLog(tuple(steps.tolist()), loss, accuracy, final, 26_944, 1500.0, "never those scored")
    points = tuple(
        MapPoint(float(x), float(y), one, state)
        for i, one in enumerate(SUBJECTS)
        for j, state in enumerate(("rest", "load"))
        for x, y in rng.normal((math.cos(i) * 5 + j, math.sin(i * 1.7) * 5), 0.6, (12, 2))
    )
    t = np.arange(2560) / 256
    beats = sum(np.exp(-(((t - beat) / 0.012) ** 2)) * 4 for beat in np.arange(0.3, 10, 0.82))
    examples = tuple(
        ExampleWindow(f"Subject{i:02}, {state}", tuple((beats + 0.1 * rng.standard_normal(2560)).round(3).tolist()))
        for i, state in enumerate(("rest", "load"))
    )
    order = "Rest always came first and lasted longer: order and time are confounded with mental load."
    dropped = {"flat line": 12, "kurtosis": 40, "baseline step": 7}
    windows = {"mental_load": {"rest": 460, "load": 146}}
    left_out = ("Subject31: no ECG channel, left out.",)
    title, hand_held = "EEG During Mental Arithmetic Tasks 1.0.0", ("Unlabelled recordings of a hand-held device.",)
    licence = "ODC-By 1.0"
    data = (
        DataSummary("eegmat", title, licence, 24, 48, 1.6, 606, 55, dropped, windows, left_out, (order,)),
        DataSummary(
            "cinc2017", "CinC 2017", licence, 2300, 2300, 19.4, 26_944, 316, {"lead off": 316}, {}, (), hand_held
        ),
    )
    settings = {"seed": 0, "pretext": {"batch": 32, "tasks": list(PRETEXT_TASKS), "strength": {"snr": 15.0}}}
    return TrainingReport(
        "INVENTED TEST DATA: mental load from ECG",
        settings,
        data,
        pretext,
        (label(),),
        points,
        examples,
        "2026-11-22",
        "ecg-live 0.1.0",
        5400.0,
        ("Every number of this report is invented, to test how reports look.",),
    )
