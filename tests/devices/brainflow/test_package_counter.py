"""Package numbers of boards that count in their own ways."""

from __future__ import annotations

import pytest

from devices.brainflow.package_counter import LEARN_ROWS, PackageCounter


def numbers(step: int, repeats: int, first: int, last: int, rows: int) -> list[float]:
    """A board's numbers from ``first`` to ``last`` and again."""
    cycle = [float(number) for number in range(first, last + 1, step) for _ in range(repeats)]
    return [cycle[k % len(cycle)] for k in range(rows)]


def learnt(sent: list[float]) -> PackageCounter:
    counter = PackageCounter()
    counter.learn(sent[:LEARN_ROWS])
    return counter


BOARDS = [(1, 1, 0, 255), (2, 1, 0, 254), (1, 2, 101, 200), (1, 1, 0, 65535), (1, 1, 1, 100)]


@pytest.mark.parametrize(("step", "repeats", "first", "last"), BOARDS)
def test_nothing_is_lost_over_any_wrap(step: int, repeats: int, first: int, last: int) -> None:
    sent = numbers(step, repeats, first, last, 1500)[37:]
    counter = learnt(sent)
    assert sum(counter.push(number) for number in sent) == 0


@pytest.mark.parametrize(("step", "repeats", "first", "last"), BOARDS[:3])
@pytest.mark.parametrize("lost", [1, 2, 5, 50])
@pytest.mark.parametrize("begin", [600, 700, 790])
def test_lost_rows_are_counted(step: int, repeats: int, first: int, last: int, lost: int, begin: int) -> None:
    sent = numbers(step, repeats, first, last, 1500)
    counter = learnt(sent)
    told = [counter.push(number) for number in sent[:begin] + sent[begin + lost :]]
    assert sum(told) == pytest.approx(lost, abs=repeats - 1)  # which of two equal ones is lost cannot be seen at once
    assert counter.cycle == (last - first + step) // step * repeats


def test_a_board_that_does_not_count_loses_nothing() -> None:
    counter = learnt([0.0] * 100)
    assert sum(counter.push(0.0) for _ in range(500)) == 0
    assert counter.cycle == 0


def test_another_connection_begins_at_any_number() -> None:
    counter = learnt(numbers(1, 1, 0, 255, 100))
    counter.push(10.0)
    counter.resume()
    assert counter.push(200.0) == 0
    assert counter.push(202.0) == 1
