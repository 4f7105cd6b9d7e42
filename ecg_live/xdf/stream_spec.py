"""What one stream of a file or of the network is: its name, channels, format and rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

SampleFormat = Literal["double64", "float32", "string"]
# ecg, filtered, markers, predictions, decisions, quality, heart_rate, rr_intervals, hrv, features, gaps, events,
# self_reports, affect_ratings, and:
StreamKey = str
AUXILIARY_KEY_PREFIX = "auxiliary/"  # before the name of a stream that is only recorded

RATING_FIELDS = ("value", "interval low", "interval high")  # channels of a head that gives a number
SCALE_SEPARATOR = " to "  # in their unit, as in 0 to 10


class ChannelSpec(NamedTuple):
    """One channel of a stream, with its unit in LSL's words."""

    label: str
    unit: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A stream: ``rate`` in Hz, 0 for samples at irregular times.

    ``source_id`` is that of an auxiliary stream's own device; empty for streams of the session.
    """

    key: StreamKey
    name: str
    kind: str
    channels: tuple[ChannelSpec, ...]
    form: SampleFormat
    rate: float = 0.0
    source_id: str = ""
