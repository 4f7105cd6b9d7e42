"""A strap's acceleration, recorded beside its ECG: frames become samples of an auxiliary stream."""

from __future__ import annotations

from collections.abc import Iterator

from devices.bluetooth.frame_timeline import FrameTimeline
from devices.bluetooth.pmd import Measurement, start_request
from devices.bluetooth.polar_frames import ACCELERATION_AXES, ACCELERATION_RATES_HZ, parse_acceleration
from devices.repeated_warnings import WarningCounter
from ecg_live.errors import ConfigError, ProtocolError
from ecg_live.events import AuxiliaryStream, Chunk, Gap, State, StreamEvent

DEFAULT_ACCELERATION_RATE_HZ = 50  # enough for posture, breathing and steps, and light on the link
_BITS, _RANGE_G = 16, 8  # the widest range of the H10
_MAX_SILENCE_S = 5.0  # a frame lasts 1.44 s at 25 Hz


class Acceleration:
    """The acceleration of one strap, over all its connections.

    Parameters
    ----------
    rate : int
        In Hz, one of `ACCELERATION_RATES_HZ`.
    strap : str
        The strap's name, for the stream's.
    source_id : str
        Identifies the strap.

    Raises
    ------
    ConfigError
        An H10 does not have this rate.
    """

    def __init__(self, rate: int, strap: str, source_id: str) -> None:
        if rate not in ACCELERATION_RATES_HZ:
            rates = ", ".join(map(str, ACCELERATION_RATES_HZ))
            raise ConfigError(
                f"acceleration at {rate} Hz; a Polar H10 has {rates} Hz", f"acc={DEFAULT_ACCELERATION_RATE_HZ} is usual"
            )
        self.stream = AuxiliaryStream(
            f"{strap} acceleration",
            "Accelerometer",
            tuple((axis, "mg") for axis in ACCELERATION_AXES),
            float(rate),
            source_id=source_id,
        )
        self.start_request = start_request(Measurement.ACCELERATION, rate, _BITS, _RANGE_G)
        self._timeline = FrameTimeline(float(rate), "strap")
        self._rejected = WarningCounter()
        self._last_data: float | None = None  # session time; None while it is not expected, or its silence is reported

    def connect(self) -> None:
        """Begin another connection."""
        self._timeline.connect()
        self._last_data = None

    def started(self, now: float) -> None:
        """Expect frames from ``now`` on."""
        self._last_data = now

    def push(self, data: bytes, arrived: float) -> Iterator[StreamEvent]:
        """Yield the samples of a frame, and a warning for each loss; a malformed frame is one."""
        try:
            frame = parse_acceleration(data)
        except ProtocolError as error:
            if (times := self._rejected.add()) is not None:
                yield self._warning(f"{error}{times}", arrived)
            return
        self._last_data = arrived
        for item in self._timeline.push(frame, arrived):
            match item:
                case Chunk():
                    yield self.stream.samples(item.samples, item.time)
                case Gap():
                    yield self._warning(f"{item.lost} samples were lost ({item.cause})", arrived)
                case State() if item.state == "warning":  # the clock's drift is that of the ECG
                    yield self._warning(item.detail, arrived)

    def check_silence(self, now: float) -> Iterator[State]:
        """Yield a warning, once, when frames that were expected stay away."""
        if self._last_data is not None and now - self._last_data > _MAX_SILENCE_S:
            yield self._warning(f"no samples for {now - self._last_data:.0f} s; the ECG goes on", now)
            self._last_data = None

    def _warning(self, detail: str, now: float) -> State:
        return State("warning", f"{self.stream.name}: {detail}", now)
