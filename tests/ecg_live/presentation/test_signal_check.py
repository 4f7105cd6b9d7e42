"""Words of the signal check, and the electrodes of each kind of device."""

from __future__ import annotations

from typing import get_args

import pytest

from ecg_live.presentation.electrodes import LAYOUTS, electrode_layout
from ecg_live.presentation.signal_check import FAULT_WORDS, check_note, fault_line, fault_remedy, with_silence
from ecg_live.preview_items import FaultKind, SignalFault, SignalVerdict


def test_every_fault_has_a_line_and_a_remedy_and_no_braces_are_left() -> None:
    assert set(FAULT_WORDS) == set(get_args(FaultKind))
    for kind in FAULT_WORDS:
        fault = SignalFault(kind, 0.31, 0.1, 50.0, ("LA",))
        assert "{" not in fault_line(fault)
        assert fault_remedy(fault).endswith(".")
    assert fault_line(SignalFault("electrode_off", electrodes=("LA", "LL"))) == "Electrode off: LA, LL"
    assert fault_line(SignalFault("electrode_off")) == "Electrode off"
    assert fault_line(SignalFault("losses", 0.057, 0.02)) == "6% of the samples are lost (at most 2%)"
    assert fault_line(SignalFault("rate", 240.04, 250.0)) == "Wrong rate: 240.0 Hz come, 250 Hz are stated"


@pytest.mark.parametrize(
    ("verdict", "note"),
    [
        (None, "skipped"),
        (SignalVerdict(12.0, 10.0), "go"),
        (SignalVerdict(12.0, 0.0, (SignalFault("hum"), SignalFault("drift"))), "went on with mains hum, drift"),
        (SignalVerdict(4.0, 4.0), "went on after 4 of 10 s of good signal"),
    ],
)
def test_what_the_recording_notes(verdict: SignalVerdict | None, note: str) -> None:
    assert check_note(verdict) == f"signal check: {note}"


def test_a_verdict_is_void_once_nothing_comes_any_more() -> None:
    good = SignalVerdict(12.0, 10.0)
    assert with_silence(good, 1.0) is good
    late = with_silence(good, 5.0)
    assert not late.go
    assert fault_line(late.faults[0]) == "No signal for 5 s"


@pytest.mark.parametrize(
    ("source", "name", "kind"),
    [
        ("shimmer:Shimmer3-6D2F", "", "shimmer"),
        ("polar:", "", "strap"),
        ("hr:TICKR", "", "strap"),
        ("bitalino:/dev/rfcomm0", "", "three_leads"),
        ("lsl:OpenSignals", "OpenSignals", "three_leads"),
        ("lsl:name=PolarBand", "PolarBand H10", "strap"),
        ("lsl:Lab", "Lab", "generic"),
        ("brainflow:CYTON_BOARD", "", "generic"),
    ],
)
def test_the_electrodes_of_a_source(source: str, name: str, kind: str) -> None:
    assert electrode_layout(source, name).kind == kind


def test_electrodes_lie_on_the_torso_on_the_side_that_they_name_and_apart() -> None:
    for layout in LAYOUTS.values():
        places = [(each.x, each.y) for each in layout.electrodes]
        assert all(0.2 < x < 0.8 and 0.1 < y < 0.9 for x, y in places)
        assert len(set(places)) == len(places)
        for each in layout.electrodes:  # seen from the front: the wearer's right is on the left
            assert "right" not in each.place or each.x < 0.5
            assert "left" not in each.place or each.x > 0.5
