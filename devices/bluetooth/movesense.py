"""Movesense sensors: ECG over GSP, the sensor's own beats, and its battery."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from devices.bluetooth.frame_timeline import FrameTimeline
from devices.bluetooth.gatt import (
    BATTERY_SERVICE_UUID,
    describe_services,
    name_matches,
    notify_on_loop,
    watch_battery,
)
from devices.bluetooth.gsp import (
    BATTERY_LEVEL_PATH,
    ECG_INFO_PATH,
    GSP_COMMAND_UUID,
    GSP_NOTIFY_UUID,
    GSP_SERVICE_UUID,
    REBOOT_MODE,
    EcgInfo,
    GspCommand,
    GspMessage,
    GspStatus,
    Hello,
    MessageKind,
    describe_status,
    parse_message,
    path_payload,
)
from devices.bluetooth.gsp_client import GspClient, SlotsUsedUp
from devices.bluetooth.heart_rate import watch_beats
from devices.bluetooth.movesense_packets import MV_PER_MICROVOLT, PACKET_SAMPLES, PacketDecoder, PacketJoiner
from devices.link import Emit, FoundDevice, Link, LinkLost
from devices.repeated_warnings import WarningCounter
from ecg_live.errors import ConfigError, DeviceError, ProtocolError
from ecg_live.events import Battery, Clock, State, StreamInfo

MOVESENSE_RATES_HZ = (125, 128, 200, 250, 256, 500, 512)  # GET /Meas/ECG/Info of a Movesense Flash
_DEFAULT_NAME = "Movesense"  # devices advertise it and their serial number
_TRANSIENT_STATUSES = (GspStatus.CONFLICT, GspStatus.UNAVAILABLE)
_FIRST_PACKET_TIMEOUT_S = 5.0  # two packets last 0.26 s at the lowest rate
_FULL_SCALE_MV = (-(2**15) * MV_PER_MICROVOLT, (2**15 - 1) * MV_PER_MICROVOLT)  # of int16; int32 counts reach 50 mV


class MovesenseDriver:
    """Driver of a Movesense.

    Parameters
    ----------
    name : str
        Part of its name (its serial number), or its address; empty for the first one in reach.
    rate : float
        Sampling rate in Hz; one of `MOVESENSE_RATES_HZ`.
    clock : Clock
        Session clock in s.

    Raises
    ------
    ConfigError
        A Movesense does not have this rate.
    """

    def __init__(self, name: str = "", rate: float = 256, clock: Clock = time.monotonic) -> None:
        if rate not in MOVESENSE_RATES_HZ:
            raise ConfigError(
                f"a rate of {rate:g} Hz; a Movesense has {', '.join(map(str, MOVESENSE_RATES_HZ))} Hz", "256 is usual"
            )
        self._name = name
        self._rate = int(rate)
        self._clock = clock
        self._timeline = FrameTimeline(rate, "sensor", equal_frames=True)
        self._decoder = PacketDecoder(rate)
        self._connection: _MovesenseConnection | None = None
        self._rebooted = False  # since its last packet
        self._rejected = WarningCounter()

    @property
    def info(self) -> StreamInfo:
        """One channel at the chosen rate."""
        return StreamInfo(float(self._rate), ("ECG",), _FULL_SCALE_MV, self.description, self._name)

    @property
    def description(self) -> str:
        """The sensor searched for."""
        named = self._name.casefold().startswith(_DEFAULT_NAME.casefold())
        return self._name if named else f"{_DEFAULT_NAME} {self._name}".strip()

    @property
    def _heart_rate_remedy(self) -> str:
        return f"its heart rate alone: hr:{self._name or _DEFAULT_NAME}"

    def matches(self, found: FoundDevice) -> bool:
        """Whether name or address match; without a name, whether it is a Movesense."""
        return name_matches(self._name or _DEFAULT_NAME, found)

    async def start(self, link: Link, emit: Emit) -> None:
        """Start the ECG and wait for its first packet.

        A sensor whose request slots are used up is rebooted, once until it sends a packet.

        Raises
        ------
        LinkLost
            There was no reply or no packet in time, the sensor is busy, or it reboots.
        ProtocolError
            It has no GSP, no ECG or not this rate, or sends packets of another layout.
        """
        if GSP_SERVICE_UUID not in link.services:
            raise ProtocolError(
                f"{self.description} has no ECG service: its app is without GSP; it offers {describe_services(link)}",
                f"{self._heart_rate_remedy}; for ECG, install the vendor's app gatt_sensordata_app on it",
            )
        connection = self._connection = _MovesenseConnection(link)
        self._timeline.connect()
        await link.subscribe(
            GSP_NOTIFY_UUID,
            notify_on_loop(lambda data, now: self._on_notification(connection, data, now, emit), self._clock),
        )
        try:
            await self._start_ecg(connection, emit)
        except SlotsUsedUp:
            connection.stream = 0
            await self._reboot(connection.client, emit)
            raise
        await self._await_first_packet(connection)
        await watch_beats(link, emit, self._clock)
        await self._report_battery(link, connection.client, emit)

    async def stop(self, link: Link) -> None:
        """End the subscription."""
        connection = self._connection
        if connection is None or connection.link is not link or connection.stream == 0:
            return
        with suppress(DeviceError):
            await connection.client.request(GspCommand.UNSUBSCRIBE, reference=connection.stream)

    async def _start_ecg(self, connection: _MovesenseConnection, emit: Emit) -> None:
        client = connection.client
        hello = await client.hello()
        emit(State("connecting", f"{hello} answers", self._clock()))
        await self._check_ecg(client, hello)
        status = 0
        for path in (f"/Meas/ECG/{self._rate}/mV", f"/Meas/ECG/{self._rate}"):  # the former since firmware 2.3
            connection.stream = client.new_reference()
            status = (await client.request(GspCommand.SUBSCRIBE, path_payload(path), connection.stream)).status
            if status in (GspStatus.OK, GspStatus.ACCEPTED):
                return
            connection.stream = 0
        refusal = f"refuses to send ECG at {self._rate} Hz: {describe_status(status)}"
        if status in _TRANSIENT_STATUSES:
            raise LinkLost(f"it {refusal}", "end what else reads or logs its ECG")
        raise ProtocolError(f"{self.description} ({hello}) {refusal}", self._heart_rate_remedy)

    async def _check_ecg(self, client: GspClient, hello: Hello) -> None:
        """Compare the wanted stream with what the sensor has, as far as it tells."""
        reply = await client.request(GspCommand.GET, path_payload(ECG_INFO_PATH))
        if reply.status == GspStatus.NOT_FOUND:
            raise ProtocolError(
                f"{self.description} ({hello}) has no ECG: its firmware has none",
                f"{self._heart_rate_remedy}; for ECG, install firmware that has it",
            )
        info = EcgInfo.parse(reply.data) if reply.status == GspStatus.OK else None
        if info is None:
            return
        if self._rate not in info.rates:
            rates = ", ".join(map(str, info.rates))
            raise ProtocolError(
                f"{self.description} has ECG at {rates} Hz, not at {self._rate} Hz", f"set rate={info.rates[-1]}"
            )
        if info.packet_samples != PACKET_SAMPLES:
            raise ProtocolError(
                f"{self.description} sends {info.packet_samples} samples a packet; this version reads {PACKET_SAMPLES}",
                "have another program send its ECG as LSL and run lsl:NAME",
            )

    async def _reboot(self, client: GspClient, emit: Emit) -> None:
        """Reboot the sensor, unless that has not helped."""
        if self._rebooted:
            return
        self._rebooted = True
        warning = "the sensor answers 429: its request slots are used up; it is rebooted, which takes some seconds"
        emit(State("warning", warning, self._clock()))
        with suppress(DeviceError):  # the link may break before the reply comes
            await client.request(GspCommand.PUT_SYSTEM_MODE, REBOOT_MODE)

    async def _await_first_packet(self, connection: _MovesenseConnection) -> None:
        try:
            async with asyncio.timeout(_FIRST_PACKET_TIMEOUT_S):
                await connection.first_packet
        except TimeoutError as error:
            raise LinkLost(f"no ECG within {_FIRST_PACKET_TIMEOUT_S:g} s", "wear it, with moist electrodes") from error
        self._rebooted = False

    async def _report_battery(self, link: Link, client: GspClient, emit: Emit) -> None:
        """Emit the charge: from the battery service, or else from GSP, once a connection."""
        await watch_battery(link, emit, self._clock)
        if BATTERY_SERVICE_UUID in link.services:
            return
        with suppress(DeviceError):
            reply = await client.request(GspCommand.GET, path_payload(BATTERY_LEVEL_PATH))
            if reply.status == GspStatus.OK and len(reply.data) == 1 and reply.data[0] <= 100:
                emit(Battery(self._clock(), reply.data[0] / 100))

    def _on_notification(self, connection: _MovesenseConnection, data: bytes, now: float, emit: Emit) -> None:
        if connection is not self._connection:  # from an earlier connection
            return
        try:
            message = parse_message(data)
        except ProtocolError as error:
            self._warn(error, now, emit)
            return
        if message.kind == MessageKind.REPLY:
            connection.client.feed(message)
        elif message.reference == connection.stream:
            self._on_data(connection, message, now, emit)

    def _on_data(self, connection: _MovesenseConnection, message: GspMessage, now: float, emit: Emit) -> None:
        for packet, arrived in connection.joiner.push(message, now):
            try:
                frame = self._decoder.decode(packet)
            except ProtocolError as error:
                if connection.first_packet.done():
                    self._warn(error, arrived, emit)
                else:
                    connection.first_packet.set_exception(error)
                continue
            for item in self._timeline.push(frame, arrived):
                emit(item)
            if not connection.first_packet.done():
                connection.first_packet.set_result(None)

    def _warn(self, error: ProtocolError, now: float, emit: Emit) -> None:
        if (times := self._rejected.add()) is not None:
            emit(State("warning", f"{error}{times}", now))


class _MovesenseConnection:
    """One connection: its commands, and the packets of its subscription."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.client = GspClient(lambda data: link.write(GSP_COMMAND_UUID, data))
        self.joiner = PacketJoiner()
        self.first_packet: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stream = 0  # reference of the subscription; 0 for none
