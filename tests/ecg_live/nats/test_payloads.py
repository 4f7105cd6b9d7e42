"""What goes into a payload comes out, bit for bit."""

from dataclasses import fields

import numpy as np
import pytest

from ecg_live.errors import ProtocolError
from ecg_live.events import (
    AffectRating,
    AuxiliarySamples,
    AuxiliaryStream,
    Battery,
    Beats,
    Chunk,
    Gap,
    LeadOff,
    Marker,
    SelfReportAnswer,
    SetChange,
    State,
    StreamEvent,
    StreamInfo,
)
from ecg_live.nats import payloads
from ecg_live.nats.frames import FrameKind
from ecg_live.results import HeadResult, Prediction, Quality

EDA = AuxiliaryStream("EDA", "EDA", (("left", "uS"), ("right", "uS")), 4.0, source_id="x")
EVENTS: list[StreamEvent] = [
    Gap(5, 7, "lost on the way", time=12.5),
    Marker(1 / 3, "Reiz «ein»", 0.1),
    State("warning", "a remark", 1e9 + 0.1),
    Beats(3.25, 61.5, (0.75, 1 / 3)),
    LeadOff(17, True, ("RA", "LL")),
    Battery(9.0, 0.5),
    SelfReportAnswer("mood", "sam", 3.0, 4.0, (("valence", 7.0), ("arousal", None)), "", (1.0, 9.0), "skipped"),
    AffectRating(5.0, 0.5, -1.0, 4.0),
    SetChange(1.0, 2.0, "mental_load", "population", "personal"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_come_back(event: StreamEvent) -> None:
    assert payloads.event_of(*payloads.event_payload(event)) == event


@pytest.mark.parametrize("values", [np.array([[1.0, np.nan], [0.1, 3.0]]), (("a", "b"), ("ü", ""))])
def test_samples_beside_the_ecg_come_back(values: np.ndarray | tuple[tuple[str, ...], ...]) -> None:
    kind, payload = payloads.event_payload(AuxiliarySamples(EDA, np.array([0.1, 0.35]), values))
    back = payloads.event_of(kind, payload)
    assert isinstance(back, AuxiliarySamples)
    assert (kind, back.stream, back.times.tolist()) == (FrameKind.AUXILIARY, EDA, [0.1, 0.35])
    np.testing.assert_array_equal(back.values, values)


@pytest.mark.parametrize(("scale", "size"), [(1.0, 4), (0.1, 8)])
def test_chunks_come_back_in_the_narrowest_type_that_holds_them(scale: float, size: int) -> None:
    samples = np.arange(40.0).reshape(20, 2) * scale
    samples[3, 1] = np.nan
    chunks = [Chunk(samples[:7], 100, 1.1, 1.2), Chunk(samples[7:8], 107, 1.3), Chunk(samples[8:], 108, 1 / 3, 9.0)]
    payload = payloads.samples_payload(chunks)
    assert len(payload) == 13 + 3 * 20 + 40 * size
    back = payloads.chunks_of(payload)
    assert [(one.start, one.time, one.arrived) for one in back] == [(c.start, c.time, c.arrived) for c in chunks]
    np.testing.assert_array_equal(np.concatenate([one.samples for one in back]), samples)
    assert back[0].samples.dtype == np.float64


def test_a_description_comes_back_with_all_its_fields() -> None:
    info = StreamInfo(130.0, ("ECG", "x"), (-5.0, 5.0), "Polar", "id", 12.5, 1, float("inf"), True, True, (EDA,), "ppg")
    assert all(getattr(info, field.name) != field.default for field in fields(info))
    assert payloads.info_of(payloads.info_payload(info, "polar:H10")) == info


def test_a_prediction_comes_back() -> None:
    heads = {"load": HeadResult({"rest": 0.1, "load": 0.9}, "load"), "mood": HeadResult(None, None, "unusable")}
    heads["rating"] = HeadResult(None, None, value=3.5, interval=(2.0, 1 / 3), scale=(1.0, 9.0))
    features = (np.arange(128) / 3).astype(np.float32)
    made = Prediction(0.1, 10.1, 1e9, heads, 61.0, None, Quality("poor", ("drift",)), 0.01, (0.5, 1.5), features)
    back = payloads.prediction_of(payloads.prediction_payload(made))
    assert back == made
    np.testing.assert_array_equal(back.features, features)


@pytest.mark.parametrize("payload", [b"", b"{", b"[1]", b'{"type": "gap"}', b'{"type": "other"}'])
def test_nonsense_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        payloads.event_of(FrameKind.EVENT, payload)
    with pytest.raises(ProtocolError):
        payloads.info_of(payload)
    with pytest.raises(ProtocolError):
        payloads.prediction_of(payload)
