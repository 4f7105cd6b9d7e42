"""A rating that changes: its mean or its majority within a window, and none where too little is rated."""

import pytest

from training.datasets.dataset import Annotation
from training.datasets.joined_annotations import join_short_annotations
from training.datasets.label_track import LabelTrack


def test_mean_and_majority_weigh_by_time() -> None:
    track = LabelTrack((0.0, 4.0, 5.0), (2.0, 7.0, 4.0), 10.0)
    assert track.within(0, 10) == pytest.approx((4 * 2 + 1 * 7 + 5 * 4) / 10)
    assert track.within(0, 10, "majority") == 4.0
    assert track.within(0, 4.5, "majority") == 2.0
    assert track.within(4.25, 5.25) == pytest.approx((0.75 * 7 + 0.25 * 4) / 1)
    assert track.within(20, 30) is None


def test_names_of_classes_always_have_a_majority() -> None:
    track = LabelTrack((0.0, 2.0, 9.0), ("calm", "tense", "calm"), 10.0)
    assert [track.within(0, 10, rule) for rule in ("mean", "majority")] == ["tense", "tense"]


@pytest.mark.parametrize(("rated", "found"), [(4, None), (5, 3.0)])
def test_a_window_that_is_rated_for_less_than_half_of_it_has_no_rating(rated: int, found: float | None) -> None:
    track = LabelTrack((0.0, float(rated)), (3.0, None), 10.0)
    assert track.within(0, 10) == found
    assert LabelTrack((0.0,), (3.0,), float(rated)).within(0, 10) == found


def test_times_must_ascend() -> None:
    for times, stop in (((0.0, 0.0), 5.0), ((0.0, 1.0), 1.0), ((0.0,), 5.0)):
        with pytest.raises(ValueError, match="ascend"):
            LabelTrack(times, (1.0, 2.0), stop)


def test_short_annotations_that_follow_each_other_become_one_with_a_track() -> None:
    rated = [Annotation(0, 2.0 * i, 2.0 * i + 2, {"stress": float(i)} if i != 3 else {}) for i in range(6)]
    long, after = Annotation(0, 12.0, 30.0, {"stress": 1.0}), Annotation(0, 31.0, 33.0, {"stress": 2.0})
    joined, *others = join_short_annotations([*rated, long, after])
    assert (joined.start, joined.stop) == (0.0, 12.0)
    assert joined.labels == {"stress": LabelTrack((0.0, 2.0, 4.0, 6.0, 8.0, 10.0), (0.0, 1.0, 2.0, None, 4.0, 5.0), 12)}
    assert others == [long, after]


def test_rest_is_not_joined_with_what_follows_it() -> None:
    rest, task = Annotation(0, 0.0, 5.0, {"stress": 1.0}, rest=True), Annotation(0, 5.0, 9.0, {"stress": 4.0})
    assert join_short_annotations([rest, task]) == [rest, task]
