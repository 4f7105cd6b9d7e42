"""Bluetooth heart-rate straps (standard service 180D): heart rate and RR intervals, no ECG."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass

from devices.bluetooth.gatt import assigned_uuid, describe_services, name_matches, notify_on_loop, watch_battery
from devices.link import Emit, FoundDevice, Link
from devices.repeated_warnings import WarningCounter
from ecg_live.errors import ProtocolError
from ecg_live.events import Beats, Clock, LeadOff, State, StreamInfo

HEART_RATE_SERVICE_UUID, HEART_RATE_MEASUREMENT_UUID = assigned_uuid(0x180D), assigned_uuid(0x2A37)
# GATT Specification Supplement 5, 3.113: flags and the unit of RR intervals.
_FLAG_16_BIT_RATE, _FLAG_CONTACT, _FLAG_CONTACT_SUPPORTED, _FLAG_ENERGY, _FLAG_RR = (1 << bit for bit in range(5))
_RR_TICK_S = 1 / 1024


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """One notification: bpm, RR intervals in s (oldest first), and skin contact, None where it is not reported."""

    heart_rate: int
    rr: tuple[float, ...] = ()
    contact: bool | None = None


def parse_heart_rate(data: bytes) -> HeartRateMeasurement:
    """Parse a heart-rate measurement.

    Raises
    ------
    ProtocolError
        It is shorter than its flags require.
    """
    flags = data[0] if data else 0
    offset = 1 + (2 if flags & _FLAG_16_BIT_RATE else 1) + (2 if flags & _FLAG_ENERGY else 0)
    if len(data) < offset or (flags & _FLAG_RR and (len(data) - offset) % 2):
        raise ProtocolError(f"heart-rate measurement {data.hex(' ') or 'of no byte'} is cut short", "renew the battery")
    rate = struct.unpack_from("<H" if flags & _FLAG_16_BIT_RATE else "<B", data, 1)[0]
    rr = struct.unpack_from(f"<{(len(data) - offset) // 2}H", data, offset) if flags & _FLAG_RR else ()
    contact = bool(flags & _FLAG_CONTACT) if flags & _FLAG_CONTACT_SUPPORTED else None
    return HeartRateMeasurement(rate, tuple(ticks * _RR_TICK_S for ticks in rr), contact)


class HeartRateDriver:
    """Driver of a heart-rate strap: emits `Beats`, and `LeadOff` where the strap reports skin contact.

    Parameters
    ----------
    name : str
        Part of its name, or its address; empty for the first strap in reach.
    clock : Clock
        Session clock in s.
    """

    def __init__(self, name: str = "", clock: Clock = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._contact: bool | None = None
        self._truncated = WarningCounter()  # measurements that are cut short

    @property
    def info(self) -> StreamInfo:
        """A stream without samples."""
        return StreamInfo(0.0, (), name=self.description, source_id=self._name)

    @property
    def description(self) -> str:
        """The strap searched for."""
        return f"heart-rate strap {self._name}".strip()

    def matches(self, found: FoundDevice) -> bool:
        """Whether the name matches; without a name, whether it advertises the service."""
        return name_matches(self._name, found) if self._name else HEART_RATE_SERVICE_UUID in found.services

    async def start(self, link: Link, emit: Emit) -> None:
        """Subscribe. Raises `LinkLost`, and `ProtocolError` for another kind of device."""
        if HEART_RATE_SERVICE_UUID not in link.services:
            raise ProtocolError(
                f"{self.description} has no heart-rate service (180D); it offers {describe_services(link)}",
                "name another device",
            )

        def on_data(data: bytes, now: float) -> None:
            try:
                measurement = parse_heart_rate(data)
            except ProtocolError as error:
                if (times := self._truncated.add()) is not None:
                    emit(State("warning", f"{error}{times}", now))
                return
            self._emit_contact_change(measurement.contact, emit)
            emit(Beats(now, float(measurement.heart_rate), measurement.rr))

        await link.subscribe(HEART_RATE_MEASUREMENT_UUID, notify_on_loop(on_data, self._clock))
        await watch_battery(link, emit, self._clock)

    async def stop(self, link: Link) -> None:
        """Do nothing: the strap stops with the connection."""

    def _emit_contact_change(self, contact: bool | None, emit: Emit) -> None:
        """Emit `LeadOff` when the strap is taken off or put on again."""
        if contact is not None and contact != self._contact and not (contact and self._contact is None):
            emit(LeadOff(0, off=not contact))
        self._contact = contact if contact is not None else self._contact


async def watch_beats(link: Link, emit: Emit, clock: Clock) -> None:
    """Emit the beats of a device that sends ECG as well; malformed measurements are skipped."""
    if HEART_RATE_SERVICE_UUID not in link.services:
        return

    def on_data(data: bytes, now: float) -> None:
        try:
            measurement = parse_heart_rate(data)
        except ProtocolError:
            return
        emit(Beats(now, float(measurement.heart_rate), measurement.rr))

    await link.subscribe(HEART_RATE_MEASUREMENT_UUID, notify_on_loop(on_data, clock))
