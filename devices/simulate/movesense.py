"""A simulated Movesense: ECG over GSP on both paths, request slots that run out, and its reboot."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator

import numpy as np

from devices.bluetooth.gatt import assigned_uuid
from devices.bluetooth.gsp import (
    BATTERY_LEVEL_PATH,
    ECG_INFO_PATH,
    GSP_COMMAND_UUID,
    GSP_NOTIFY_UUID,
    GSP_SERVICE_UUID,
    REBOOT_MODE,
    GspCommand,
    GspStatus,
    MessageKind,
    path_payload,
)
from devices.bluetooth.heart_rate import HEART_RATE_MEASUREMENT_UUID, HEART_RATE_SERVICE_UUID
from devices.bluetooth.movesense import MOVESENSE_RATES_HZ
from devices.bluetooth.movesense_packets import MV_PER_COUNT, MV_PER_MICROVOLT, PACKET_SAMPLES
from devices.simulate.emulator import Characteristic, Packet, Service
from devices.simulate.heart_rate import SimulatedHeart, beats_service
from devices.simulate.player import Player
from ecg_live.errors import RecordingError

BOOT_S = 4.0  # docs/pages/protocols.md, Movesense
BATTERY_LEVEL = 0.75
_ADVERTISED = (assigned_uuid(0xFDF3), HEART_RATE_SERVICE_UUID)
_ATT_HEADER_BYTES, _MESSAGE_HEADER_BYTES = 3, 2  # before the payload in a notification, and in a message
_INFO_FILTERS = bytes.fromhex("03 2800 6400 9600 01 0000003f")  # of ECG: low-pass 40, 100, 150 Hz, high-pass 0.5 Hz
_NO_SLOT = GspStatus.SLOTS_USED_UP


class SimulatedMovesense:
    """A sensor that plays samples at the player's rate, by its own clock.

    Parameters
    ----------
    player : Player
        Samples at a rate that a Movesense has, in mV.
    name : str
        Its advertised name; the serial number is the last word.
    ppm : float
        Drift of its clock against the host's.
    heart : SimulatedHeart, optional
        Beats of the heart-rate service.
    has_mv_path : bool
        Has int16 microvolt beside raw counts, as firmware from 2.3 on.
    stamp : int
        Its clock in ms at its first sample.

    Raises
    ------
    RecordingError
        The samples are at another rate.
    """

    def __init__(
        self,
        player: Player,
        name: str = "Movesense 174430000123",
        ppm: float = 0.0,
        heart: SimulatedHeart | None = None,
        *,
        has_mv_path: bool = True,
        stamp: int = 0,
    ) -> None:
        if player.rate not in MOVESENSE_RATES_HZ:
            rates = ", ".join(map(str, MOVESENSE_RATES_HZ))
            raise RecordingError(
                f"the samples are at {player.rate:g} Hz, a Movesense plays {rates} Hz", "resample them"
            )
        command = Characteristic(GSP_COMMAND_UUID, frozenset({"write"}))
        gsp = Service(GSP_SERVICE_UUID, (command, Characteristic(GSP_NOTIFY_UUID, frozenset({"notify"}))))
        self.name, self.advertised = name, _ADVERTISED
        self.services: tuple[Service, ...] = (gsp, beats_service())
        self.played = 0
        self.holds_link = False  # false once it reboots
        self.slots_used_up = False  # answers 429 until it reboots
        self.lost_packets: Container[int] = ()  # numbers of packets, from the first sample ever, that it never sends
        path = f"/Meas/ECG/{player.rate:g}"
        self._widths = {path: 4} | ({f"{path}/mV": 2} if has_mv_path else {})  # bytes of a sample by path
        self._player = player
        self._heart = heart
        self._speed = 1 + ppm * 1e-6
        self._started_at: float | None = None  # host time of `_base_stamp` and `_base_index`
        self._base_stamp = stamp
        self._base_index = 0
        self._booted_at = -math.inf
        self._mtu = 23
        self._stream: tuple[int, int] | None = None  # reference and width of the subscription
        self._next_packet = 0  # index of its first sample

    def connect(self, now: float, mtu: int) -> None:
        """See `Emulator.connect`."""
        self._advance(now)
        self.holds_link, self._mtu = True, mtu

    def disconnect(self, now: float) -> None:
        """End the connection, and the subscription with it; request slots stay used up."""
        self._advance(now)
        self.holds_link, self._stream = False, None

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        """Process a command; one that boots answers nothing."""
        self._advance(now)
        if uuid != GSP_COMMAND_UUID or len(data) < _MESSAGE_HEADER_BYTES or now < self._booted_at:
            return []
        command, reference, payload = data[0], data[1], data[_MESSAGE_HEADER_BYTES:]
        return list(self._send(MessageKind.REPLY, reference, self._execute(command, reference, payload, now)))

    def due(self, now: float) -> list[Packet]:
        """Return complete packets, and a heart-rate measurement each second."""
        self._advance(now)
        beats = self._heart.due(now) if self._heart is not None else []
        if not self.holds_link:
            return []
        return [*self._packets(), *(Packet(HEART_RATE_MEASUREMENT_UUID, data) for data in beats)]

    def _execute(self, command: int, reference: int, payload: bytes, now: float) -> bytes:
        """Execute a command; return the payload of its reply."""
        if command == GspCommand.HELLO:
            serial = self.name.rpartition(" ")[2]
            texts = (serial, "Movesense Simulated", "00:00:00:00:00:00", "GATT Sensor Data", "1.0.0")
            return b"\x01" + b"\0".join(text.encode() for text in texts) + b"\0"
        if command == GspCommand.PUT_SYSTEM_MODE and payload == REBOOT_MODE:
            self._reboot(now)
            return _status(GspStatus.ACCEPTED)
        if self.slots_used_up:
            return _status(_NO_SLOT)
        if command == GspCommand.GET:
            return self._get(payload)
        if command == GspCommand.SUBSCRIBE:
            return _status(self._subscribe(reference, payload))
        if command == GspCommand.UNSUBSCRIBE and self._stream is not None and self._stream[0] == reference:
            self._stream = None
            return _status(GspStatus.OK)
        return _status(GspStatus.NOT_FOUND)

    def _get(self, payload: bytes) -> bytes:
        if payload == path_payload(ECG_INFO_PATH):
            words = round(self._player.rate).to_bytes(2, "little") + PACKET_SAMPLES.to_bytes(2, "little")
            return _status(GspStatus.OK) + b"\x01" + words + _INFO_FILTERS
        if payload == path_payload(BATTERY_LEVEL_PATH):
            return _status(GspStatus.OK) + bytes([round(100 * BATTERY_LEVEL)])
        return _status(GspStatus.NOT_FOUND)

    def _subscribe(self, reference: int, payload: bytes) -> GspStatus:
        width = next((width for path, width in self._widths.items() if payload == path_payload(path)), None)
        if width is None:
            return GspStatus.NOT_FOUND
        self._stream, self._next_packet = (reference, width), self.played
        return GspStatus.OK

    def _reboot(self, now: float) -> None:
        """Begin to boot: the link breaks, the clock starts at 0 afterwards, and all slots are free."""
        self._booted_at = self._started_at = now + BOOT_S
        self._base_stamp, self._base_index = 0, self.played
        self.holds_link, self.slots_used_up, self._stream = False, False, None

    def _packets(self) -> Iterator[Packet]:
        while self._stream is not None and self._next_packet + PACKET_SAMPLES <= self.played:
            first, (reference, width) = self._next_packet, self._stream
            self._next_packet += PACKET_SAMPLES
            if first // PACKET_SAMPLES not in self.lost_packets:
                yield from self._send(MessageKind.DATA, reference, self._packet(first, width))

    def _packet(self, first: int, width: int) -> bytes:
        stamp = self._base_stamp + int((first - self._base_index) * 1000 / self._player.rate)
        step = MV_PER_MICROVOLT if width == 2 else MV_PER_COUNT
        values = np.array([self._player.sample(k)[0] for k in range(first, first + PACKET_SAMPLES)]) / step
        top = 2 ** (8 * width - 1)
        samples = np.clip(np.rint(values), -top, top - 1).astype(f"<i{width}").tobytes()
        return (stamp % 2**32).to_bytes(4, "little") + samples

    def _send(self, kind: MessageKind, reference: int, payload: bytes) -> Iterator[Packet]:
        """Yield a message; data that exceed a notification continue, a longer reply is cut short."""
        size = self._mtu - _ATT_HEADER_BYTES - _MESSAGE_HEADER_BYTES
        for at in range(0, len(payload) if kind == MessageKind.DATA else 1, size):
            part = MessageKind.CONTINUATION if at else kind
            yield Packet(GSP_NOTIFY_UUID, bytes([part, reference]) + payload[at : at + size])

    def _advance(self, now: float) -> None:
        """Convert until ``now``."""
        self._started_at = now if self._started_at is None else self._started_at
        self.played = max(self.played, self._base_index + self._player.count((now - self._started_at) * self._speed))


def _status(status: GspStatus) -> bytes:
    return int(status).to_bytes(2, "little")
