"""Which states are heard: each once as it begins, alarms again, and nothing that flickers."""

from __future__ import annotations

from itertools import combinations

import pytest

from ecg_live.presentation.alerts import ALERTS, REPEAT_S, AlertWatch


def heard(*steps: tuple[str, float]) -> list[str]:
    """The words that are heard of those that a status line says at a time (s)."""
    watch = AlertWatch()
    return [word for word, now in steps if watch.next(word, now) is not None]


def test_states_are_heard_as_they_begin() -> None:
    assert heard(("LIVE", 0), ("LIVE", 1), ("PAUSED", 2), ("PAUSED", 3), ("LIVE", 4)) == ["PAUSED", "LIVE"]
    assert heard(("REPLAY", 0), ("NO USABLE ECG", 5), ("REPLAY", 9)) == ["NO USABLE ECG", "REPLAY"]


def test_a_good_start_is_silent_and_a_bad_one_is_not() -> None:
    assert heard(("WAITING", 0), ("WARMING UP", 1), ("LIVE", 2)) == []
    assert heard(("DISCONNECTED", 0)) == ["DISCONNECTED"]


def test_an_alarm_is_repeated_while_it_lasts_and_a_pause_is_not() -> None:
    assert heard(*[("DISCONNECTED", float(second)) for second in range(70)]) == ["DISCONNECTED"] * 3
    assert heard(*[("PAUSED", float(second)) for second in range(70)]) == ["PAUSED"]
    assert REPEAT_S >= 20


def test_a_gap_between_two_live_moments_is_silent() -> None:
    assert heard(("DISCONNECTED", 0), ("LIVE", 1), ("GAP", 2), ("LIVE", 3), ("WARNING", 4), ("LIVE", 5)) == [
        "DISCONNECTED",
        "LIVE",
    ]


@pytest.mark.parametrize("pair", list(combinations(ALERTS, 2)))
def test_no_two_sound_alike(pair: tuple[str, str]) -> None:
    one, other = (ALERTS[word].tones for word in pair)
    assert one != other
    assert (len(one), [pitch for pitch, _ in one]) != (len(other), [pitch for pitch, _ in other])


def test_alerts_are_short() -> None:
    for alert in ALERTS.values():
        assert sum(seconds for _, seconds in alert.tones) <= 1.0
        assert all(frequency == 0 or 250 <= frequency <= 1100 for frequency, _ in alert.tones)
