"""A simulated device to which things happen: lost, garbled and cut bytes, refusals, silence."""

from __future__ import annotations

import random
from collections.abc import Callable

from devices.simulate.emulator import Emulator, Packet, Service


def shimmer_data(packet: Packet) -> bool:
    """Whether a Shimmer's message is a sample."""
    return packet.data[:1] == b"\x00"


class Faulty:
    """Wraps an emulator whose every packet is one whole message (``SimulatedShimmer(..., notify=None)``).

    Rates are chances per data packet. What a chance does is the same for the same seed.

    Parameters
    ----------
    inner : Emulator
    seed : int
    is_data : callable
        Whether a packet is data; commands' answers are lost and garbled only by `deaf` and `refusals`.
    slices : tuple of int, optional
        Shortest and longest notification; None: as the emulator cuts them.
    lost, corrupt, garbage, status : float
        Whole packet never sent; a bit of it turned over; bytes of nonsense before it; a status unasked.
    """

    def __init__(
        self,
        inner: Emulator,
        seed: int = 0,
        is_data: Callable[[Packet], bool] = shimmer_data,
        *,
        slices: tuple[int, int] | None = (1, 20),
        lost: float = 0.0,
        corrupt: float = 0.0,
        garbage: float = 0.0,
        status: float = 0.0,
    ) -> None:
        self.inner = inner
        self._rng = random.Random(seed)  # noqa: S311 - no secret
        self._is_data, self._slices = is_data, slices
        self.lost, self.corrupt, self.garbage, self.status = lost, corrupt, garbage, status
        self.deaf = 0  # writes that are not heard
        self.refusals = 0  # writes that are answered with `refusal`
        self.refusal = b"\xfe"
        self.stalled = False  # connected, but silent: what is sent waits in the device
        self.dead = False  # its battery is empty
        self.hurt = 0  # data packets that were lost or garbled

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def advertised(self) -> tuple[str, ...]:
        return self.inner.advertised

    @property
    def services(self) -> tuple[Service, ...]:
        return self.inner.services

    @property
    def played(self) -> int:
        return self.inner.played

    def connect(self, now: float, mtu: int) -> None:
        self.inner.connect(now, mtu)

    def disconnect(self, now: float) -> None:
        self.inner.disconnect(now)

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        if self.dead or self.stalled:
            return []
        if self.deaf:
            self.deaf -= 1
            return []
        if self.refusals:
            self.refusals -= 1
            sent = self.inner.due(now)
            return self._spoilt([*sent, Packet(sent[0].uuid if sent else self._notify(), self.refusal)])
        return self._spoilt(self.inner.write(uuid, data, now))

    def due(self, now: float) -> list[Packet]:
        if self.dead or self.stalled:
            return []
        return self._spoilt(self.inner.due(now))

    def _notify(self) -> str:
        every = (one for service in self.services for one in service.characteristics)
        return next(one.uuid for one in every if "notify" in one.properties)

    def _spoilt(self, packets: list[Packet]) -> list[Packet]:
        spoilt = [one for packet in packets for one in self._happened(packet)]
        return [piece for packet in spoilt for piece in self._cut(packet)]

    def _happened(self, packet: Packet) -> list[Packet]:
        if not self._is_data(packet):
            return [packet]
        before: list[Packet] = []
        if self._chance(self.garbage):
            before.append(Packet(packet.uuid, self._rng.randbytes(self._rng.randint(1, 30))))
        if self._chance(self.status):
            announce = getattr(self.inner, "announce", None)
            if announce is not None:
                announce()  # comes with the next packets
        if self._chance(self.lost):
            self.hurt += 1
            return before
        if self._chance(self.corrupt):
            self.hurt += 1
            return [*before, Packet(packet.uuid, self._turned(packet.data))]
        return [*before, packet]

    def _turned(self, data: bytes) -> bytes:
        bit = self._rng.randrange(8 * len(data))
        whole = bytearray(data)
        whole[bit // 8] ^= 1 << bit % 8
        return bytes(whole)

    def _cut(self, packet: Packet) -> list[Packet]:
        if self._slices is None:
            return [packet]
        pieces: list[Packet] = []
        at = 0
        while at < len(packet.data):
            size = self._rng.randint(*self._slices)
            pieces.append(Packet(packet.uuid, packet.data[at : at + size]))
            at += size
        return pieces

    def _chance(self, share: float) -> bool:
        return share > 0 and self._rng.random() < share
