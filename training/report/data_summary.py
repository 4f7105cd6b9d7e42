"""The report's data: counts of used and dropped windows, the t-SNE map of the embedding, example windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.manifold import TSNE

from ecg_live.events import F64
from training.data.corpus import Corpus
from training.heads.lda import mean_and_std
from training.results import DataSummary, ExampleWindow, MapPoint

MAX_MAP_POINTS = 800
MIN_MAP_WINDOWS = 10
MIN_FEATURE_RANGE = 1e-9  # below it all features are constant, and t-SNE would divide by zero
TSNE_PERPLEXITY = 30.0  # (van der Maaten & Hinton 2008: 5 to 50)


def summarise(corpus: Corpus, labels: Mapping[str, Mapping[str, int]], remarks: Sequence[str] = ()) -> DataSummary:
    """Count what a corpus holds and what it lacks; ``labels`` are windows by label and class."""
    data = corpus.dataset
    return DataSummary(
        name=data.name,
        title=data.title,
        licence=data.licence,
        subjects=len(data.subjects),
        recordings=sum(len(session.parts) for session in data.sessions),
        hours=round(corpus.seconds / 3600, 3),
        used=len(corpus.windows),
        unusable=corpus.unusable,
        reasons=dict(sorted(corpus.dropped.items())),
        labels=labels,
        remarks=(*data.remarks, *corpus.remarks, *remarks),
        caveats=data.caveats,
    )


def embedding_map(embedding: F64, subject: npt.NDArray[np.str_], label: npt.NDArray[np.str_]) -> tuple[MapPoint, ...]:
    """Windows on a plane by t-SNE of their standardised features (n, 128): at most 800, evenly chosen."""
    if len(embedding) < MIN_MAP_WINDOWS or np.ptp(embedding, axis=0).max() < MIN_FEATURE_RANGE:
        return ()
    at = np.unique(np.linspace(0, len(embedding) - 1, MAX_MAP_POINTS).round().astype(int))
    mean, sd = mean_and_std(embedding[at])
    perplexity = min(TSNE_PERPLEXITY, (len(at) - 1) / 3)
    plane = TSNE(perplexity=perplexity, init="pca", random_state=0, n_jobs=1).fit_transform((embedding[at] - mean) / sd)
    return tuple(
        MapPoint(round(float(x), 3), round(float(y), 3), str(one), str(name))
        for (x, y), one, name in zip(plane, subject[at], label[at], strict=True)
    )


def example_windows(corpus: Corpus, label: npt.NDArray[np.str_]) -> tuple[ExampleWindow, ...]:
    """The middle good window of every class, and the middle one of poor quality if there are any."""
    good = corpus.rows["grade"] == 0
    chosen = [(name, np.flatnonzero(good & (label == name))) for name in sorted(set(label.tolist()) - {""})]
    chosen.append(("poor quality", np.flatnonzero(~good)))
    found = []
    for name, at in chosen:
        if len(at):
            middle = int(at[len(at) // 2])
            row = corpus.rows[middle]
            subject = corpus.dataset.sessions[row["session"]].subject
            caption = f"{name}: subject {subject}, part {row['part'] + 1}, from {row['start']:.0f} s"
            found.append(ExampleWindow(caption, tuple(round(float(v), 3) for v in corpus.windows[middle])))
    return tuple(found)
