"""Score a bundle on a data set as the dashboard would have shown it: the same windows, heads and reasons to abstain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecg_live.errors import ConfigError, DatasetError, RecordingError
from ecg_live.model.bundle import Bundle, load_bundle
from ecg_live.model.predictor import Predictor
from ecg_live.types import HeadResult
from training.corpus import LENGTH, Job, labelled
from training.datasets import open_dataset
from training.datasets.dataset import Dataset, Sitting
from training.datasets.labels import NONE, Split, classify
from training.scores import Judged, draw, interval, scores
from training.settings import CorpusSettings, EvaluateSettings
from training.show import Show
from training.windows import sitting_windows

SPLITS: tuple[Split, ...] = ("middle", "median", "raw")


class Answer(NamedTuple):
    """What a head said of one window, and what it should have said."""

    subject: str
    head: str
    truth: int
    result: HeadResult


def judge(model: Path, name: str, folder: Path, baseline: float, show: Show) -> dict[str, Any]:
    """Scores of every head that the data set has a label for, by set: rows of plain values, and remarks.

    With a ``baseline`` (s) every sitting begins with it; until it is complete, nothing is scored.

    Raises
    ------
    EcgLiveError
        If bundle or data set cannot be read, or have no label in common.
    """
    bundle, data = load_bundle(model), open_dataset(name, folder)
    truths = {head: _truth(head, card.classes, data) for head, card in bundle.card.heads.items() if head in data.labels}
    if not truths:
        raise ConfigError(
            f"{model.name} answers {', '.join(bundle.card.heads)}; {data.name} has labels {', '.join(data.labels)}",
            "choose a model and a data set that have one in common",
        )
    remarks = [*data.remarks, *_known_people(bundle, data)]
    answers: list[Answer] = []
    for i, sitting in enumerate(data.sittings):
        show.progress(data.title, i, len(data.sittings))
        try:
            answers += _ask(bundle, i, sitting, truths, baseline, remarks)
        except RecordingError as error:
            remarks.append(f"{sitting.subject}: left out: {error.message}")
    show.progress(data.title, len(data.sittings), len(data.sittings))
    rows = [row for head in truths for row in _rows(head, bundle, answers)]
    if not rows:
        raise DatasetError(f"no window of {data.title} could be scored", "look at the signal, or give --baseline 0")
    return {"model": model.name, "dataset": data.name, "baseline": baseline, "rows": rows, "remarks": remarks}


def _truth(head: str, classes: tuple[str, ...], data: Dataset) -> Mapping[tuple[int, int], int]:
    """The class of every labelled stretch, by sitting and span; by the split whose classes are the head's."""
    stretches = [(i, j) for i, sitting in enumerate(data.sittings) for j in range(len(sitting.spans))]
    values = [data.sittings[i].spans[j].labels.get(head) for i, j in stretches]
    who = [data.sittings[i].subject for i, _ in stretches]
    for split in SPLITS:
        made = classify(values, who, data.labels[head], split)
        if set(made.names) <= set(classes):
            index = [NONE if each == NONE else classes.index(made.names[each]) for each in made.indices.tolist()]
            return dict(zip(stretches, index, strict=True))
    raise ConfigError(
        f"head {head} tells {', '.join(classes)} apart, which are no classes of {data.name}", "choose another data set"
    )


def _known_people(bundle: Bundle, data: Dataset) -> Iterator[str]:
    for name, card in bundle.card.heads.items():
        known = set(card.scores.get("trained_on", {}).get(data.name, ())) & set(data.subjects)
        if known:
            yield (
                f"head {name} was trained on {len(known)} of these {len(data.subjects)} people: its score on them says "
                "nothing of strangers"
            )


def _ask(
    bundle: Bundle,
    number: int,
    sitting: Sitting,
    truths: Mapping[str, Mapping[tuple[int, int], int]],
    baseline: float,
    remarks: list[str],
) -> Iterator[Answer]:
    """What every head says of a sitting's labelled windows."""
    hop = CorpusSettings().hop
    predictor = Predictor(bundle, hop, baseline)
    job = Job(number, sitting, ())
    for window, part, start in sitting_windows(sitting, hop, remarks):
        span = labelled(job, part, start, start + LENGTH, "inside")
        for head, result in predictor.predict(window).items():
            truth = truths.get(head, {}).get((number, span), NONE)
            awaited = baseline > 0 and "personal" in bundle.heads[head] and result.set == "population"
            if truth != NONE and not awaited:
                yield Answer(sitting.subject, head, truth, result)


def _rows(head: str, bundle: Bundle, answers: list[Answer]) -> Iterator[dict[str, Any]]:
    classes = bundle.card.heads[head].classes
    for which in bundle.card.heads[head].sets:
        own = [each for each in answers if each.head == head and each.result.set == which]
        said = [each for each in own if each.result.probs is not None]
        if not said:
            continue
        probability = np.array([[(each.result.probs or {})[name] for name in classes] for each in said])
        label, who = np.array([each.truth for each in said]), np.array([each.subject for each in said])
        judged = Judged(probability, probability, label, who)
        found = scores(judged)
        auroc = interval(draw(judged, EvaluateSettings().draws)["auroc"])
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
