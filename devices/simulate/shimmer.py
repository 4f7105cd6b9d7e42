"""A simulated Shimmer3 or 3R with an ECG board and LogAndStream, as the facts on devices tell of it."""

from __future__ import annotations

from devices.shimmer.protocol import (
    ACK,
    DATA_PACKET,
    IN_STREAM_REPLY,
    LOG_AND_STREAM,
    NACK,
    SHIMMER3R,
    UARTS,
    Command,
    Firmware,
    ReplyCode,
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
_SETTING_COMMANDS = (Command.SET_RATE, Command.SET_SENSORS, Command.POWER, Command.SET_EXG)  # refused while it streams
_NEWER_COMMANDS = (Command.SET_CRC, Command.ACK_PREFIX)  # not known to old firmware
_NOTIFICATION_BYTES = 42  # bytes that a 3R puts into one notification
_DEFAULT_FIRMWARE = Firmware(LOG_AND_STREAM, 1, 0, 9)


class SimulatedShimmer:
    """See `devices.simulate.emulator.Emulator`.

    Sample k of what is played is the k-th that the converter takes, counted from the first that was ever sent; it runs
    on while nobody is connected, so that loss shows.

    Parameters
    ----------
    samples : F64
        (n,) or (n, c) in mV, at the rate that it will be set to: LL-RA, LA-RA and Vx-RL; a missing column repeats the
        last.
    hardware : int
        3, or 10 for a 3R.
    name : str, optional
        What it advertises.
    firmware : Firmware
        Before 0.5.4 ticks have 16 bits.
    loop : bool
        Begin again at the end; otherwise it falls silent there.
    crc, exg : bool
        Whether the firmware knows CRC and ACK prefix, and whether there is an ECG board.
    born : int
        Ticks that the clock stands at when the device is first used.
    ppm : float
        How much faster the clock runs than the host's.
    buffer : int
        Bytes that may wait for the link; beyond that, whole packets are dropped.
    notify : int, optional
        Bytes of a notification; None: each message is one, where the MTU lets it.
    """

    def __init__(
        self,
        samples: F64,
        hardware: int = SHIMMER3R,
        name: str | None = None,
        firmware: Firmware = _DEFAULT_FIRMWARE,
        *,
        loop: bool = True,
        crc: bool = True,
        exg: bool = True,
        born: int = 0,
        ppm: float = 0.0,
        buffer: int = 65536,
        notify: int | None = _NOTIFICATION_BYTES,
    ) -> None:
        self.name = name or ("Shimmer3R-7A21-BLE" if hardware == SHIMMER3R else "Shimmer3-7A21")
        self.exg = SimulatedExg(samples)
        self.logging = False  # to SD: it refuses everything
        self.flags = 0  # of its status, beside those that it sets itself
        self._hardware, self._firmware, self._uart = hardware, firmware, UARTS[hardware]
        self._knows_crc, self._has_exg = crc, exg
        self._converter = SimulatedConverter(None if loop else len(self.exg), born, ppm)
        self._buffer, self._notify, self._mtu = buffer, notify, 23
        self._sensors = 0
        self._line: list[bytes] = []  # messages that wait for the link
        self._waiting = 0  # bytes of them
        self._streams, self._crc, self._prefix = False, 0, True
        self._commands = b""

    @property
    def advertised(self) -> tuple[str, ...]:
        """Its serial line's service."""
        return (self._uart.service,)

    @property
    def services(self) -> tuple[Service, ...]:
        """Its serial line."""
        write = Characteristic(self._uart.write, frozenset({"write", "write-without-response"}))
        notify = Characteristic(self._uart.notify, frozenset({"notify"}))
        return (Service(self._uart.service, (notify, write)),)

    @property
    def played(self) -> int:
        """Samples that the converter took, from the first that was ever sent until the last `due`."""
        return self._converter.played

    @property
    def streaming(self) -> bool:
        """Whether it was started."""
        return self._streams

    def connect(self, now: float, mtu: int) -> None:
        """See `Emulator.connect`."""
        self._converter.ticks(now)
        self._mtu = mtu

    def disconnect(self, now: float) -> None:
        """End the stream, and forget CRC mode and ACK prefix."""
        self._advance(now)
        self._hang_up()

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:  # noqa: ARG002 - it has one to write to
        """Take commands, however they were cut."""
        self._advance(now)
        self._commands += data
        while self._commands and len(self._commands) >= (length := self._length()):
            command, self._commands = self._commands[:length], self._commands[length:]
            self._obey(command, now)
        return self._drain()

    def due(self, now: float) -> list[Packet]:
        """See `Emulator.due`."""
        self._advance(now)
        return self._drain()

    def announce(self) -> None:
        """Send its status unasked, as when it is put into its dock."""
        self._say((bytes([ACK]) if self._prefix else b"") + self._status())

    def _hang_up(self) -> None:
        self._streams, self._crc, self._prefix = False, 0, True
        self._commands = b""
        self._line, self._waiting = [], 0

    def _length(self) -> int:
        """Length of the command that was begun; longer than what is there while that is not known."""
        begun = self._commands
        if begun[0] == Command.SET_EXG:
            return 4 + begun[3] if len(begun) > 3 else 4
        return 1 + _ARGUMENT_BYTES.get(begun[0], 0)

    def _obey(self, command: bytes, now: float) -> None:
        code, arguments = command[0], command[1:]
        if (code in _NEWER_COMMANDS and not self._knows_crc) or code not in list(Command):
            return  # firmware says nothing to what it does not know
        exg = code in (Command.SET_EXG, Command.GET_EXG)
        if self.logging or (self._streams and code in _SETTING_COMMANDS) or (exg and not self._has_exg):
            self._say(bytes([NACK]))
            return
        self._set(code, arguments)
        unprefixed = code == Command.STATUS and self._streams and not self._prefix
        self._say((b"" if unprefixed else bytes([ACK])) + self._answer(code, arguments))
        if code == Command.START:
            self._begin(now)

    def _set(self, code: int, arguments: bytes) -> None:
        if code == Command.SET_RATE:
            self._converter.pace(int.from_bytes(arguments, "little"))
        elif code == Command.SET_SENSORS:
            self._sensors = int.from_bytes(arguments, "little") if self._has_exg else 0
        elif code == Command.SET_EXG:
            self.exg.write(arguments[0], arguments[1], arguments[3:])
        elif code == Command.SET_CRC:
            self._crc = min(2, arguments[0])
        elif code == Command.ACK_PREFIX:
            self._prefix = arguments[0] != 0
        elif code == Command.STOP:
            self._streams = False

    def _answer(self, code: int, arguments: bytes) -> bytes:
        if code == Command.HARDWARE:
            return bytes([ReplyCode.HARDWARE, self._hardware])
        if code == Command.FIRMWARE:
            kind, major, minor, internal = self._firmware
            words = kind.to_bytes(2, "little") + major.to_bytes(2, "little")
            return bytes([ReplyCode.FIRMWARE]) + words + bytes([minor, internal])
        if code == Command.GET_EXG:
            read = self.exg.read(*arguments)
            return bytes([ReplyCode.EXG, len(read)]) + read
        if code == Command.INQUIRY:
            ids = self.exg.channels(self._sensors)
            head = self._converter.divider.to_bytes(2, "little") + bytes(config_bytes(self._hardware))
            return bytes([ReplyCode.INQUIRY]) + head + bytes([len(ids), 1]) + ids
        return self._status() if code == Command.STATUS else b""

    def _status(self) -> bytes:
        running = StatusBits.STREAMING | StatusBits.SENSING if self._streams else 0
        more = bytes(status_bytes(self._hardware) - 1)
        return bytes([ReplyCode.STATUS, IN_STREAM_REPLY, self.flags | running]) + more

    def _begin(self, now: float) -> None:
        """Start the stream; a device that streams already goes on."""
        if not self._streams:
            self._streams = True
            self.exg.prepare(self._sensors)
            self._converter.start(now)

    def _advance(self, now: float) -> None:
        """Convert until now; what is streamed waits for the link, if there is room."""
        for k, ticks in self._converter.until(now):
            if self._streams and self._waiting < self._buffer:
                self._say(self._packet(k, ticks))

    def _packet(self, k: int, ticks: int) -> bytes:
        size = self._firmware.tick_bits // 8
        return bytes([DATA_PACKET]) + (ticks % (1 << 8 * size)).to_bytes(size, "little") + self.exg.sample(k)

    def _say(self, message: bytes) -> None:
        whole = message + checksum(message, self._crc)
        self._line.append(whole)
        self._waiting += len(whole)

    def _drain(self) -> list[Packet]:
        whole = self._line if self._notify is None else [b"".join(self._line)]
        size = max(1, min(self._mtu - 3, self._notify or self._mtu))
        self._line, self._waiting = [], 0
        return [
            Packet(self._uart.notify, message[at : at + size])
            for message in whole
            for at in range(0, len(message), size)
        ]
