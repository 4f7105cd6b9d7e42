"""A simulated Polar H10: ECG and acceleration over the PMD service, its clock, and its behaviour off the skin."""

from __future__ import annotations

import math
import struct

import numpy as np

from devices.bluetooth.heart_rate import HEART_RATE_MEASUREMENT_UUID, HEART_RATE_SERVICE_UUID
from devices.bluetooth.pmd import (
    ALREADY_STREAMING_ERROR,
    CONTROL_REPLY,
    MTU_TOO_SMALL_ERROR,
    PMD_CONTROL_UUID,
    PMD_DATA_UUID,
    PMD_SERVICE_UUID,
    START_ECG_REQUEST,
    Measurement,
    stop_request,
)
from devices.bluetooth.polar_frames import POLAR_RATE_HZ
from devices.simulate.emulator import Characteristic, Packet, Service
from devices.simulate.heart_rate import SimulatedHeart, battery_service, beats_service
from devices.simulate.player import Player
from devices.simulate.polar_acceleration import AccelerationSignal, SimulatedAcceleration, resting_acceleration
from ecg_live.errors import RecordingError

# docs/pages/protocols.md, Polar H10
FRAME_SAMPLES = 73  # at MTU 232
OFF_SKIN_LINK_S = 45.0  # until it drops the link
OFF_SKIN_AWAKE_S = 60.0  # without a connection, until it shuts down
RESET_STAMP_NS = 599_616_000 * 10**9  # 2019-01-01 since 2000-01-01: its clock after a shut-down
SET_STAMP_NS = RESET_STAMP_NS + 7 * 365 * 86_400 * 10**9  # a clock that was set some years later
_ATT_HEADER_BYTES, _FRAME_HEADER_BYTES = 3, 10  # before the samples in a notification, and in a frame
_FEATURES_VALUE = bytes.fromhex("0F 05") + bytes(15)  # a strap with ECG and acceleration
_MAX_MICROVOLT = 1 << 23


class SimulatedPolar:
    """A strap that plays samples at 130 Hz of its own clock.

    Parameters
    ----------
    player : Player
        Samples at 130 Hz, in mV.
    name : str
        Advertised name.
    ppm : float
        Drift of its clock against the host's.
    heart : SimulatedHeart, optional
        Beats of the heart-rate service.
    min_mtu : int
        Smallest MTU at which it streams.
    acceleration : callable
        Values of its acceleration in mg.

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
        min_mtu: int = 23,
        acceleration: AccelerationSignal = resting_acceleration,
    ) -> None:
        if player.rate != POLAR_RATE_HZ:
            raise RecordingError(
                f"the samples are at {player.rate:g} Hz, a Polar plays {POLAR_RATE_HZ:g} Hz", "resample them"
            )
        control = Characteristic(PMD_CONTROL_UUID, frozenset({"read", "write", "indicate"}), _FEATURES_VALUE)
        pmd = Service(PMD_SERVICE_UUID, (control, Characteristic(PMD_DATA_UUID, frozenset({"notify"}))))
        self.name = name
        self.advertised = (HEART_RATE_SERVICE_UUID,)
        self.services: tuple[Service, ...] = (pmd, beats_service(), battery_service(0.88))
        self.played = 0
        self.holds_link = False  # false once it drops the link, some time off the skin
        self._player = player
        self._heart = heart
        self._min_mtu = min_mtu
        self.acceleration = SimulatedAcceleration(acceleration)
        self._speed = 1 + ppm * 1e-6
        self._clock_start: float | None = None  # host time of `_base_stamp` and `_base_index`
        self._base_stamp = SET_STAMP_NS
        self._base_index = 0
        self._next_frame: int | None = None  # index of its first sample; None while not streaming
        self._mtu = 23
        self._off_skin_at = math.inf
        self._disconnected_at = math.inf

    def connect(self, now: float, mtu: int) -> None:
        """See `Emulator.connect`."""
        self._advance(now)
        self.holds_link, self._mtu, self._disconnected_at = True, mtu, math.inf
        self._next_frame = self.played if self._next_frame is not None else None
        self.acceleration.skip(self._seconds)

    def disconnect(self, now: float) -> None:
        """End the connection; a stream that was not stopped continues."""
        self._advance(now)
        self.holds_link, self._disconnected_at = False, now

    def set_skin_contact(self, now: float, *, on: bool) -> None:
        """Put the strap on, or take it off."""
        self._advance(now)
        if on and self._is_off(now):
            self._clock_start = now
            self._base_stamp = RESET_STAMP_NS
            self._base_index = self.played
            self._next_frame = None
            self.acceleration.stop()
        self._off_skin_at = math.inf if on else now

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        """Process a request to the control point."""
        self._advance(now)
        if uuid != PMD_CONTROL_UUID or len(data) < 2:
            return []
        return [Packet(PMD_CONTROL_UUID, bytes([CONTROL_REPLY, data[0], data[1], self._execute(data)]))]

    def due(self, now: float) -> list[Packet]:
        """Return complete frames, and a heart-rate measurement each second."""
        self._advance(now)
        if now - self._off_skin_at >= OFF_SKIN_LINK_S:
            self.holds_link = False
        beats = self._heart.due(now) if self._heart is not None else []
        if not self.holds_link:
            return []
        return [*self._frames(), *(Packet(HEART_RATE_MEASUREMENT_UUID, data) for data in beats)]

    @property
    def _seconds(self) -> float:
        """Time since the clock was set."""
        return (self.played - self._base_index) / POLAR_RATE_HZ

    def _execute(self, data: bytes) -> int:
        """Execute a request; return the error code."""
        if data == START_ECG_REQUEST:
            if self._next_frame is not None:
                return ALREADY_STREAMING_ERROR
            if self._mtu < self._min_mtu:
                return MTU_TOO_SMALL_ERROR
            self._next_frame = self.played
        elif data == stop_request(Measurement.ECG):
            self._next_frame = None
        elif data == stop_request(Measurement.ACCELERATION):
            self.acceleration.stop()
        elif data[1] == Measurement.ACCELERATION and self.acceleration.streaming:
            return ALREADY_STREAMING_ERROR
        elif not self.acceleration.start(data, self._seconds):
            return 0x05
        return 0

    def _frames(self) -> list[Packet]:
        room = self._mtu - _ATT_HEADER_BYTES - _FRAME_HEADER_BYTES
        acceleration = self.acceleration.frames(self._seconds, self._base_stamp, room)
        frames = [Packet(PMD_DATA_UUID, data) for data in acceleration]
        n = min(FRAME_SAMPLES, room // 3)
        while self._next_frame is not None and self._next_frame + n <= self.played:
            frames.append(Packet(PMD_DATA_UUID, self._frame(range(self._next_frame, self._next_frame + n))))
            self._next_frame += n
        return frames

    def _frame(self, indices: range) -> bytes:
        stamp = self._base_stamp + round((indices[-1] - self._base_index) * 1e9 / POLAR_RATE_HZ)
        microvolts = [round(self._player.sample(k)[0] * 1000) for k in indices]
        values = [int(np.clip(value, -_MAX_MICROVOLT, _MAX_MICROVOLT - 1)) for value in microvolts]
        samples = b"".join(value.to_bytes(3, "little", signed=True) for value in values)
        return struct.pack("<BQB", 0, stamp, 0) + samples

    def _is_off(self, now: float) -> bool:
        return not self.holds_link and now - max(self._off_skin_at, self._disconnected_at) >= OFF_SKIN_AWAKE_S

    def _advance(self, now: float) -> None:
        """Convert until ``now``, or until the strap shuts down."""
        self._clock_start = now if self._clock_start is None else self._clock_start
        if self._is_off(now):
            now = max(self._off_skin_at, self._disconnected_at) + OFF_SKIN_AWAKE_S
        self.played = max(self.played, self._base_index + self._player.count((now - self._clock_start) * self._speed))
