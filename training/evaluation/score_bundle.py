"""Score a bundle on a data set as the dashboard would have shown it: the same windows, heads and reasons to abstain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecg_live.errors import ConfigError, DatasetError, RecordingError
from ecg_live.events import F32
from ecg_live.model.baseline import WINDOW_S
from ecg_live.model.bundle import Bundle, load_bundle
from ecg_live.model.card import HeadCard, check_signal
from ecg_live.model.engine.embedders import open_embedder
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadResult, Window
from training.data.corpus import BuildJob, annotation_of_window, recording_names, rest_elapsed
from training.data.fingerprints import seen_subjects
from training.data.rest_windows import cumulative_rest
from training.data.window_orders import ORDERS, PlacedWindows
from training.data.windowing import session_windows
from training.datasets import open_dataset
from training.datasets.dataset import Dataset
from training.datasets.labels import NO_LABEL
from training.evaluation.adaptive_replay import answers_in_orders
from training.evaluation.bootstrap import bootstrap, interval
from training.evaluation.bundle_targets import HeadTarget, estimate_of, rating_row
from training.evaluation.metrics import Predictions, confusion, risk_coverage, scores
from training.evaluation.prediction_table import NamedPredictions, NamedRatings
from training.evaluation.window_predictions import NATURAL_ORDER, WindowPredictions
from training.evaluation.window_ratings import WindowRatings
from training.progress import ProgressDisplay
from training.setting_limits import check_setting
from training.settings import CorpusSettings, EvaluateSettings

ORDER_SCORES = ("auroc", "brier", "brier_constant", "ece", "false_positive_rate", "unchanging_label")
HOP_S = CorpusSettings().hop
EVALUATE_PROTOCOL = "evaluate"  # in tables of predictions: by a finished bundle, in no fold


class LabelledWindow(NamedTuple):
    """A window, its annotation (indices of session and of annotation), seconds of rest to its end (inf: no rest).

    ``recording`` is the file that it was cut from, ``onset`` where it begins there (s), ``embedding`` (e,) the bundle's
    encoder's, which all sets and orders share.
    """

    window: Window
    embedding: F32
    annotation: tuple[int, int]
    rest: float
    recording: str
    onset: float


class ScoredPrediction(NamedTuple):
    """What a head answered for one window, and the true class's index, or the true rating."""

    subject: str
    head: str
    truth: float
    result: HeadResult
    recording: str
    onset: float
    order: str = NATURAL_ORDER


class BundleScores(NamedTuple):
    """Scores as plain values, and the predictions that each row of them was made from."""

    summary: dict[str, Any]
    predictions: tuple[NamedPredictions, ...]
    ratings: tuple[NamedRatings, ...] = ()


def score_bundle(model: Path, name: str, folder: Path, baseline: float, show: ProgressDisplay) -> BundleScores:
    """Scores of every head that the data set has a label for, by set, remarks, and predictions for every window.

    As in training, the resting baseline comes from what the data set marks as rest, and is not scored. Where it marks
    none, every session begins with the baseline.

    Parameters
    ----------
    model : Path
        The bundle.
    name : str
        The data set, as on the command line.
    folder : Path
        Where the data set is.
    baseline : float
        Seconds of resting baseline; 0 for none.
    show : ProgressDisplay
        Shows how many subjects are done.

    Raises
    ------
    EcgLiveError
        If bundle or data set cannot be read, or have no label in common, or the baseline cannot be.
    """
    check_setting("evaluate.baseline", baseline)
    return score_loaded(load_bundle(model), model.name, open_dataset(name, folder), baseline, show)


def score_loaded(bundle: Bundle, model: str, data: Dataset, baseline: float, show: ProgressDisplay) -> BundleScores:
    """Score a bundle of the name ``model`` as `score_bundle` does."""
    check_signal(bundle.card, data.signal, data.name)
    targets = {head: HeadTarget(head, card, data) for head, card in bundle.card.heads.items() if head in data.labels}
    if not targets:
        raise ConfigError(
            f"{model} answers {', '.join(bundle.card.heads)}; {data.name} has labels {', '.join(data.labels)}",
            "choose a model and a data set that have one in common",
        )
    remarks = [*data.remarks, *_overlap_remarks(bundle, data)]
    marked = any(annotation.rest for session in data.sessions for annotation in session.annotations)
    if baseline and not marked:
        remarks.append(f"{data.name} marks no rest: the baseline is the start of each session, rest or not")
    jobs = [BuildJob(i, session, ()) for i, session in enumerate(data.sessions)]
    by_subject = [[job for job in jobs if job.session.subject == subject] for subject in data.subjects]
    groups = by_subject if marked else [[job] for job in jobs]
    predictions: list[ScoredPrediction] = []
    names = recording_names(data)
    for i, group in enumerate(groups):
        show.progress(data.title, i, len(groups))
        windows = [each for job in group for each in _windows(bundle, job, names, remarks, marked=marked)]
        predictions += _predict_subject(bundle, group[0].session.subject, windows, targets, baseline, remarks)
        predictions += _predict_in_orders(bundle, group[0].session.subject, windows, targets)
    show.progress(data.title, len(groups), len(groups))
    parts = tuple(
        NamedPredictions(model, data.name, head, *found)
        for head, target in targets.items()
        if not target.numbers
        for found in _by_set(head, bundle, predictions, baseline)
    )
    ratings = tuple(
        NamedRatings(model, data.name, head, *found)
        for head, target in targets.items()
        if target.numbers
        for found in _ratings_by_set(head, bundle.card.heads[head], predictions, baseline)
    )
    rows = [
        *(_row(part) | _orders(part, bundle, predictions) for part in parts),
        *(rating_row(part) for part in ratings),
    ]
    if not rows:
        raise DatasetError(f"no window of {data.title} could be scored", "look at the signal, or give --baseline 0")
    summary = {"model": model, "dataset": data.name, "baseline": baseline, "rows": rows, "remarks": remarks}
    return BundleScores(summary, parts, ratings)


def _overlap_remarks(bundle: Bundle, data: Dataset) -> Iterator[str]:
    """One remark for each part of the bundle that was trained on subjects of this data set.

    Those that the encoder has seen are found by their names, and by their files, whatever these are called.
    """
    seen = set(bundle.card.pretext.get("seen", {}).get(data.name, ())) & set(data.subjects)
    with suppress(DatasetError):  # a file that cannot be read is left out, with a remark
        seen |= set(seen_subjects(data, {}, bundle.card.pretext.get("files", ())))
    tuned = bundle.card.pretext.get("fine_tuned", {})
    labelled = set(tuned.get("subjects", ()) if tuned.get("data") == data.name else ()) & set(data.subjects)
    if seen:
        labels = f"{len(labelled)} of them with their labels" if labelled else "without their labels"
        yield f"the encoder has seen {len(seen)} of these {len(data.subjects)} subjects, {labels}"
    for name, card in bundle.card.heads.items():
        known = set(card.scores.get("trained_on", {}).get(data.name, ())) & set(data.subjects)
        if known:
            yield (
                f"head {name} was trained on {len(known)} of these {len(data.subjects)} subjects: its score on them is "
                "no score for new subjects"
            )


def _windows(
    bundle: Bundle, job: BuildJob, names: Mapping[tuple[int, int], str], remarks: list[str], *, marked: bool
) -> Iterator[LabelledWindow]:
    """All windows of a session; where no rest is ``marked``, all of them count as rest."""
    embedder = open_embedder(bundle, HOP_S)
    try:
        for window, part, start in session_windows(job.session, HOP_S, remarks):
            stop = start + WINDOW_S
            rest = rest_elapsed(job.session, part, start, stop) if marked else window.stop
            annotation = job.number, annotation_of_window(job, part, start, stop, "inside")
            embedding = embedder.features(window)[0].copy()
            yield LabelledWindow(window, embedding, annotation, rest, names[job.number, part], start)
    except (RecordingError, ConfigError, DatasetError) as error:
        remarks.append(f"{job.session.subject}: left out: {error.message}")


def _predict_subject(
    bundle: Bundle,
    subject: str,
    windows: Sequence[LabelledWindow],
    targets: Mapping[str, HeadTarget],
    baseline: float,
    remarks: list[str],
) -> Iterator[ScoredPrediction]:
    """Predictions for all labelled windows of a subject, in an order as if the subject had rested first."""
    predictor = Predictor(bundle, HOP_S, baseline, show_unproven=True, embeds=False)
    rest = [each for each in windows if np.isfinite(each.rest)]
    sessions = np.array([each.annotation[0] for each in rest], np.int64)
    stops = cumulative_rest(sessions, np.array([each.rest for each in rest]))
    first = [
        each._replace(window=replace(each.window, start=stop - WINDOW_S, stop=stop))
        for each, stop in zip(rest, stops.tolist(), strict=True)
    ]
    others = (each for each in windows if not np.isfinite(each.rest))
    yield from _predict_windows(predictor, bundle, subject, first, targets)
    if predictor.baseline_pending:
        remarks.append(f"{subject}: too little rest for a baseline, left out")
        return
    yield from _predict_windows(predictor, bundle, subject, others, targets)


def _predict_windows(
    predictor: Predictor,
    bundle: Bundle,
    subject: str,
    windows: Iterable[LabelledWindow],
    targets: Mapping[str, HeadTarget],
) -> Iterator[ScoredPrediction]:
    """Predictions for labelled windows; of heads with a personal set only once the baseline is complete."""
    for each in windows:
        pending = predictor.baseline_pending
        for head, result in predictor.predict(each.window, each.embedding).items():
            target = targets.get(head)
            truth = None if target is None else target.truth(each.annotation, each.onset)
            if result.set == "adaptive":  # depends on the order of the windows: see `_predict_in_orders`
                continue
            if truth is not None and not (pending and "personal" in bundle.heads[head]):
                yield ScoredPrediction(subject, head, truth, result, each.recording, each.onset)


def _predict_in_orders(
    bundle: Bundle, subject: str, windows: Sequence[LabelledWindow], targets: Mapping[str, HeadTarget]
) -> Iterator[ScoredPrediction]:
    """Predictions of adaptive sets for all labelled windows of a subject, in every order."""
    for head, target in targets.items():
        if "adaptive" not in bundle.heads[head] or target.numbers or not windows:
            continue
        truth = [target.truth(each.annotation, each.onset) for each in windows]
        places = PlacedWindows(
            np.full(len(windows), subject),
            np.array([each.recording for each in windows]),
            np.array([each.onset for each in windows]),
            np.array([NO_LABEL if each is None else int(each) for each in truth], np.int64),
        )
        signals, embeddings = [each.window for each in windows], [each.embedding for each in windows]
        for order, row, result in answers_in_orders(bundle, signals, embeddings, places, head):
            one, label = windows[row], truth[row]
            if label is not None:
                yield ScoredPrediction(subject, head, label, result, one.recording, one.onset, order)


def _ratings_by_set(
    head: str, card: HeadCard, predictions: Sequence[ScoredPrediction], baseline: float
) -> Iterator[tuple[WindowRatings, tuple[str, ...]]]:
    """Ratings, and reasons to abstain, of each set of a head that gives a number and answered any window."""
    for name in card.sets:
        found = [each for each in predictions if (each.head, each.result.set) == (head, name)]
        if any(each.result.value is not None for each in found):
            windows = WindowRatings(
                features=card.inputs[name],
                protocol=EVALUATE_PROTOCOL,
                baseline=baseline,
                set=name,
                subject=np.array([each.subject for each in found]),
                recording=np.array([each.recording for each in found]),
                onset=np.array([each.onset for each in found]),
                truth=np.array([each.truth for each in found], np.float64),
                fold=np.full(len(found), "", dtype="U1"),
                estimate=np.array([estimate_of(each.result) for each in found]),
            )
            yield windows, tuple(each.result.abstain or "" for each in found)


def _by_set(
    head: str, bundle: Bundle, predictions: list[ScoredPrediction], baseline: float, order: str = NATURAL_ORDER
) -> Iterator[tuple[WindowPredictions, tuple[str, ...]]]:
    """Predictions, and reasons to abstain, of each set of a head that answered any window."""
    card = bundle.card.heads[head]
    for name in card.sets:
        found = [each for each in predictions if (each.head, each.result.set, each.order) == (head, name, order)]
        if any(each.result.probs is not None for each in found):
            windows = WindowPredictions(
                features=card.inputs[name],
                protocol=EVALUATE_PROTOCOL,
                baseline=0.0 if name == "adaptive" else baseline,
                set=name,
                order=order,
                classes=card.classes,
                subject=np.array([each.subject for each in found]),
                recording=np.array([each.recording for each in found]),
                onset=np.array([each.onset for each in found]),
                label=np.array([int(each.truth) for each in found]),
                fold=np.full(len(found), "", dtype="U1"),
                probability=np.array([_probabilities(each.result, card.classes) for each in found]),
                rest_class=_rest_class(card),
            )
            yield windows, tuple(each.result.abstain or "" for each in found)


def _rest_class(card: HeadCard) -> int:
    """Index of the class of rest; the first one, the least, of cards that do not state it."""
    stated = card.scores.get("rest_class")
    return card.classes.index(stated) if stated in card.classes else 0


def _probabilities(result: HeadResult, classes: Sequence[str]) -> list[float]:
    """Probabilities in the order of the classes; NaN where the head abstains."""
    return [result.probs[name] if result.probs is not None else np.nan for name in classes]


def _row(part: NamedPredictions) -> dict[str, Any]:
    """A row of scores of one set of a head, over the windows that it answered."""
    table = part.answered
    found = scores(table)
    return {
        "head": part.label,
        "set": part.windows.set,
        "auroc": found.auroc,
        "interval": interval(bootstrap(table, EvaluateSettings().draws)["auroc"]),
        "balanced_accuracy": found.balanced_accuracy,
        "macro_f1": found.macro_f1,
        "ece": found.ece,
        "brier": found.brier,
        "brier_constant": found.brier_constant,
        "auroc_within": found.auroc_within,
        "false_positive_rate": found.false_positive_rate,
        "unchanging_label": found.unchanging_label,
        "risk_coverage": risk_coverage(table),
        "classes": part.windows.classes,
        "rest_class": part.windows.classes[part.windows.rest_class],
        "windows": found.windows,
        "people": found.people,
        "abstained": len(part.windows) - found.windows,
        "per_subject": {name: _own_scores(table.take(table.subject == name)) for name in sorted({*table.subject})},
    }


def _orders(part: NamedPredictions, bundle: Bundle, predictions: list[ScoredPrediction]) -> dict[str, Any]:
    """Scores of an adaptive set in every order of the windows; nothing of another set."""
    if part.windows.set != "adaptive":
        return {}
    found = {}
    for order in ORDERS:
        for windows, reasons in _by_set(part.label, bundle, predictions, 0.0, order):
            if windows.set == "adaptive":
                own = scores(NamedPredictions(part.model, part.dataset, part.label, windows, reasons).answered)
                found[order] = {name: getattr(own, name) for name in ORDER_SCORES}
    return {"orders": found}


def _own_scores(own: Predictions) -> dict[str, Any]:
    """Scores of one subject's windows, and ``confusion[true][predicted]``."""
    found = scores(own)
    values = {name: getattr(found, name) for name in ("auroc", "balanced_accuracy", "brier", "windows")}
    return values | {"confusion": confusion(own)}
