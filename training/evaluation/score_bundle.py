"""Score a bundle on a data set as the dashboard would have shown it: the same windows, heads and reasons to abstain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecg_live.errors import ConfigError, DatasetError, RecordingError
from ecg_live.model.bundle import Bundle, HeadCard, load_bundle
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadResult, Window
from training.data.corpus import WINDOW_S, BuildJob, rest_elapsed, span_of_window
from training.data.rest_windows import cumulative_rest
from training.data.windowing import sitting_windows
from training.datasets import open_dataset
from training.datasets.dataset import Dataset
from training.datasets.labels import NO_LABEL, classify
from training.evaluation.metrics import Predictions, bootstrap, interval, scores
from training.limits import check_setting
from training.progress import ProgressDisplay
from training.settings import CorpusSettings, EvaluateSettings

HOP_S = CorpusSettings().hop
TrueClasses = Mapping[str, Mapping[tuple[int, int], int]]  # by head: the class of every labelled stretch


class LabelledWindow(NamedTuple):
    """A window, the stretch that it lies in (sitting and span), and seconds of rest passed at its end (inf: none)."""

    window: Window
    at: tuple[int, int]
    rest: float


class ScoredPrediction(NamedTuple):
    """What a head said of one window, and what it should have said."""

    subject: str
    head: str
    truth: int
    result: HeadResult


def score_bundle(model: Path, name: str, folder: Path, baseline: float, show: ProgressDisplay) -> dict[str, Any]:
    """Scores of every head that the data set has a label for, by set: rows of plain values, and remarks.

    As in training, a ``baseline`` (s) comes from what the data set marks as a wearer's rest, and is not scored. Where
    it marks none, every sitting begins with it.

    Raises
    ------
    EcgLiveError
        If bundle or data set cannot be read, or have no label in common, or the baseline cannot be.
    """
    check_setting("evaluate.baseline", baseline)
    bundle, data = load_bundle(model), open_dataset(name, folder)
    truths = {head: _targets(head, card, data) for head, card in bundle.card.heads.items() if head in data.labels}
    if not truths:
        raise ConfigError(
            f"{model.name} answers {', '.join(bundle.card.heads)}; {data.name} has labels {', '.join(data.labels)}",
            "choose a model and a data set that have one in common",
        )
    remarks = [*data.remarks, *_overlap_remarks(bundle, data)]
    marked = any(span.rest for sitting in data.sessions for span in sitting.annotations)
    if baseline and not marked:
        remarks.append(f"{data.name} marks no rest: the baseline is what each sitting begins with, rest or not")
    jobs = [BuildJob(i, sitting, ()) for i, sitting in enumerate(data.sessions)]
    together = [[job for job in jobs if job.session.subject == who] for who in data.subjects]
    groups = together if marked else [[job] for job in jobs]
    answers: list[ScoredPrediction] = []
    for i, group in enumerate(groups):
        show.progress(data.title, i, len(groups))
        asked = [each for job in group for each in _windows(job, remarks, marked=marked)]
        answers += _predict_subject(bundle, group[0].session.subject, asked, truths, baseline, remarks)
    show.progress(data.title, len(groups), len(groups))
    rows = [row for head in truths for row in _rows(head, bundle, answers)]
    if not rows:
        raise DatasetError(f"no window of {data.title} could be scored", "look at the signal, or give --baseline 0")
    return {"model": model.name, "dataset": data.name, "baseline": baseline, "rows": rows, "remarks": remarks}


def _targets(head: str, card: HeadCard, data: Dataset) -> Mapping[tuple[int, int], int]:
    """The class of every labelled stretch, by sitting and span; split as the head learnt it."""
    stretches = [(i, j) for i, sitting in enumerate(data.sessions) for j in range(len(sitting.annotations))]
    values = [data.sessions[i].annotations[j].labels.get(head) for i, j in stretches]
    who = [data.sessions[i].subject for i, _ in stretches]
    made = classify(values, who, data.labels[head], card.split)
    if not set(made.names) <= set(card.classes):
        raise ConfigError(
            f"head {head} tells {', '.join(card.classes)} apart; {data.name} has {', '.join(made.names)}",
            "choose another data set",
        )
    index = [NO_LABEL if each == NO_LABEL else card.classes.index(made.names[each]) for each in made.indices.tolist()]
    return dict(zip(stretches, index, strict=True))


def _overlap_remarks(bundle: Bundle, data: Dataset) -> Iterator[str]:
    seen = set(bundle.card.pretext.get("seen", {}).get(data.name, ())) & set(data.subjects)
    if seen:
        yield f"the encoder has seen {len(seen)} of these {len(data.subjects)} people, without their labels"
    for name, card in bundle.card.heads.items():
        known = set(card.scores.get("trained_on", {}).get(data.name, ())) & set(data.subjects)
        if known:
            yield (
                f"head {name} was trained on {len(known)} of these {len(data.subjects)} people: its score on them says "
                "nothing of strangers"
            )


def _windows(job: BuildJob, remarks: list[str], *, marked: bool) -> Iterator[LabelledWindow]:
    """All windows of a sitting; where no rest is ``marked``, all of it may be."""
    try:
        for window, part, start in sitting_windows(job.session, HOP_S, remarks):
            stop = start + WINDOW_S
            rest = rest_elapsed(job.session, part, start, stop) if marked else window.stop
            yield LabelledWindow(window, (job.number, span_of_window(job, part, start, stop, "inside")), rest)
    except (RecordingError, ConfigError, DatasetError) as error:
        remarks.append(f"{job.session.subject}: left out: {error.message}")


def _predict_subject(
    bundle: Bundle,
    subject: str,
    asked: Sequence[LabelledWindow],
    truths: TrueClasses,
    baseline: float,
    remarks: list[str],
) -> Iterator[ScoredPrediction]:
    """What every head says of one wearer's labelled windows, as if the wearer had rested first."""
    predictor = Predictor(bundle, HOP_S, baseline)
    asked = [  # windows of several sittings, and in another order, are no stream
        each._replace(window=replace(each.window, segment=i)) for i, each in enumerate(asked)
    ]
    calm = [each for each in asked if np.isfinite(each.rest)]
    stops = cumulative_rest(np.array([each.at[0] for each in calm], np.int64), np.array([each.rest for each in calm]))
    begun = [
        each._replace(window=replace(each.window, start=stop - WINDOW_S, stop=stop))
        for each, stop in zip(calm, stops.tolist(), strict=True)
    ]
    yield from _predict_windows(predictor, bundle, subject, begun, truths)
    if predictor.waiting:
        remarks.append(f"{subject}: too little rest for a baseline, left out")
        return
    yield from _predict_windows(
        predictor, bundle, subject, (each for each in asked if not np.isfinite(each.rest)), truths
    )


def _predict_windows(
    predictor: Predictor, bundle: Bundle, subject: str, asked: Iterable[LabelledWindow], truths: TrueClasses
) -> Iterator[ScoredPrediction]:
    """Of heads with a personal set nothing counts before the baseline is complete."""
    for window, at, _ in asked:
        awaited = predictor.waiting
        for head, result in predictor.predict(window).items():
            truth = truths.get(head, {}).get(at, NO_LABEL)
            if truth != NO_LABEL and not (awaited and "personal" in bundle.heads[head]):
                yield ScoredPrediction(subject, head, truth, result)


def _rows(head: str, bundle: Bundle, answers: list[ScoredPrediction]) -> Iterator[dict[str, Any]]:
    classes = bundle.card.heads[head].classes
    for which in bundle.card.heads[head].sets:
        own = [each for each in answers if each.head == head and each.result.set == which]
        said = [each for each in own if each.result.probs is not None]
        if not said:
            continue
        probability = np.array([[(each.result.probs or {})[name] for name in classes] for each in said])
        label, who = np.array([each.truth for each in said]), np.array([each.subject for each in said])
        judged = Predictions(probability, probability, label, who)
        found = scores(judged)
        auroc = interval(bootstrap(judged, EvaluateSettings().draws)["auroc"])
        yield {
            "head": head,
            "set": which,
            "auroc": found.auroc,
            "interval": auroc,
            "balanced_accuracy": found.balanced_accuracy,
            "macro_f1": found.macro_f1,
            "ece": found.ece,
            "brier": found.brier,
            "windows": found.windows,
            "people": found.people,
            "abstained": len(own) - len(said),
        }
