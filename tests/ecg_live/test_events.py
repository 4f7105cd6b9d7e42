"""States: every name has its traits, and those who sort states agree."""

from __future__ import annotations

from typing import get_args

from ecg_live.events import STATES, StateName, StateTrait, states_that_are


def test_every_state_is_in_the_table_and_no_other() -> None:
    assert set(STATES) == set(get_args(StateName))
    assert {trait for traits in STATES.values() for trait in traits} == set(get_args(StateTrait))


def test_a_device_that_is_away_and_what_counts_down_are_what_goes_on() -> None:
    ongoing = set(states_that_are("ongoing"))
    assert set(states_that_are("away")) | set(states_that_are("countdown")) < ongoing
    assert states_that_are("countdown") == ("warming_up", "gap")


def test_what_alarms_is_reported_with_its_detail() -> None:
    alarms = set(states_that_are("alarm"))
    assert alarms < set(states_that_are("listed"))
    assert not alarms & set(states_that_are("brief"))
