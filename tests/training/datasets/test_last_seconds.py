"""Labels for the last seconds of each annotation only."""

from __future__ import annotations

from math import inf
from pathlib import Path

from training.datasets.dataset import Annotation, Dataset, LabelTrack, LabelValue, Rating, RecordingPart, SubjectSession
from training.datasets.last_seconds import label_last

TRACK = LabelTrack((0.0, 50.0), (0.1, 0.2), 100.0)


def shortened(annotation: Annotation, seconds: float) -> list[Annotation]:
    session = SubjectSession("a", (RecordingPart(Path("a")),), (annotation,))
    data = Dataset("x", "X", "", (session,), {"mood": Rating(1, 9)})
    return list(label_last(data, seconds).sessions[0].annotations)


def test_the_label_applies_to_the_end_only() -> None:
    film = Annotation(0, 20.0, 100.0, {"mood": 7.0}, stimulus="film")
    assert shortened(film, 30.0) == [Annotation(0, 70.0, 100.0, {"mood": 7.0}, stimulus="film")]
    assert shortened(film, 0.0) == [film]
    assert shortened(film, 80.0) == [film]


def test_rest_and_labels_that_change_keep_all_of_it() -> None:
    labels: dict[str, LabelValue] = {"mood": 7.0, "joy": TRACK}
    assert shortened(Annotation(0, 0.0, 100.0, labels, rest=True), 30.0) == [
        Annotation(0, 0.0, 70.0, {"joy": TRACK}, rest=True),
        Annotation(0, 70.0, 100.0, labels, rest=True),
    ]


def test_what_has_no_end_or_no_fixed_label_stays() -> None:
    for annotation in (
        Annotation(0, 0.0, inf, {"mood": 7.0}),
        Annotation(0, 0.0, 100.0, {"joy": TRACK}),
        Annotation(0, 0.0, 100.0, {}, rest=True),
    ):
        assert shortened(annotation, 10.0) == [annotation]
