"""The engine of many wearers: embeddings are those of each wearer alone; wearers come, go, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ecg_live.events import F32, Chunk
from ecg_live.model.engine.embedders import StreamingEmbedder, WindowEmbedder
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.engine.protocol import EngineStream, WearerIndices
from ecg_live.results import Window
from ecg_live.signal.pipeline import SignalPath
from ecg_live.wearers.embedding import FIRST_POOL, BatchEmbedder
from ecg_live.wearers.engine import Output, WearerLane, WearersEngine
from tests.support.grouped_sessions import RATE, beating, model, seconds_of
from tests.support.synthetic_signals import info

INFO = info(RATE)


def join(engine: WearersEngine, hop: float = 1.0) -> WearerLane:
    return engine.join(SignalPath(INFO, hop, batched=True), INFO)


def embedded(outputs: Sequence[Output]) -> list[tuple[float, bytes]]:
    """Start and embedding of each window."""
    return [
        (output.item.start, output.embedding.tobytes())
        for output in outputs
        if isinstance(output.item, Window) and output.embedding is not None
    ]


def alone(chunks: Sequence[Chunk], hop: float = 1.0) -> list[tuple[float, bytes]]:
    encoder, path = open_engine(model()), SignalPath(INFO, hop)
    embedder = StreamingEmbedder(encoder) if hop == round(hop) else WindowEmbedder(encoder)
    outputs = [output for chunk in chunks for output in path.push(chunk)] + list(path.flush())
    return [(w.start, embedder.features(w)[0].tobytes()) for w in outputs if isinstance(w, Window)]


@pytest.mark.parametrize("hop", [1.0, 3.0, 0.5])
def test_embeddings_are_those_of_each_wearer_alone(hop: float) -> None:
    engine = WearersEngine(open_engine(model()), hop)
    tapes = [seconds_of(beating(13 + k % 3, k), chunk_s=0.4 + 0.3 * (k % 4)) for k in range(5)]
    del tapes[2][20:24]  # a gap
    lanes = [join(engine, hop) for _ in tapes]
    made: list[list[Output]] = [[] for _ in tapes]
    for at in range(max(map(len, tapes))):
        for lane, tape in zip(lanes, tapes, strict=True):
            if at < len(tape):
                lane.add(tape[at])
        for outputs, new in zip(made, engine.step(lanes), strict=True):
            outputs.extend(new)
    for outputs, lane, tape in zip(made, lanes, tapes, strict=True):
        outputs.extend(engine.leave(lane))
        assert embedded(outputs) == alone(tape, hop)


def test_who_takes_a_place_again_begins_anew() -> None:
    engine = WearersEngine(open_engine(model()))
    first, second = seconds_of(beating(12, 1)), seconds_of(beating(12, 4))
    for tape in (first, second, first):
        lane = join(engine)
        made: list[Output] = []
        for chunk in tape:
            lane.add(chunk)
            made += engine.step([lane])[0]
        made += engine.leave(lane)
        assert embedded(made) == alone(tape)


def test_a_backlog_gives_what_came_in_time_gives() -> None:
    engine, tape = WearersEngine(open_engine(model())), seconds_of(beating(16, 2))
    lane = join(engine)
    for chunk in tape:
        lane.add(chunk)
    (made,) = engine.step([lane])
    assert embedded([*made, *engine.leave(lane)]) == alone(tape)


def test_places_are_given_once_and_grow_by_need() -> None:
    embedder = BatchEmbedder(open_engine(model()), 1.0)
    taken = [embedder.join() for _ in range(3 * FIRST_POOL)]
    assert len({(place.pool, place.index) for place in taken}) == len(taken)
    embedder.leave(taken[5])
    again = embedder.join()
    assert (again.pool, again.index, again.segment) == (taken[5].pool, taken[5].index, -1)


def test_no_wearer_is_no_call() -> None:
    embedder = BatchEmbedder(open_engine(model()), 1.0)
    empty: F32 = embedder.embed([])
    assert empty.shape == (0, 128)
    assert np.isfinite(empty).all()
    assert WearersEngine(open_engine(model())).step([]) == []


def test_the_first_window_is_not_ten_seconds_work(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, seconds = WearersEngine(open_engine(model())), list[int]()
    lanes = [join(engine) for _ in range(3)]
    stream = type(open_engine(model()).stream())
    push = stream.push

    def counted(self: EngineStream, wearers: WearerIndices, blocks: F32) -> None:
        seconds[-1] += len(blocks)
        push(self, wearers, blocks)

    monkeypatch.setattr(stream, "push", counted)
    for chunk in seconds_of(beating(14, 1)):
        seconds.append(0)
        for lane in lanes:
            lane.add(chunk)
        engine.step(lanes)
    assert max(seconds) == 3  # a second of each
    assert sum(seconds) == 3 * 13  # the last one waits for the resampler's look-ahead
