"""Latest results of all wearers of a site, for an overview."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ecg_live.events import Clock
from ecg_live.nats.connection import Connection
from ecg_live.nats.frames import FrameKind, decode_frames
from ecg_live.nats.names import SiteNames, wearer_of
from ecg_live.nats.payloads import prediction_of
from ecg_live.nats.reader import StreamReader
from ecg_live.results import Prediction


@dataclass(frozen=True, slots=True)
class WearerOverview:
    """A wearer's latest prediction; when it came here (session clock), and how late it was stored.

    ``lag`` is the time from the window's last sample to the stored result, as far as the clocks of the bridge's and the
    server's machines agree (s).
    """

    wearer: str
    prediction: Prediction
    came: float
    lag: float


class SiteOverview:
    """Follow the results of a site.

    Parameters
    ----------
    connection : Connection
    names : SiteNames
    clock : Clock
        Monotonic seconds.
    """

    def __init__(self, connection: Connection, names: SiteNames, clock: Clock = time.monotonic) -> None:
        self._connection = connection
        self._names = names
        self._clock = clock
        self._latest: dict[str, WearerOverview] = {}

    @property
    def rows(self) -> list[WearerOverview]:
        """The wearers with a prediction, by name."""
        return [self._latest[name] for name in sorted(self._latest)]

    async def follow(self) -> None:
        """Follow until cancelled. Raises `DeviceError` if the server refuses this client for good."""
        subjects = self._names.result_subjects()
        reader = StreamReader(self._connection, self._names.result_stream, subjects, last_of_each=True)
        async for message in reader.messages():
            if message is None:
                continue
            wearer = wearer_of(message.subject)
            for frame in decode_frames(message.data):
                if frame.kind is FrameKind.PREDICTION:
                    prediction = prediction_of(frame.payload)
                    lag = message.stored - (prediction.time + prediction.stop - prediction.start)
                    self._latest[wearer] = WearerOverview(wearer, prediction, self._clock(), lag)
