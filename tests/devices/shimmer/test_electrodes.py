from __future__ import annotations

import pytest

from devices.shimmer.decoder import ElectrodeMonitor
from ecg_live.events import LeadOff

FINE = (0x80, 0x80)


def told(lead: str, statuses: list[tuple[int, int]]) -> list[LeadOff]:
    electrodes = ElectrodeMonitor(lead, 512)
    return [event for k, status in enumerate(statuses) if (event := electrodes.push(k, status)) is not None]


@pytest.mark.parametrize(
    ("lead", "status", "electrode"),
    [
        ("LL-RA", (0x81, 0x80), "LL"),
        ("LL-RA", (0x82, 0x80), "RA"),
        ("LL-RA", (0x88, 0x80), "RA"),
        ("LL-RA", (0x90, 0x80), "RL"),
        ("LA-RA", (0x84, 0x80), "LA"),
        ("Vx-RL", (0x80, 0x84), "Vx"),
    ],
)
def test_each_bit_is_an_electrode(lead: str, status: tuple[int, int], electrode: str) -> None:
    assert told(lead, [FINE, status]) == [LeadOff(1, off=True, electrodes=(electrode,))]


def test_electrodes_that_the_lead_does_not_need_may_be_off() -> None:
    assert told("LL-RA", [(0x84, 0x9F)] * 5) == []


def test_back_counts_after_a_quarter_of_a_second() -> None:
    statuses = [(0x81, 0x80)] * 3 + [FINE] * 100 + [(0x81, 0x80)] + [FINE] * 200
    assert told("LL-RA", statuses) == [LeadOff(0, off=True, electrodes=("LL",)), LeadOff(231, False, ("LL",))]


def test_while_one_is_off_the_other_back_does_not_mean_back() -> None:
    statuses = [(0x83, 0x80)] * 2 + [(0x81, 0x80)] * 200 + [FINE] * 200
    assert told("LL-RA", statuses) == [
        LeadOff(0, off=True, electrodes=("LL", "RA")),
        LeadOff(129, off=True, electrodes=("LL",)),
        LeadOff(329, off=False, electrodes=("LL",)),
    ]
