"""What is told of things that happen a thousand times."""

from __future__ import annotations

from devices.repeated_warnings import WarningCounter


def test_a_thousand_times_are_four_words_and_a_count() -> None:
    tally = WarningCounter()
    told = [said for said in (tally.add() for _ in range(1000)) if said is not None]
    assert told == ["", " (10 times by now)", " (100 times by now)", " (1000 times by now)"]
    assert tally.add(10_000) == " (11000 times by now)"
    assert tally.count == 11_000
