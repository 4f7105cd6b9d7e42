"""Any Bluetooth heart-rate strap: the standard service 180D. It tells heart rate and RR intervals, and no ECG."""

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
_WIDE, _CONTACT, _KNOWS_CONTACT, _ENERGY, _RR = (1 << bit for bit in range(5))  # flags (GATT Supplement 5, 3.113)
_RR_TICK_S = 1 / 1024  # s, unit of RR intervals (ibid.)


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """One notification: bpm, RR intervals in s (oldest first), and contact with the skin where the strap tells it."""

    heart_rate: int
    rr: tuple[float, ...] = ()
    contact: bool | None = None


def parse_heart_rate(data: bytes) -> HeartRateMeasurement:
    """Read a heart-rate measurement.

    Raises
    ------
    ProtocolError
        It is shorter than its flags say.
    """
    flags = data[0] if data else 0
    at = 1 + (2 if flags & _WIDE else 1) + (2 if flags & _ENERGY else 0)
    if len(data) < at or (flags & _RR and (len(data) - at) % 2):
        raise ProtocolError(f"heart-rate measurement {data.hex(' ') or 'of no byte'} is cut short", "renew the battery")
    rate = struct.unpack_from("<H" if flags & _WIDE else "<B", data, 1)[0]
    rr = struct.unpack_from(f"<{(len(data) - at) // 2}H", data, at) if flags & _RR else ()
    contact = bool(flags & _CONTACT) if flags & _KNOWS_CONTACT else None
    return HeartRateMeasurement(rate, tuple(ticks * _RR_TICK_S for ticks in rr), contact)


class HeartRateDriver:
    """A heart-rate strap that gives `Beats`, and `LeadOff` where it feels the skin.

    Parameters
    ----------
    name : str
        Part of its name, or its address; empty takes the first strap in reach.
    clock : Clock
        Session clock in s.
    """

    def __init__(self, name: str = "", clock: Clock = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._contact: bool | None = None
        self._cut = WarningCounter()  # measurements that are cut short

    @property
    def info(self) -> StreamInfo:
        """A stream without samples."""
        return StreamInfo(0.0, (), name=self.description, source_id=self._name)

    @property
    def description(self) -> str:
        """What it looks for."""
        return f"heart-rate strap {self._name}".strip()

    def matches(self, found: FoundDevice) -> bool:
        """Whether it is called so; without a name, whether it offers the service."""
        return name_matches(self._name, found) if self._name else HEART_RATE_SERVICE_UUID in found.services

    async def start(self, link: Link, emit: Emit) -> None:
        """Listen. Raises `LinkLost`, and `ProtocolError` for what is no strap."""
        if HEART_RATE_SERVICE_UUID not in link.services:
            raise ProtocolError(
                f"{self.description} has no heart-rate service (180D); it offers {describe_services(link)}",
                "name another device",
            )

        def take(data: bytes, now: float) -> None:
            try:
                measurement = parse_heart_rate(data)
            except ProtocolError as error:
                if (times := self._cut.add()) is not None:
                    emit(State("warning", f"{error}{times}", now))
                return
            self._feel(measurement.contact, emit)
            emit(Beats(now, float(measurement.heart_rate), measurement.rr))

        await link.subscribe(HEART_RATE_MEASUREMENT_UUID, notify_on_loop(take, self._clock))
        await watch_battery(link, emit, self._clock)

    async def stop(self, link: Link) -> None:
        """Nothing is to be stopped: the strap speaks to whoever listens."""

    def _feel(self, contact: bool | None, emit: Emit) -> None:
        """Tell when the strap is taken off, or is on again."""
        if contact is not None and contact != self._contact and not (contact and self._contact is None):
            emit(LeadOff(0, off=not contact))
        self._contact = contact if contact is not None else self._contact


async def watch_beats(link: Link, emit: Emit, clock: Clock) -> None:
    """Tell the beats of a device that has more to tell than these; what cannot be read is left out."""
    if HEART_RATE_SERVICE_UUID not in link.services:
        return

    def take(data: bytes, now: float) -> None:
        try:
            measurement = parse_heart_rate(data)
        except ProtocolError:
            return
        emit(Beats(now, float(measurement.heart_rate), measurement.rr))

    await link.subscribe(HEART_RATE_MEASUREMENT_UUID, notify_on_loop(take, clock))
