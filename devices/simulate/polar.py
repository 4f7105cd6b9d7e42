"""A simulated Polar H10: plays samples by the PMD service, with the strap's clock and its habits off the skin."""

from __future__ import annotations

import math
import struct

import numpy as np

from devices.bluetooth.heart_rate import HEART_RATE_MEASUREMENT_UUID, HEART_RATE_SERVICE_UUID
from devices.bluetooth.polar import (
    ALREADY_STREAMING_ERROR,
    CONTROL_REPLY,
    MTU_TOO_SMALL_ERROR,
    PMD_CONTROL_UUID,
    PMD_DATA_UUID,
    START_ECG_REQUEST,
    STOP_ECG_REQUEST,
)
from devices.bluetooth.polar import PMD_SERVICE_UUID as PMD
from devices.bluetooth.polar_frames import POLAR_RATE_HZ
from devices.simulate.emulator import Characteristic, Packet, Service
from devices.simulate.heart_rate import SimulatedHeart, battery_service, beats_service
from devices.simulate.player import Player
from ecg_live.errors import RecordingError

FRAME_SAMPLES = 73  # samples at MTU 232 (this and what follows: facts on Polar)
OFF_SKIN_LINK_S = 45.0  # s off the skin until it drops the link
OFF_SKIN_AWAKE_S = 60.0  # s off the skin and without a connection until it shuts down
RESET_STAMP_NS = 599_616_000 * 10**9  # ns from 2000-01-01 to 2019-01-01, where its clock begins when it wakes
SET_STAMP_NS = RESET_STAMP_NS + 7 * 365 * 86_400 * 10**9  # ns; somebody set its clock some years later
_ATT_HEADER_BYTES, _FRAME_HEADER_BYTES = 3, 10  # bytes of a notification, and of a frame, that are no samples
_FEATURES_VALUE = bytes.fromhex("0F 05") + bytes(15)  # ECG and acceleration
_MAX_MICROVOLT = 1 << 23


class SimulatedPolar:
    """Plays samples at 130 Hz of its own clock.

    Parameters
    ----------
    player : Player
        Samples at 130 Hz, in mV.
    ppm : float
        How much faster than the host its clock runs.
    heart : Heart, optional
        Its own beats beside the ECG.
    least_mtu : int
        It refuses to stream below.

    Raises
    ------
    RecordingError
        The samples are at another rate.
    """

    def __init__(
        self,
        player: Player,
        name: str = "Polar H10 12345678",
        ppm: float = 0.0,
        heart: SimulatedHeart | None = None,
        least_mtu: int = 23,
    ) -> None:
        if player.rate != POLAR_RATE_HZ:
            raise RecordingError(
                f"the samples are at {player.rate:g} Hz, a Polar plays {POLAR_RATE_HZ:g} Hz", "resample them"
            )
        control = Characteristic(PMD_CONTROL_UUID, frozenset({"read", "write", "indicate"}), _FEATURES_VALUE)
        pmd = Service(PMD, (control, Characteristic(PMD_DATA_UUID, frozenset({"notify"}))))
        self.name, self.advertised = name, (HEART_RATE_SERVICE_UUID,)
        self.services: tuple[Service, ...] = (pmd, beats_service(), battery_service(0.88))
        self.played = 0
        self.linked = False  # it drops the link by itself some time after it left the skin
        self._player, self._heart, self._least_mtu = player, heart, least_mtu
        self._speed = 1 + ppm * 1e-6
        self._began: float | None = None  # when its clock began to count, and with which stamp and sample
        self._stamp, self._base = SET_STAMP_NS, 0
        self._next: int | None = None  # of the next frame; None while it does not stream
        self._mtu = 23
        self._off_skin = self._alone = math.inf  # since when

    def connect(self, now: float, mtu: int) -> None:
        """Note that a central connected."""
        self._move(now)
        self.linked, self._mtu, self._alone = True, mtu, math.inf
        self._next = self.played if self._next is not None else None

    def disconnect(self, now: float) -> None:
        """Note that the link is gone; a stream that was not stopped is still on."""
        self._move(now)
        self.linked, self._alone = False, now

    def set_skin_contact(self, now: float, *, on: bool) -> None:
        """Put it on, or take it off."""
        self._move(now)
        if on and self._asleep(now):
            self._began, self._stamp, self._base, self._next = now, RESET_STAMP_NS, self.played, None
        self._off_skin = math.inf if on else now

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        """Take a request to the control point."""
        self._move(now)
        if uuid != PMD_CONTROL_UUID or len(data) < 2:
            return []
        return [Packet(PMD_CONTROL_UUID, bytes([CONTROL_REPLY, data[0], data[1], self._obey(data)]))]

    def due(self, now: float) -> list[Packet]:
        """Frames that are full by now, and each second a measurement."""
        self._move(now)
        if now - self._off_skin >= OFF_SKIN_LINK_S:
            self.linked = False
        beats = self._heart.due(now) if self._heart is not None else []
        if not self.linked:
            return []
        return [*self._frames(), *(Packet(HEART_RATE_MEASUREMENT_UUID, data) for data in beats)]

    def _obey(self, data: bytes) -> int:
        """Give the error code."""
        if data == START_ECG_REQUEST:
            if self._next is not None:
                return ALREADY_STREAMING_ERROR
            if self._mtu < self._least_mtu:
                return MTU_TOO_SMALL_ERROR
            self._next = self.played
        elif data == STOP_ECG_REQUEST:
            self._next = None
        else:
            return 0x05
        return 0

    def _frames(self) -> list[Packet]:
        frames = []
        n = min(FRAME_SAMPLES, (self._mtu - _ATT_HEADER_BYTES - _FRAME_HEADER_BYTES) // 3)
        while self._next is not None and self._next + n <= self.played:
            frames.append(Packet(PMD_DATA_UUID, self._frame(range(self._next, self._next + n))))
            self._next += n
        return frames

    def _frame(self, indices: range) -> bytes:
        stamp = self._stamp + round((indices[-1] - self._base) * 1e9 / POLAR_RATE_HZ)
        values = [
            int(np.clip(round(self._player.sample(k)[0] * 1000), -_MAX_MICROVOLT, _MAX_MICROVOLT - 1)) for k in indices
        ]
        samples = b"".join(value.to_bytes(3, "little", signed=True) for value in values)
        return struct.pack("<BQB", 0, stamp, 0) + samples

    def _asleep(self, now: float) -> bool:
        return not self.linked and now - max(self._off_skin, self._alone) >= OFF_SKIN_AWAKE_S

    def _move(self, now: float) -> None:
        """Let the converter run until now, or until the strap shut down."""
        self._began = now if self._began is None else self._began
        if self._asleep(now):
            now = max(self._off_skin, self._alone) + OFF_SKIN_AWAKE_S
        self.played = max(self.played, self._base + self._player.count((now - self._began) * self._speed))
