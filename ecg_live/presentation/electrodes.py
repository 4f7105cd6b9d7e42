"""Where electrodes sit, by kind of device. Coordinates are shares of a torso seen from the front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LayoutKind = Literal["shimmer", "strap", "three_leads", "generic"]


@dataclass(frozen=True, slots=True)
class Electrode:
    """An electrode: its label, its place as shares of width (0 = the wearer's right) and height, and it in words."""

    label: str
    x: float
    y: float
    place: str


@dataclass(frozen=True, slots=True)
class ElectrodeLayout:
    """The electrodes of a kind of device; a ``strap`` is drawn as a band that holds them."""

    kind: LayoutKind
    title: str
    electrodes: tuple[Electrode, ...]
    advice: str
    strap: bool = False


_RA = Electrode("RA", 0.30, 0.16, "below the right collarbone")
_LA = Electrode("LA", 0.70, 0.16, "below the left collarbone")
_RL = Electrode("RL", 0.34, 0.78, "lowest rib, right")
_LL = Electrode("LL", 0.66, 0.78, "lowest rib, left")
LAYOUTS: Mapping[LayoutKind, ElectrodeLayout] = {
    "shimmer": ElectrodeLayout(
        "shimmer",
        "Shimmer, five electrodes",
        (_RA, _LA, _RL, _LL, Electrode("V", 0.44, 0.40, "beside the breastbone, right, fourth gap between ribs")),
        "Lead II is LL - RA: its QRS complex points up.",
    ),
    "strap": ElectrodeLayout(
        "strap",
        "Chest strap",
        (
            Electrode("R", 0.36, 0.52, "electrode area on the right"),
            Electrode("L", 0.64, 0.52, "and on the left"),
        ),
        "Moisten both areas; tighten the strap below the breast; the logo upright and in the middle.",
        strap=True,
    ),
    "three_leads": ElectrodeLayout(
        "three_leads",
        "Three electrodes",
        (
            Electrode("IN-", 0.30, 0.16, "below the right collarbone"),
            Electrode("IN+", 0.66, 0.78, "lowest rib, left"),
            Electrode("REF", 0.34, 0.78, "lowest rib, right"),
        ),
        "IN+ minus IN- is lead II: its QRS complex points up.",
    ),
    "generic": ElectrodeLayout(
        "generic",
        "One lead, as lead II",
        (
            Electrode("-", 0.30, 0.16, "below the right collarbone (RA)"),
            Electrode("+", 0.66, 0.78, "lowest rib, left (LL)"),
            Electrode("ground", 0.34, 0.78, "lowest rib, right (RL)"),
        ),
        "The amplifier's own manual has the last word.",
    ),
}
_LAYOUTS_BY_SCHEME: Mapping[str, LayoutKind] = {
    "shimmer": "shimmer",
    "polar": "strap",
    "movesense": "strap",
    "hr": "strap",
    "bitalino": "three_leads",
}


def electrode_layout(source: str, name: str = "") -> ElectrodeLayout:
    """Layout for a source's URI; an LSL stream is known by its name."""
    scheme = source.partition(":")[0].casefold()
    if scheme in _LAYOUTS_BY_SCHEME:
        return LAYOUTS[_LAYOUTS_BY_SCHEME[scheme]]
    text = f"{source} {name}".casefold()
    words = {"polar": "polar", "movesense": "movesense", "shimmer": "shimmer", "bitalino": "bitalino"}
    known = next((scheme for word, scheme in words.items() if word in text), None)
    opensignals = "bitalino" if "opensignals" in text else None
    found = known or opensignals
    return LAYOUTS[_LAYOUTS_BY_SCHEME[found] if found else "generic"]
