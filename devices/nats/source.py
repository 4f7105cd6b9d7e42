"""A wearer's stream on a NATS server as a source: no frame is lost while the server is away, none comes twice."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from math import inf
from typing import Literal

from devices.clock import DeviceClock
from devices.device_source import LoopSource
from devices.files.channels import choose_channel, describe_channel
from devices.read_options import ReadOptions
from ecg_live.errors import DeviceLost
from ecg_live.events import Chunk, Clock, Gap, State, StateName, StreamEvent, StreamInfo
from ecg_live.nats.connection import connect
from ecg_live.nats.frames import FrameKind, StreamFrame, decode_frames
from ecg_live.nats.names import SiteNames
from ecg_live.nats.options import ServerOptions
from ecg_live.nats.payloads import chunks_of, event_of, info_of, moved
from ecg_live.nats.reader import StreamReader
from ecg_live.nats.resume import WearerRecord

SourceStart = Literal["now", "start"]
SILENT_AFTER_S = 5.0
_QUEUE_LENGTH_S = 600.0  # of samples that wait for a busy session
_MAX_AHEAD_S = 60.0  # of a recording that its session reads slowly
_POLL_INTERVAL_S = 0.01
_EXIT_TIMEOUT_S = 3.0
_STORE_CAUSE = "the server no longer has it"


class NatsSource(LoopSource):
    """One wearer's run; it ends with `DeviceLost` where the wearer is published from another device.

    Parameters
    ----------
    server : ServerOptions
    names : SiteNames
    wearer : str
    record : WearerRecord
        What the site holds of the wearer.
    options : ReadOptions
        ``channel``.
    start : str
        ``now``, or ``start``: the run so far, as a recording.
    clock : Clock
        Session clock in s.

    Raises
    ------
    ConfigError
        The stream has no such channel.
    """

    def __init__(
        self,
        server: ServerOptions,
        names: SiteNames,
        wearer: str,
        record: WearerRecord,
        options: ReadOptions,
        start: SourceStart = "now",
        clock: Clock = time.monotonic,
    ) -> None:
        self._server = server
        self._names = names
        self._wearer = wearer
        self._record = record
        self._recorded = start == "start"
        self._clock = clock
        info = replace(record.info, ecg=_channel(record.info, options), speed=1.0, replay=False)
        self.info: StreamInfo = replace(info, speed=inf, replay=True) if self._recorded else info
        super().__init__(round(_QUEUE_LENGTH_S * max(1.0, info.rate)), f"nats {wearer}", _EXIT_TIMEOUT_S)
        self._most_ahead = _MAX_AHEAD_S * info.rate
        self._position = (0, 0)  # run and number of the last frame
        self._frames_seen = False
        self._next = 0  # sample index after the last one
        self._times = DeviceClock()
        self._streaming = False
        self._silent_since = clock()

    async def _follow(self) -> None:
        self._state("connecting", f"connecting to wearer {self._wearer} of site {self._names.site}")
        async with await connect(self._server, "ecg-live run") as connection:
            connection.listen(self._note_connection)
            subject = self._names.raw_subject(self._wearer)
            first = self._record.first if self._recorded else None
            reader = StreamReader(connection, self._names.raw_stream, subject, first)
            async for message in reader.messages():
                if message is None:
                    self._check_silence()
                    if self._recorded and self._frames_seen and not reader.pending:
                        return
                    continue
                for frame in decode_frames(message.data):
                    if not self._take(frame):
                        return
                while self._recorded and self._queue.samples > self._most_ahead:  # noqa: ASYNC110 - its session reads on another thread
                    await asyncio.sleep(_POLL_INTERVAL_S)
                if self._recorded and not reader.pending:
                    return

    def _take(self, frame: StreamFrame) -> bool:
        """Pass on a frame's items; False at the end of the run."""
        if frame.run < self._record.run or frame.position <= self._position:
            return True  # of an earlier run, or come again
        if frame.run > self._record.run:
            self._begin_run(frame)
        self._position = frame.position
        self._note_streaming()
        match frame.kind:
            case FrameKind.SAMPLES:
                for chunk in chunks_of(frame.payload):
                    self._put_chunk(chunk)
            case FrameKind.EVENT | FrameKind.AUXILIARY:
                self._put_event(event_of(frame.kind, frame.payload))
            case FrameKind.END:
                return False
        self._frames_seen = True
        return True

    def _begin_run(self, frame: StreamFrame) -> None:
        """The wearer's stream began again. Raises `DeviceLost`: its counter, and perhaps its device, are others."""
        again = "from another device" if self._is_other(frame) else "and counts from 0 again"
        raise DeviceLost(f"the stream of wearer {self._wearer} began again, {again}", "run it again")

    def _is_other(self, frame: StreamFrame) -> bool:
        return frame.kind is FrameKind.INFO and info_of(frame.payload) != self._record.info

    def _put_chunk(self, chunk: Chunk) -> None:
        """Pass on samples; those that the server's store no longer has are a gap."""
        rate = self.info.rate
        if self._next and chunk.start > self._next:
            self._queue.put(Gap(self._next, chunk.start - self._next, _STORE_CAUSE))
        self._next = chunk.stop
        now = self._clock()
        self._times.push(chunk.time + len(chunk.samples) / rate, now)
        item = moved(chunk, self._on_clock)
        assert isinstance(item, Chunk)  # noqa: S101 - as it was
        self._queue.put(replace(item, arrived=None if self._recorded else now))

    def _put_event(self, event: StreamEvent) -> None:
        if isinstance(event, Gap):
            self._next = max(self._next, event.stop)
        if not self.info.rate and (time := getattr(event, "time", None)) is not None:
            self._times.push(time, self._clock())
        self._queue.put(moved(event, self._on_clock))

    def _on_clock(self, time: float) -> float:
        """Session clock of a time by the publisher's clock; of a recording, as a replay at full speed has it."""
        if self._recorded:
            return self._silent_since
        here = self._times.host_time(time)
        return here if here == here else self._clock()  # noqa: PLR0124 - NaN before the first sample

    def _note_streaming(self) -> None:
        if not self._recorded:
            self._silent_since = self._clock()
        if not self._streaming:
            self._streaming = True
            self._state("streaming", f"wearer {self._wearer} streams")

    def _check_silence(self) -> None:
        silent = self._clock() - self._silent_since
        if self._streaming and silent >= SILENT_AFTER_S and not self._recorded:
            self._streaming = False
            self._state("lost", f"the bridge of wearer {self._wearer} sends nothing")

    def _note_connection(self, connected: bool) -> None:
        if connected:
            self._state("connecting", "the NATS server is back: what was published meanwhile is read")
        else:
            self._streaming = False
            self._state("lost", "the NATS server is away")

    def _state(self, state: StateName, detail: str) -> None:
        self._queue.put(State(state, detail, self._clock()))


def _channel(info: StreamInfo, options: ReadOptions) -> int:
    """Column of the ECG: as published, or by the user's name or number."""
    if options.channel is None:
        return info.ecg
    return choose_channel([describe_channel(name) for name in info.channels], options, info.name or "the stream")
