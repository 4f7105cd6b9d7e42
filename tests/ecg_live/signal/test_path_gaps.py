"""What the path makes of samples that are missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.errors import ProtocolError
from ecg_live.events import Chunk, Gap
from ecg_live.signal.pipeline import SignalPath
from tests.support.chunk_cutting import BEGAN
from tests.support.synthetic_signals import Tape, assert_same, ecg, eventful, info, play


def test_no_window_spans_an_unbridged_gap() -> None:
    made = play(SignalPath(info(500.0)), eventful(500).items())
    cuts = [gap for gap in made.gaps if not gap.bridged]
    assert len(cuts) == 3  # no numbers, lost, no numbers at the end
    for gap in cuts:
        for window in made.windows:
            before = window.stop * 500 <= gap.start + 2  # raw samples: the grid's last step
            assert before or window.start * 500 >= gap.stop
    segments = [window.segment for window in made.windows]
    assert segments == sorted(segments)
    assert set(segments) == {0, 1, 2}


def test_gaps_say_what_is_missing() -> None:
    made = play(SignalPath(info(1000.0)), eventful(1000).items())
    assert [(gap.start, gap.lost, gap.bridged) for gap in made.gaps] == [
        (4000, 10, True),
        (6500, 30, True),
        (14_000, 1700, False),
        (29_300, 500, False),
        (49_990, 10, False),
    ]
    assert made.gaps[0].cause == "samples are invalid (NaN)"


@pytest.mark.parametrize("rate", [100.0, 129.87, 256.0, 1000.0, 4000.0])
def test_forty_milliseconds_are_the_longest_bridge(rate: float) -> None:
    most = int(0.040 * rate + 1e-9)
    for lost, bridged in ((most, True), (most + 1, False)):
        made = play(SignalPath(info(rate)), Tape(ecg(3, rate), rate, ((round(rate), lost),)).items())
        assert [(gap.lost, gap.bridged) for gap in made.gaps] == [(lost, bridged)]


def test_a_bridge_is_a_straight_line_and_counts_in_the_window() -> None:
    x = np.arange(256 * 14, dtype=np.float64)[:, None] * 0.001
    lost = ((300, 10), (2700, 5))
    bridged = play(SignalPath(info(256.0)), Tape(x, 256, lost).items())
    assert np.allclose(bridged.trace(), play(SignalPath(info(256.0)), Tape(x, 256).items()).trace(), atol=1e-6)
    shares = [window.bridged * WINDOW_SAMPLES for window in bridged.windows]
    assert shares == pytest.approx([10, 10 + 5, 5, 5, 5])


def test_a_minute_without_numbers_says_so_every_hop() -> None:
    x = ecg(90, 500)
    x[500 * 15 : 500 * 75] = np.nan
    made = play(SignalPath(info(500.0)), Tape(x, 500).items([100] * 500))
    assert [(gap.start, gap.lost, gap.bridged) for gap in made.gaps] == [(500 * 15, 500 * 60, False)]
    assert {window.segment for window in made.windows} == {0, 1}
    silent = [state for state in made.states if "invalid (NaN)" in state.detail]
    assert len(silent) == 61
    assert all(state.state == "gap" for state in silent)
    assert sum(state.seconds_left is not None for state in made.states) == 20


def test_numbers_that_end_before_the_stream_are_reported_at_its_end() -> None:
    x = ecg(20, 500)
    x[500 * 12 :] = np.nan
    made = play(SignalPath(info(500.0)), Tape(x, 500).items([999]))
    assert len(made.windows) == 3
    assert [(gap.start, gap.lost, gap.bridged) for gap in made.gaps] == [(500 * 12, 500 * 8, False)]


def test_a_gap_that_an_adapter_reports_counts_even_when_nothing_follows() -> None:
    first = Chunk(ecg(11, 500), 0, BEGAN)
    made = play(SignalPath(info(500.0)), [first, Gap(5500, 321, "radio lost")])
    assert made.gaps == [Gap(5500, 321, "radio lost")]
    made = play(SignalPath(info(500.0)), [Gap(0, 100, "late"), Chunk(first.samples, 100, BEGAN)])
    assert made.gaps == [Gap(0, 100, "late")]


def test_the_adapters_cause_is_passed_on() -> None:
    before, after = Tape(ecg(11, 500), 500, ((2500, 100),)).items()
    made = play(SignalPath(info(500.0)), [before, Gap(2500, 100, "radio lost"), after])
    assert made.gaps == [Gap(2500, 100, "radio lost")]


@pytest.mark.parametrize("rate", [256.0, 1000.0])
def test_samples_and_lost_make_what_the_device_took(rate: float) -> None:
    path, played = SignalPath(info(rate)), eventful(rate)
    made = play(path, played.items([777] * 30))
    assert path.samples + sum(gap.lost for gap in made.gaps) == len(played.samples)


def test_the_scale_is_kept_over_gaps() -> None:
    x = ecg(40, 256)
    path = SignalPath(info(256.0))
    made = play(path, Tape(x, 256, ((256 * 20, 256 * 5),)).items())
    known = path.scale
    assert known is not None
    assert known.blocks == 35
    after = next(window for window in made.windows if window.segment == 1)
    alone = play(SignalPath(info(256.0)), Tape(x[256 * 25 :], 256).items()).windows[0]
    assert not np.array_equal(after.data, alone.data)  # its first second was scaled by what was known before


def test_only_the_ecg_channel_counts() -> None:
    x = ecg(12, 500)
    other = np.full_like(x, np.nan)
    both = play(
        SignalPath(replace(info(500.0), channels=("other", "ECG"), ecg=1)), Tape(np.hstack((other, x)), 500).items()
    )
    alone = play(SignalPath(info(500.0)), Tape(x, 500).items())
    assert_same(both, alone)


def test_a_counter_that_goes_back_is_refused_after_everything_before() -> None:
    path = SignalPath(info(500.0))
    assert list(path.push(Chunk(ecg(11, 500), 0, BEGAN)))
    with pytest.raises(ProtocolError, match="5500 to 5400"):
        list(path.push(Chunk(ecg(1, 500), 5400, BEGAN)))
    assert path.samples == 5500
    assert len(list(path.flush())) > 0


@pytest.mark.parametrize("value", [1e12, 1e160, 1e300, -1.7e308])
def test_absurd_values_never_become_no_numbers_downstream(value: float) -> None:
    x = ecg(30, 500)
    x[4000:4003] = value
    made = play(SignalPath(info(500.0)), Tape(x, 500).items())
    for window in made.windows[15:]:
        assert np.isfinite(window.data).all()
        assert np.isfinite(window.heart_rate or 0)
