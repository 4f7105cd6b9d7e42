"""A stored state: restored at any place, predictions go on as if nothing had happened, to the bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace

import pytest

from ecg_live.events import Beats, Chunk, Gap, LeadOff, State, StreamEvent, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.results import Prediction
from ecg_live.serve.batched_engine import BatchedEngine
from ecg_live.serve.engine import SILENT_STATE, PipelineEngine, ServedResult, SourceItem, WearerEngine
from ecg_live.serve.state import StateMismatch, pack_state, restore_state, state_maker
from ecg_live.signal.ring_buffer import RingBuffer
from tests.support.chunk_cutting import cut
from tests.support.random_bundles import random_bundle
from tests.support.synthetic_signals import ecg

RATE = 130.0
INFO = StreamInfo(RATE, ("ECG",), (-5.0, 5.0), "strap")
STRAP = StreamInfo(0.0, ())


@cache
def bundle() -> Bundle:
    return random_bundle(personal={"mental_load": "embedding"})


ENGINES = (PipelineEngine, BatchedEngine)
Engine = type[PipelineEngine] | type[BatchedEngine]


def engine(kind: Engine = PipelineEngine) -> WearerEngine:
    return kind(bundle(), "d" * 64, baseline=15.0, show_unproven=True)


def stream() -> list[SourceItem]:
    """Fifty seconds with a bridged gap, a long one, and an electrode that is off for a while."""
    signal = ecg(50, RATE)
    chunks = list(cut(signal, RATE, [73] * (len(signal) // 73)))
    lost = {60}
    items: list[SourceItem] = []
    for k, chunk in enumerate(chunks):
        if k in lost:
            items.append(Gap(chunk.start, len(chunk.samples), "lost", time=chunk.time))
        else:
            items.append(replace(chunk, samples=chunk.samples[3:], start=chunk.start + 3) if k == 10 else chunk)
        if k == 75:
            items += [LeadOff(chunk.stop, True), LeadOff(chunk.stop + 100, False)]
    return items


def beats() -> list[SourceItem]:
    return [Beats(100.0 + k, 60.0 + k % 5, (0.9, 1.0)) for k in range(60)]


def served(one: WearerEngine, items: Sequence[Chunk | StreamEvent]) -> Iterator[ServedResult]:
    for item in items:
        yield from one.push([("P1", [item])])


def plain(results: Sequence[ServedResult]) -> list[object]:
    """Results without their latency, with their features."""
    return [
        (replace(item, latency=0.0), None if item.features is None else item.features.tobytes())
        if isinstance(item, Prediction)
        else item
        for _, item in results
    ]


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(("info", "items"), [(INFO, stream()), (STRAP, beats())], ids=["ecg", "strap"])
def test_restored_anywhere_it_goes_on_to_the_bit(kind: Engine, info: StreamInfo, items: list[SourceItem]) -> None:
    one = engine(kind)
    one.open("P1", info)
    states, expected = [], list[ServedResult]()
    places = (1, 9, 31, 59, len(items) - 5)  # warming up, bridged gap, baseline, long gap, near the end
    for k, item in enumerate(items):
        if k in places:
            states.append((k, len(expected), one.snapshot("P1")))
        expected += one.push([("P1", [item])])
    expected += one.flush("P1")
    assert sum(isinstance(item, Prediction) for _, item in expected) > 20
    for place, before, state in states:
        other = engine(kind)
        other.restore("P1", info, state)
        if place < len(items) - 25:
            got = list(served(other, items[place : place + 25]))
            assert len(got) > 5
        else:
            got = [*served(other, items[place:]), *other.flush("P1")]
            assert before + len(got) == len(expected)
        assert plain(got) == plain(expected[before : before + len(got)]), place


def test_a_restored_state_is_not_shared_with_its_stored_form() -> None:
    one, items = engine(), stream()
    one.open("P1", INFO)
    list(served(one, items[:40]))
    state = one.snapshot("P1")
    kept = bytes(state)
    first, second = engine(), engine()
    first.restore("P1", INFO, state)
    expected = plain(list(served(first, items[40:80])))
    second.restore("P1", INFO, state)
    assert plain(list(served(second, items[40:80]))) == expected
    assert state == kept


def test_a_state_of_other_code_model_or_settings_is_refused() -> None:
    one = engine()
    one.open("P1", INFO)
    state = one.snapshot("P1")
    other = PipelineEngine(random_bundle(), "e" * 64)
    with pytest.raises(StateMismatch, match=r"the stored state is of ecg-live .* model dddd.*, this is"):
        other.restore("P1", INFO, state)
    with pytest.raises(StateMismatch, match="damaged"):
        one.restore("P1", INFO, state[:-1])
    with pytest.raises(StateMismatch, match="damaged"):
        one.restore("P1", INFO, b"")


def test_another_attribute_makes_another_maker() -> None:
    ring, changed = RingBuffer(), SimpleNamespace()
    before = state_maker([ring], "m", "1")
    assert state_maker([RingBuffer()], "m", "1") == before
    others = [state_maker([ring], "n", "1"), state_maker([ring], "m", "2"), state_maker([changed], "m", "1")]
    assert len({before, *others}) == 4


def test_what_cannot_be_stored_is_an_error_and_not_left_out() -> None:
    @dataclass
    class Foreign:
        x: int = 1

    with pytest.raises(TypeError, match="Foreign cannot be stored"):
        pack_state([Foreign()], [Foreign()], "me")


def test_a_class_that_is_not_ours_is_not_made() -> None:
    ring = RingBuffer()
    state = pack_state([ring], [RingBuffer()], "me")
    at = state.index(b"ecg_live.signal.ring_buffer:RingBuffer")
    evil = bytearray(state)
    evil[at : at + 38] = b"subprocess:Popen".ljust(38)
    with pytest.raises(StateMismatch, match="damaged"):
        restore_state(bytes(evil), [RingBuffer()], "me")


def test_many_wearers_at_once_get_what_each_gets_alone() -> None:
    """Also one that joins late, and one that is restored while the others go on."""
    alone, items = engine(), stream()
    alone.open("P1", INFO)
    expected = plain([*served(alone, items), *alone.flush("P1")])
    batched = engine(BatchedEngine)
    got: dict[str, list[ServedResult]] = {"P1": [], "P2": [], "P3": []}
    begins = {"P1": 0, "P2": 0, "P3": 7}
    for k in range(len(items) + 7):
        for name, begin in begins.items():
            if k == begin:
                batched.open(name, INFO)
        if k == 40:
            state = batched.snapshot("P2")
            batched.close("P2")
            batched.restore("P2", INFO, state)
        now = [(name, [items[k - begin]]) for name, begin in begins.items() if 0 <= k - begin < len(items)]
        for name, item in batched.push(now):
            got[name].append((name, item))
    for name, results in got.items():
        assert plain([*results, *batched.flush(name)]) == expected, name


@pytest.mark.parametrize("kind", ENGINES)
def test_a_wearer_whose_data_cannot_be_processed_ends_alone(kind: Engine) -> None:
    one = engine(kind)
    one.open("P1", INFO)
    one.open("P2", INFO)
    chunks = [item for item in stream() if isinstance(item, Chunk)]
    back = replace(chunks[0], samples=chunks[0].samples[:5])
    results = one.push([("P1", [*chunks[:3], back, back, *chunks[3:6]]), ("P2", chunks[:6])])
    errors = [item for wearer, item in results if wearer == "P1" and getattr(item, "state", "") == "error"]
    assert len(errors) == 1
    assert [w for w, _ in results if w == "P2"]
    assert one.push([("P1", chunks[6:9])]) == []
    other = engine(kind)
    other.restore("P1", INFO, one.snapshot("P1"))  # as the worker does that takes over
    assert other.push([("P1", chunks[6:9])]) == other.flush("P1") == []
    one.open("P1", INFO)
    assert one.push([("P1", chunks[:6])])


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("fault", ["event", "counter"])
def test_what_no_device_sends_ends_its_own_wearer_only(kind: Engine, fault: str) -> None:
    """An event with a text for a number, and a counter beyond what float64 tells apart."""
    chunks = [item for item in stream() if isinstance(item, Chunk)][:40]
    bad: list[SourceItem] = [*chunks]
    if fault == "event":
        bad[30] = LeadOff("soon", True)  # type: ignore[arg-type]  # as a bridge of another version might
    else:
        bad = [replace(chunk, start=chunk.start + 2**62) for chunk in chunks]
    one = engine(kind)
    one.open("P1", INFO)
    one.open("P2", INFO)
    results = [
        *(each for k in range(40) for each in one.push([("P1", [bad[k]]), ("P2", [chunks[k]])])),
        *one.flush("P1"),
        *one.flush("P2"),
    ]
    told = [item.detail for wearer, item in results if wearer == "P1" and isinstance(item, State)]
    assert sum("TypeError" in each or "ZeroDivisionError" in each for each in told) == 1
    alone = engine(kind)
    alone.open("P2", INFO)
    expected = [*(each for chunk in chunks for each in alone.push([("P2", [chunk])])), *alone.flush("P2")]
    assert plain([each for each in results if each[0] == "P2"]) == plain(expected)


@pytest.mark.parametrize("kind", ENGINES)
def test_a_wearer_with_another_signal_than_the_models_gets_one_error(kind: Engine) -> None:
    one = engine(kind)
    ((wearer, state),) = one.open("P1", replace(INFO, signal="ppg"))
    assert (wearer, state.state) == ("P1", "error")  # type: ignore[union-attr]
    assert "wearer P1 is pulse" in state.detail  # type: ignore[union-attr]
    assert one.push([("P1", stream()[:30])]) == one.flush("P1") == []
    assert one.snapshot("P1") == SILENT_STATE
    assert one.open("P1", STRAP) == one.open("P1", INFO) == []
    assert one.push([("P1", stream()[:30])])
