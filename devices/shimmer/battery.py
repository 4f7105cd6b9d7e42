"""Charge of a Shimmer's battery, from the converter's reading of its voltage."""

from __future__ import annotations

import numpy as np

BATTERY_BYTES = 3  # of a reading: u16 of the converter, and whether it charges
_VOLT_PER_COUNT = 3.0 / 4095 * 1.988  # 12 bit at 3 V, behind a divider (ShimmerBattStatusDetails of Shimmer's Java API)
_MAX_VOLT = 4.5  # above that, the charger is still checking the battery (same source)
# Points of the fit there, which is not monotonic below 3.62 V.
_VOLTS = (3.62, 3.7, 3.8, 3.9, 4.0, 4.1, 4.167)
_CHARGES = (0.0, 0.25, 0.51, 0.72, 0.85, 0.94, 1.0)


def charge_of(reading: bytes) -> float | None:
    """Return the charge between 0 and 1; None where the voltage says nothing about it."""
    volt = int.from_bytes(reading[:2], "little") * _VOLT_PER_COUNT
    return None if volt > _MAX_VOLT else float(np.interp(volt, _VOLTS, _CHARGES))


def reading_of(volt: float) -> bytes:
    """Return the reading of a battery that does not charge, as a device sends it."""
    return round(volt / _VOLT_PER_COUNT).to_bytes(2, "little") + bytes(1)
