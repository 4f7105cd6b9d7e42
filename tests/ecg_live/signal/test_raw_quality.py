"""Verdicts on raw seconds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from ecg_live.events import F64
from ecg_live.signal.raw_quality import BlockQuality, RawQualityMeter
from tests.support.chunk_cutting import ODD_RATE, cut, sizes
from tests.support.synthetic_signals import ecg


def verdicts(
    x: F64, rate: float, full_scale: tuple[float, float] | None = None, into: tuple[int, ...] = ()
) -> list[BlockQuality]:
    meter = RawQualityMeter(rate, full_scale)
    for chunk in cut(x, rate, into):
        meter.push(chunk.samples[:, 0])
    return [meter[k] for k in range(int(len(x) / rate))]


@pytest.mark.parametrize("rate", [100.0, ODD_RATE, 1000.0])
@settings(max_examples=20, deadline=None)
@given(into=sizes(2000, 10))
def test_any_cutting_gives_the_same_verdicts(rate: float, into: list[int]) -> None:
    x = ecg(12.1, rate)
    x[round(3.2 * rate) : round(5.1 * rate)] = 0.1
    x[round(8.3 * rate) :] += 50
    whole = verdicts(x, rate)
    assert verdicts(x, rate, None, tuple(into)) == whole
    assert [block.flat for block in whole] == [k == 4 for k in range(12)]
    assert [block.step for block in whole] == [k in {8, 9, 10, 11} for k in range(12)]


def test_an_ecg_is_usable() -> None:
    assert all(block.usable for block in verdicts(ecg(30, 500) + 250, 500))
    assert all(block.usable for block in verdicts(ecg(30, 500) * 3, 500, (-187.5, 187.5)))


def test_a_second_with_a_fault_is_not() -> None:
    for fault in ("flat", "railed", "step", "lead_off"):
        assert not BlockQuality(**{fault: True}).usable


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_tenth_of_a_second_at_the_rail_is_the_limit(share: float) -> None:
    x = ecg(1, 1000)
    x[: round(share * 1000)] = 2.0
    (block,) = verdicts(x, 1000, (-2.0, 2.0))
    assert block.railed == (share > 0.1)


def test_one_glitch_may_not_teach_the_scale() -> None:
    x = ecg(5, 500)
    x[1200] = 300.0
    assert [block.usable for block in verdicts(x, 500)] == [True, True, False, False, False]


def test_an_electrode_off_for_a_moment_spoils_its_second_only() -> None:
    meter = RawQualityMeter(100.0, None)
    meter.lead_off(150, off=True)
    meter.lead_off(160, off=True)  # told twice
    meter.lead_off(170, off=False)
    meter.lead_off(180, off=False)
    meter.push(ecg(4, 100)[:, 0])
    assert [meter[k].lead_off for k in range(4)] == [False, True, False, False]
