"""A session's results as LSL streams, for other programs to follow, record or close the loop."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from ecg_live import __version__
from ecg_live.constants import EMBEDDING_SIZE, MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import Clock, StreamInfo
from ecg_live.lsl_library import clock_offset, pylsl
from ecg_live.results import HeadInfo, Item
from ecg_live.signal.highpass import CUTOFF_HZ, FILTER_ORDER
from ecg_live.signal.rr_intervals import LATE_MARGIN_S
from ecg_live.sinks.stream_layout import StreamRows, stream_specs
from ecg_live.xdf.stream_spec import StreamKey, StreamSpec

STREAM_PREFIX: Final = "ecg-live"  # of the streams' names and source IDs
OFFERED_STREAMS: tuple[StreamKey, ...] = (
    "filtered",
    "features",
    "predictions",
    "decisions",
    "heart_rate",
    "quality",
    "rr_intervals",
    "hrv",
    "markers",
    "events",
    "self_reports",
    "affect_ratings",
)
LSL_FORMATS = {"double64": pylsl.cf_double64, "float32": pylsl.cf_float32, "string": pylsl.cf_string}
FILTER_DESCRIPTION = {"type": "IIR", "design": "Butterworth", "order": f"{FILTER_ORDER}", "cutoff": f"{CUTOFF_HZ:g}"}


class LslOut:
    """Offer filtered ECG and all results: features, predictions, decisions, heart rate, quality, RR intervals, HRV.

    Markers, events and self-reports are offered as well.

    Streams can be found from the start. If a head abstains, its probabilities are NaN, and the stream of decisions has
    the reason. Timestamps are on LSL's clock, at raw time: a stream's description states its delay.

    Parameters
    ----------
    info : StreamInfo
    heads : sequence of HeadInfo
    clock : Clock
        Session clock.
    delay : float
        Delay of the signal path's output in s.
    embedding : int
        Numbers in an embedding.
    """

    name = "LSL output"

    def __init__(
        self,
        info: StreamInfo,
        heads: Sequence[HeadInfo],
        clock: Clock,
        delay: float,
        embedding: int = EMBEDDING_SIZE,
    ) -> None:
        self._rows = StreamRows(info, heads, clock)
        self._offset = clock_offset(clock)
        self._outlets: dict[StreamKey, pylsl.StreamOutlet] = {}
        self._rates: dict[StreamKey, float] = {}
        for spec in stream_specs(info, heads, embedding):
            if spec.key in OFFERED_STREAMS and spec.channels:
                self._outlets[spec.key] = pylsl.StreamOutlet(lsl_stream_info(spec, info, delay))
                self._rates[spec.key] = spec.rate

    def write(self, item: Item) -> None:
        """Push an item's rows to the outlets; never waits."""
        for row in self._rows.rows_for(item):
            outlet = self._outlets.get(row.key)
            if outlet is not None and len(row.values):
                rate = self._rates[row.key]
                last = row.stamp + ((len(row.values) - 1) / rate if rate else 0.0)
                outlet.push_chunk(row.values, last - self._offset)

    def close(self) -> None:
        """Withdraw the streams."""
        self._outlets.clear()


def lsl_stream_info(spec: StreamSpec, info: StreamInfo, delay: float) -> pylsl.StreamInfo:
    """A stream's header, after the conventions for XDF's metadata."""
    source = f"{STREAM_PREFIX}:{info.source_id or info.name or 'ECG'}:{spec.key}"
    header = pylsl.StreamInfo(
        f"{STREAM_PREFIX} {spec.name}", spec.kind, len(spec.channels), spec.rate, LSL_FORMATS[spec.form], source
    )
    desc = header.desc()
    _fill(
        desc, {"manufacturer": STREAM_PREFIX, "version": __version__, "source": info.name, "process": f"{os.getpid()}"}
    )
    _fill(desc.append_child("delay"), _delay(spec, delay))
    _fill(desc.append_child("synchronization"), {"can_drop_samples": "true" if spec.rate else "false"})
    channels = desc.append_child("channels")
    for channel in spec.channels:
        entry = channels.append_child("channel")
        _fill(entry, {"label": channel.label, "unit": channel.unit, "type": channel.kind or spec.kind})
        if spec.key == "filtered":
            _fill(entry.append_child("filtering").append_child("highpass"), FILTER_DESCRIPTION)
    return header


def _delay(spec: StreamSpec, delay: float) -> Mapping[str, str]:
    """Delay of the samples after their timestamps, and what a timestamp marks."""
    if spec.key in ("markers", "events", "self_reports", "affect_ratings"):
        return {"late": "0", "window": "0", "stamp": "when it happened"}
    if spec.key == "rr_intervals":
        return {"late": f"{delay + LATE_MARGIN_S:.6f}", "window": "0", "stamp": "raw time of the beat that ends it"}
    if spec.key == "hrv":
        return {"late": f"{delay + LATE_MARGIN_S:.6f}", "window": "0", "stamp": "raw time of the end of its stretch"}
    if spec.key == "filtered":
        return {"late": f"{delay:.6f}", "window": "0", "stamp": "raw time of the sample"}
    return {
        "late": f"{delay:.6f}",
        "window": f"{WINDOW_SAMPLES / MODEL_RATE_HZ:g}",
        "stamp": "raw time of the window's end",
    }


def _fill(element: pylsl.XMLElement, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        element.append_child_value(name, value)
