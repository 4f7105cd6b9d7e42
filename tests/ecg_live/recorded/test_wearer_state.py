"""What a session had learnt of its wearer, from a recording whose baseline was told in one way or another."""

from __future__ import annotations

from contextvars import copy_context
from pathlib import Path

import pytest

from ecg_live.cancelling import SearchCancelled, let_cancel
from ecg_live.errors import RecordingError
from ecg_live.events import Chunk, Marker, State
from ecg_live.model.adaptive import RunningMean
from ecg_live.model.bundle import load_bundle
from ecg_live.recorded.wearer_state import WearerState, learn_again
from ecg_live.resources import model_path
from ecg_live.results import Item
from ecg_live.signal.zscore import WearerScale
from tests.support.study_sessions import record_study
from tests.support.synthetic_signals import ecg
from tests.support.xdf_recordings import BEGAN, INFO, RATE

SECONDS = 45
COMPLETE = "personal baseline complete: 3 windows"
LEAD = INFO.channels[0], RATE


def recorded(path: Path, *told: str, baseline: float = 0.0) -> Path:
    """A session with a block of rest from 3.3 s on, and what it told of its baseline."""
    size = round(RATE)
    x = ecg(SECONDS, RATE)
    items: list[Item] = [Chunk(x[k * size :][:size], k * size, BEGAN + k) for k in range(SECONDS)]
    items.insert(4, Marker(BEGAN + 3.3, "block/rest/start", 3.3))
    items += [State("baseline", detail, BEGAN + SECONDS) for detail in told]
    return record_study(path, items, baseline=baseline)


def learnt(
    path: Path, rests: dict[str, float], scale: WearerScale | None = None, rate: float = INFO.rate
) -> WearerState:
    before = WearerState(RunningMean.unknown(), scale, None, (LEAD[0], rate))
    return learn_again(path, load_bundle(model_path(None)), rests, before)


@pytest.mark.parametrize(
    ("told", "rests", "seconds", "windows"),
    [
        ((COMPLETE,), {"rest": 30.0}, 0.0, 3),
        ((), {"rest": 30.0}, 0.0, 3),  # the last half second may be missing
        ((COMPLETE,), {}, 30.0, 3),  # asked for on the command line
        ((COMPLETE,), {"rest": 60.0}, 0.0, 0),  # it had not ended
        ((COMPLETE, "resting baseline: 50 s to go"), {"rest": 30.0}, 0.0, 0),  # another one, by key
        (("personal baseline complete: 6 windows",), {"rest": 30.0}, 0.0, 0),  # likewise
        ((COMPLETE, COMPLETE), {"rest": 30.0}, 0.0, 0),  # likewise, as long as the first
        (("personal baseline of this session before it was cut: 3 windows",), {}, 0.0, 0),
    ],
)
def test_a_baseline_is_known_again_where_the_recording_tells_of_the_same(
    tmp_path: Path, told: tuple[str, ...], rests: dict[str, float], seconds: float, windows: int
) -> None:
    state = learnt(recorded(tmp_path / "a.xdf", *told, baseline=seconds), rests)
    assert (0 if state.baseline is None else len(state.baseline)) == windows
    assert state.scale is not None
    assert state.scale.blocks == SECONDS
    assert state.level.windows("hrv") == 4
    assert state.lead == LEAD


def test_a_scale_belongs_to_its_lead(tmp_path: Path) -> None:
    """Another amplifier gives other amplitudes; the level and the baseline are of the heart, and hold."""
    path, scale = recorded(tmp_path / "a.xdf"), WearerScale(0.0, 1.0, 100)
    same, other = learnt(path, {}, scale).scale, learnt(path, {}, scale, 2 * RATE).scale
    assert same is not None
    assert other is not None
    assert (same.blocks, other.blocks) == (100 + SECONDS, SECONDS)


def test_nobody_waits_for_a_session_that_was_not_begun(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.xdf")

    def given_up() -> None:
        let_cancel(lambda: True)
        learnt(path, {})

    with pytest.raises(SearchCancelled):
        copy_context().run(given_up)


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,ECG\n0,1\n")
    with pytest.raises(RecordingError, match=r"a\.csv: ecg-live did not record it"):
        learnt(path, {})
