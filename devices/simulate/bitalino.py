"""A simulated BITalino (r)evolution with its ECG sensor (docs/pages/protocols.md)."""

from __future__ import annotations

import math

import numpy as np

from devices.bitalino.protocol import (
    PORT_NAMES,
    RATES_HZ,
    SEQUENCE_COUNT,
    STATE_COMMAND,
    VERSION_COMMAND,
    BitalinoFirmware,
    FrameLayout,
    rate_command,
    state_reply,
)
from devices.bitalino.settings import BitalinoSettings
from devices.simulate.emulator import Characteristic, Packet, Service
from devices.simulate.player import Player
from ecg_live.events import F64

_BUFFER_BYTES = 1500  # of the firmware's transmit buffer
_LINE_UUID = ""
_RATE_COMMANDS = {rate_command(rate)[0]: rate for rate in RATES_HZ}


class SimulatedBitalino:
    """See `devices.simulate.emulator.Emulator`. Each packet is one whole frame or reply.

    Played sample k is the k-th of a grid that begins with the first start and runs on without a stream, so that losses
    show.

    Parameters
    ----------
    samples : F64
        (n,) or (n, c) in mV of ECG, at the rate that will be set: of A1, A2 and so on; a missing column repeats the
        last.
    name : str, optional
        Name of the device.
    version : str
        Reply to the version command, without its line feed.
    battery : float
        Voltage of the battery in V.
    """

    def __init__(
        self, samples: F64, name: str | None = None, version: str = "BITalino_v5.1", battery: float = 4.0
    ) -> None:
        self.name = name or "BITalino-12-34"
        self.streaming = False
        self._version = version.encode() + b"\n"
        self._battery = battery
        self._counts = _counts_of(Player(samples, 1.0).samples)
        self._rate = RATES_HZ[-1]  # the firmware's default
        self._ports: list[int] = []
        self._layout = FrameLayout(1)
        self._origin = math.nan  # time of sample 0
        self._next = 0  # index of the next sample
        self._sequence = 0
        self._outbound: list[bytes] = []  # messages waiting for the link
        self._outbound_bytes = 0

    @property
    def advertised(self) -> tuple[str, ...]:
        """None: it has Bluetooth Classic only."""
        return ()

    @property
    def services(self) -> tuple[Service, ...]:
        """The serial line."""
        return (Service(_LINE_UUID, (Characteristic(_LINE_UUID, frozenset({"write", "notify"})),)),)

    @property
    def played(self) -> int:
        """Samples of the grid until the last `due` of a stream."""
        return self._next

    def connect(self, now: float, mtu: int) -> None:
        """See `Emulator.connect`."""

    def disconnect(self, now: float) -> None:
        """End the stream."""
        self._advance(now)
        self.streaming = False
        self._outbound, self._outbound_bytes = [], 0

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:  # noqa: ARG002 - there is one to write to
        """Process commands of one byte each."""
        self._advance(now)
        for code in data:
            self._execute(code, now)
        return self._pop_packets()

    def due(self, now: float) -> list[Packet]:
        """See `Emulator.due`."""
        self._advance(now)
        return self._pop_packets()

    def _execute(self, code: int, now: float) -> None:
        if self.streaming:
            self.streaming = code not in (0x00, 0xFF)  # everything else sets digital outputs
        elif code & 3 == 1:
            self._start(code, now)
        elif code in _RATE_COMMANDS:
            self._rate = _RATE_COMMANDS[code]
        elif code == VERSION_COMMAND[0]:
            self._send(self._version)
        elif code == STATE_COMMAND[0] and (size := self._state_bytes()):
            self._send(state_reply(self._battery, size))

    def _state_bytes(self) -> int:
        firmware = BitalinoFirmware.parse(self._version)
        return 0 if firmware is None else firmware.state_bytes

    def _start(self, code: int, now: float) -> None:
        self._ports = [port for port in range(len(PORT_NAMES)) if code >> (2 + port) & 1]
        self._layout = FrameLayout(len(self._ports))
        self._origin = now if math.isnan(self._origin) else self._origin
        self._next = max(self._next, math.ceil((now - self._origin) * self._rate))
        self._sequence, self.streaming = 0, True

    def _advance(self, now: float) -> None:
        """Convert until ``now``; a frame is lost where the buffer has no room, and the sequence counts it."""
        while self.streaming and self._origin + self._next / self._rate <= now:
            if self._outbound_bytes + self._layout.size < _BUFFER_BYTES:
                self._send(self._layout.frame(self._sequence, self._frame_counts()))
            self._sequence = (self._sequence + 1) % SEQUENCE_COUNT
            self._next += 1

    def _frame_counts(self) -> list[int]:
        row = self._counts[self._next % len(self._counts)]
        counts = [int(row[min(port, len(row) - 1)]) for port in self._ports]
        return [count >> (10 - bits) for count, bits in zip(counts, self._layout.bits, strict=True)]

    def _send(self, message: bytes) -> None:
        self._outbound.append(message)
        self._outbound_bytes += len(message)

    def _pop_packets(self) -> list[Packet]:
        outbound, self._outbound, self._outbound_bytes = self._outbound, [], 0
        return [Packet(_LINE_UUID, message) for message in outbound]


def _counts_of(samples: F64) -> F64:
    """Counts of 10 bits that an ECG sensor's mV give; beyond its range, the nearest."""
    settings = BitalinoSettings()
    counts = np.rint(samples / settings.mv_per_count) + settings.zero_count
    clipped: F64 = np.clip(counts, 0, 2 * settings.zero_count - 1)
    return clipped
