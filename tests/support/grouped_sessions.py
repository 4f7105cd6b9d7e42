"""Sessions of several wearers over sources that a test writes, alone and in a group, and what their sinks got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from ecg_live.events import F64, Chunk, Marker, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.predictor import Predictor
from ecg_live.results import Item, Prediction, Trace
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_pipeline import RrPath
from ecg_live.wearers.group import SessionGroup
from tests.support.random_bundles import random_bundle
from tests.support.scripted_source import Keep, Script, Steps
from tests.support.synthetic_signals import Tape, ecg, info

RATE = 250.0


@lru_cache(1)
def model() -> Bundle:
    return random_bundle(personal={"emotion": "hrv"})


def no_time() -> float:
    """Session clock that stands still, so that latencies are those of the signal alone."""
    return 1000.0


def session(
    steps: Steps,
    sink: Keep | None = None,
    about: StreamInfo | None = None,
    *,
    batched: bool = True,
    baseline: float = 0.0,
) -> Session:
    about = about or info(RATE)
    bundle = model()
    path = SignalPath(about, batched=batched) if about.channels else RrPath(bundle.head_infos)
    predictor = Predictor(bundle, 1.0, baseline, show_unproven=True, embeds=not batched)
    sinks = [] if sink is None else [sink]
    return Session(Script(about, steps), path, predictor, bundle.head_infos, sinks, no_time)


def group(sessions: Sequence[Session]) -> SessionGroup:
    return SessionGroup(sessions, open_engine(model()))


def run_together(many: Sequence[Steps], **options: float) -> list[Keep]:
    """What the sinks of wearers get that run together."""
    sinks = [Keep() for _ in many]
    group([session(steps, sink, **options) for steps, sink in zip(many, sinks, strict=True)]).run()  # type: ignore[arg-type]  # only baseline
    return sinks


def run_alone(steps: Steps, **options: float) -> Keep:
    """What the sink of a wearer gets who runs alone."""
    sink = Keep()
    session(steps, sink, batched=False, **options).run()  # type: ignore[arg-type]  # likewise
    return sink


def seconds_of(x: F64, rate: float = RATE, chunk_s: float = 1.0) -> list[Chunk]:
    """A signal (n, 1) in chunks of so many seconds."""
    size = round(rate * chunk_s)
    items = Tape(x, rate).items([size] * (len(x) // size))
    return [item for item in items if isinstance(item, Chunk) and len(item.samples)]


def beating(seconds: float, number: int) -> F64:
    """The ECG (n, 1) of one of many wearers."""
    return ecg(seconds, RATE)[:, :] * (1 + number / 5)


def assert_same_items(one: Sequence[Item], other: Sequence[Item]) -> None:
    """All items but traces, which may be cut otherwise, in their order; raw chunks and markers among themselves."""
    assert [_raw(item) for item in one if isinstance(item, Chunk)] == [
        _raw(item) for item in other if isinstance(item, Chunk)
    ]
    assert [item for item in one if isinstance(item, Marker)] == [item for item in other if isinstance(item, Marker)]
    a, b = ([item for item in items if not isinstance(item, Trace | Chunk | Marker)] for items in (one, other))
    assert [type(item) for item in a] == [type(item) for item in b]
    for x, y in zip(a, b, strict=True):
        if isinstance(x, Prediction) and isinstance(y, Prediction):
            assert x.features is not None
            assert y.features is not None
            assert x.features.tobytes() == y.features.tobytes()
            assert replace(x, time=0, latency=0) == replace(y, time=0, latency=0)
        else:
            assert x == y


def _raw(chunk: Chunk) -> tuple[int, float, bytes]:
    return chunk.start, chunk.time, chunk.samples.tobytes()
