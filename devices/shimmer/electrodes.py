"""From the chips' lead-off bits to what a wearer must know."""

from __future__ import annotations

from ecg_live.events import LeadOff

_OFF_HOLD_S = (
    0.25  # s for which an electrode must be on before it counts as back: a comparator flickers while it settles
)
# Chip, bit and electrode (facts on devices: status byte 1 0 0 RLD IN2N IN2P IN1N IN1P, and which inputs are which).
_LEAD_OFF_BITS = ((0, 0x01, "LL"), (0, 0x02, "RA"), (0, 0x04, "LA"), (0, 0x08, "RA"), (0, 0x10, "RL"), (1, 0x04, "Vx"))
# The others may be left off by choice; RL drives the body in each.
_ELECTRODES_BY_LEAD = {"LL-RA": ("LL", "RA", "RL"), "LA-RA": ("LA", "RA", "RL"), "Vx-RL": ("Vx", "RL")}


class ElectrodeMonitor:
    """Watches those electrodes that the chosen lead needs."""

    def __init__(self, lead: str, rate: float) -> None:
        self._needed = _ELECTRODES_BY_LEAD[lead]
        self._hold = round(_OFF_HOLD_S * rate)
        self._off: dict[str, int] = {}  # with the index of the last sample that said so
        self._status: tuple[int, int] | None = None

    def push(self, index: int, status: tuple[int, int]) -> LeadOff | None:
        """Take a sample's status bytes; give what changed with it. While any is off, the event names all that are."""
        if status == self._status and not self._off:
            return None
        self._status = status
        before = tuple(self._off)
        for chip, bit, electrode in _LEAD_OFF_BITS:
            if status[chip] & bit and electrode in self._needed:
                self._off[electrode] = index
        for electrode in [one for one, last in self._off.items() if index - last >= self._hold]:
            del self._off[electrode]
        now = tuple(self._off)
        if set(now) == set(before):
            return None
        return LeadOff(index, off=bool(now), electrodes=now or before)
