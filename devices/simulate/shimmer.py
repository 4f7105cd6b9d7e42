"""A simulated Shimmer3 or 3R with an ECG board and LogAndStream (docs/pages/protocols.md)."""

from __future__ import annotations

from devices.shimmer.battery import reading_of
from devices.shimmer.protocol import (
    ACK,
    BATTERY_REPLY,
    DATA_PACKET,
    LOG_AND_STREAM,
    NACK,
    SHIMMER3R,
    STATUS_REPLY,
    UARTS,
    Command,
    ReplyCode,
    ShimmerFirmware,
    StatusBits,
    checksum,
    config_bytes,
    status_bytes,
)
from devices.simulate.emulator import Characteristic, Packet, Service
from devices.simulate.shimmer_converter import SimulatedConverter
from devices.simulate.shimmer_exg import SimulatedExg
from ecg_live.events import F64

_ARGUMENT_BYTES: dict[int, int] = {
    Command.SET_RATE: 2, Command.SET_SENSORS: 3, Command.POWER: 1, Command.GET_EXG: 3, Command.SET_CRC: 1,
    Command.ACK_PREFIX: 1,
}  # fmt: skip
_SETTING_COMMANDS = (Command.SET_RATE, Command.SET_SENSORS, Command.POWER, Command.SET_EXG)  # refused while streaming
_NEWER_COMMANDS = (Command.SET_CRC, Command.ACK_PREFIX)  # unknown to old firmware
_BATTERY_VOLT = 3.9
_NOTIFICATION_BYTES = 42  # of a 3R
_DEFAULT_FIRMWARE = ShimmerFirmware(LOG_AND_STREAM, 1, 0, 9)


class SimulatedShimmer:
    """See `devices.simulate.emulator.Emulator`.

    Played sample k is the k-th that the converter takes, counted from the first one ever sent; conversion continues
    without a connection, so that losses show.

    Parameters
    ----------
    samples : F64
        (n,) or (n, c) in mV, at the rate that will be set: LL-RA, LA-RA and Vx-RL; a missing column repeats the last.
    hardware : int
        3, or 10 for a 3R.
    name : str, optional
        Advertised name.
    firmware : Firmware
        Before 0.5.4, ticks have 16 bits.
    loop : bool
        Restart at the end; otherwise it is silent from there.
    crc, exg : bool
        Whether the firmware supports CRC and ACK prefix, and whether there is an ECG board.
    initial_ticks : int
        Ticks of the clock at its first use.
    ppm : float
        Drift of the clock against the host's.
    buffer : int
        Capacity of the transmit buffer in bytes; beyond it, whole packets are dropped.
    notify : int, optional
        Bytes of a notification; None for one message each, where the MTU allows it.
    """

    def __init__(
        self,
        samples: F64,
        hardware: int = SHIMMER3R,
        name: str | None = None,
        firmware: ShimmerFirmware = _DEFAULT_FIRMWARE,
        *,
        loop: bool = True,
        crc: bool = True,
        exg: bool = True,
        initial_ticks: int = 0,
        ppm: float = 0.0,
        buffer: int = 65536,
        notify: int | None = _NOTIFICATION_BYTES,
    ) -> None:
        self.name = name or ("Shimmer3R-7A21-BLE" if hardware == SHIMMER3R else "Shimmer3-7A21")
        self.exg = SimulatedExg(samples)
        self.logging = False  # to SD: refuses every command
        self.flags = 0  # status bits beside streaming and sensing
        self._hardware = hardware
        self._firmware = firmware
        self._uart = UARTS[hardware]
        self._supports_crc = crc
        self._has_exg = exg
        self._converter = SimulatedConverter(None if loop else len(self.exg), initial_ticks, ppm)
        self._buffer_bytes = buffer
        self._notification_bytes = notify
        self._mtu = 23
        self._sensors = 0
        self._outbound: list[bytes] = []  # messages waiting for the link
        self._outbound_bytes = 0
        self.streaming = False
        self.battery_volt = _BATTERY_VOLT
        self._crc = 0
        self._prefix = True
        self._commands = b""

    @property
    def advertised(self) -> tuple[str, ...]:
        """Service of the serial line."""
        return (self._uart.service,)

    @property
    def services(self) -> tuple[Service, ...]:
        """The serial line."""
        write = Characteristic(self._uart.write, frozenset({"write", "write-without-response"}))
        notify = Characteristic(self._uart.notify, frozenset({"notify"}))
        return (Service(self._uart.service, (notify, write)),)

    @property
    def played(self) -> int:
        """Samples converted from the first one ever sent until the last `due`."""
        return self._converter.played

    def connect(self, now: float, mtu: int) -> None:
        """See `Emulator.connect`."""
        self._converter.ticks(now)
        self._mtu = mtu

    def disconnect(self, now: float) -> None:
        """End the stream, and reset CRC mode and ACK prefix."""
        self._advance(now)
        self._reset_link()

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:  # noqa: ARG002 - there is one to write to
        """Process bytes of commands, chunk-size invariant."""
        self._advance(now)
        self._commands += data
        while self._commands and len(self._commands) >= (length := self._command_length()):
            command, self._commands = self._commands[:length], self._commands[length:]
            self._execute(command, now)
        return self._pop_packets()

    def due(self, now: float) -> list[Packet]:
        """See `Emulator.due`."""
        self._advance(now)
        return self._pop_packets()

    def send_status(self) -> None:
        """Send the status unasked, as when the device is docked."""
        self._send((bytes([ACK]) if self._prefix else b"") + self._status())

    def _reset_link(self) -> None:
        self.streaming, self._crc, self._prefix = False, 0, True
        self._commands = b""
        self._outbound, self._outbound_bytes = [], 0

    def _command_length(self) -> int:
        """Length of the first command; at least more than received while it is unknown."""
        received = self._commands
        if received[0] == Command.SET_EXG:
            return 4 + received[3] if len(received) > 3 else 4
        return 1 + _ARGUMENT_BYTES.get(received[0], 0)

    def _execute(self, command: bytes, now: float) -> None:
        code, arguments = command[0], command[1:]
        if (code in _NEWER_COMMANDS and not self._supports_crc) or code not in list(Command):
            return  # firmware ignores unknown commands
        exg = code in (Command.SET_EXG, Command.GET_EXG)
        if self.logging or (self.streaming and code in _SETTING_COMMANDS) or (exg and not self._has_exg):
            self._send(bytes([NACK]))
            return
        self._set(code, arguments)
        unprefixed = code in (Command.STATUS, Command.BATTERY) and self.streaming and not self._prefix
        self._send((b"" if unprefixed else bytes([ACK])) + self._reply(code, arguments))
        if code == Command.START:
            self._start_stream(now)

    def _set(self, code: int, arguments: bytes) -> None:
        if code == Command.SET_RATE:
            self._converter.set_divider(int.from_bytes(arguments, "little"))
        elif code == Command.SET_SENSORS:
            self._sensors = int.from_bytes(arguments, "little") if self._has_exg else 0
        elif code == Command.SET_EXG:
            self.exg.write(arguments[0], arguments[1], arguments[3:])
        elif code == Command.SET_CRC:
            self._crc = min(2, arguments[0])
        elif code == Command.ACK_PREFIX:
            self._prefix = arguments[0] != 0
        elif code == Command.STOP:
            self.streaming = False

    def _reply(self, code: int, arguments: bytes) -> bytes:
        if code == Command.HARDWARE:
            return bytes([ReplyCode.HARDWARE, self._hardware])
        if code == Command.FIRMWARE:
            kind, major, minor, internal = self._firmware
            version = kind.to_bytes(2, "little") + major.to_bytes(2, "little")
            return bytes([ReplyCode.FIRMWARE]) + version + bytes([minor, internal])
        if code == Command.GET_EXG:
            read = self.exg.read(*arguments)
            return bytes([ReplyCode.EXG, len(read)]) + read
        if code == Command.INQUIRY:
            ids = self.exg.channels(self._sensors)
            head = self._converter.divider.to_bytes(2, "little") + bytes(config_bytes(self._hardware))
            return bytes([ReplyCode.INQUIRY]) + head + bytes([len(ids), 1]) + ids
        if code == Command.BATTERY:
            return bytes([ReplyCode.STATUS, BATTERY_REPLY]) + reading_of(self.battery_volt)
        return self._status() if code == Command.STATUS else b""

    def _status(self) -> bytes:
        running = StatusBits.STREAMING | StatusBits.SENSING if self.streaming else 0
        more = bytes(status_bytes(self._hardware) - 1)
        return bytes([ReplyCode.STATUS, STATUS_REPLY, self.flags | running]) + more

    def _start_stream(self, now: float) -> None:
        """Start the stream, unless it runs already."""
        if not self.streaming:
            self.streaming = True
            self.exg.prepare(self._sensors)
            self._converter.start(now)

    def _advance(self, now: float) -> None:
        """Convert until ``now``; streamed packets enter the transmit buffer, if there is room."""
        for k, ticks in self._converter.samples_until(now):
            if self.streaming and self._outbound_bytes < self._buffer_bytes:
                self._send(self._packet(k, ticks))

    def _packet(self, k: int, ticks: int) -> bytes:
        size = self._firmware.tick_bits // 8
        return bytes([DATA_PACKET]) + (ticks % (1 << 8 * size)).to_bytes(size, "little") + self.exg.sample(k)

    def _send(self, message: bytes) -> None:
        whole = message + checksum(message, self._crc)
        self._outbound.append(whole)
        self._outbound_bytes += len(whole)

    def _pop_packets(self) -> list[Packet]:
        whole = self._outbound if self._notification_bytes is None else [b"".join(self._outbound)]
        size = max(1, min(self._mtu - 3, self._notification_bytes or self._mtu))
        self._outbound, self._outbound_bytes = [], 0
        return [
            Packet(self._uart.notify, message[at : at + size])
            for message in whole
            for at in range(0, len(message), size)
        ]
