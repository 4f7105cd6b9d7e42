"""Wearers who run together get what each gets alone; what befalls one is no other's business."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import numpy as np
import pytest

from ecg_live.errors import DeviceLost, ProtocolError
from ecg_live.events import Battery, Beats, Chunk, Gap, LeadOff, Marker, State, StreamInfo
from ecg_live.results import Poll, Prediction, Summary
from ecg_live.wearers.engine import WearersEngine
from tests.support.grouped_sessions import (
    RATE,
    assert_same_items,
    beating,
    group,
    run_alone,
    run_together,
    seconds_of,
    session,
)
from tests.support.scripted_source import Keep, Script, Steps, of
from tests.support.synthetic_signals import eventful


def tapes() -> list[Steps]:
    """Six wearers: chunks of many lengths, gaps, electrodes off, invalid samples, events of the device."""
    noise = beating(25, 1)
    noise[9 * 250 : 12 * 250] = np.nan
    railed = beating(16, 2)
    railed[2500:3300] = 2.0
    mixed: list[object] = [*seconds_of(beating(16, 3), chunk_s=0.1)]
    mixed.insert(55, Battery(1000.0, 0.5))
    mixed.insert(105, LeadOff(2600, off=True))
    mixed.insert(130, LeadOff(3200, off=False))
    return [
        seconds_of(beating(15, 0)),
        seconds_of(noise),
        seconds_of(railed, chunk_s=0.5),
        mixed,  # type: ignore[list-item]
        list(eventful(RATE).items([77] * 400)),
        seconds_of(beating(14, 4), chunk_s=7.0),
    ]


def test_results_do_not_depend_on_who_else_is_there() -> None:
    for sink, steps in zip(run_together(tapes()), tapes(), strict=True):
        assert_same_items(sink.items, run_alone(steps).items)
        assert len(of(sink, Prediction)) >= 3


def test_each_wearer_has_an_own_baseline_and_own_sets() -> None:
    many = [seconds_of(beating(45, number)) for number in range(2)]
    made = run_together(many, baseline=30.0)
    for sink, steps in zip(made, many, strict=True):
        assert_same_items(sink.items, run_alone(steps, baseline=30.0).items)
    sets = {
        head.set for item in of(made[0], Prediction) if isinstance(item, Prediction) for head in item.heads.values()
    }
    assert sets == {"population", "personal"}


def summary(sink: Keep) -> Summary:
    last = sink.items[-1]
    assert isinstance(last, Summary)
    return last


def faulty_steps(kind: str) -> Steps:
    steps: list[object] = [*seconds_of(beating(18, 1))]
    match kind:
        case "lost":
            steps[12:] = [DeviceLost("the strap is away", "wear it")]
        case "crash":
            steps[12:] = [ZeroDivisionError("a bug of the driver")]
        case "backward":
            steps[12:] = [*steps[3:5], *steps[12:]]
        case "invalid":
            steps[12:15] = [Chunk(c.samples * np.nan, c.start, c.time) for c in steps[12:15] if isinstance(c, Chunk)]
        case "gap":
            steps[12:15] = [Gap(12 * 250, 3 * 250, "radio")]
        case "railed":
            steps[12:15] = [Chunk(c.samples * 0 + 5, c.start, c.time) for c in steps[12:15] if isinstance(c, Chunk)]
    return steps  # type: ignore[return-value]


@pytest.mark.parametrize("kind", ["lost", "crash", "backward", "invalid", "gap", "railed"])
def test_a_fault_of_one_wearer_leaves_the_others_untouched(kind: str) -> None:
    others = [seconds_of(beating(14, number)) for number in (2, 3)]
    sinks = [Keep() for _ in range(3)]
    sessions = [
        session(steps, sink) for steps, sink in zip([others[0], faulty_steps(kind), others[1]], sinks, strict=True)
    ]
    group(sessions).run()
    for sink, steps in zip((sinks[0], sinks[2]), others, strict=True):
        assert_same_items(sink.items, run_alone(steps).items)
    alone = Keep()
    single = session(faulty_steps(kind), alone, batched=False)
    single.run()
    assert_same_items(sinks[1].items, alone.items)
    assert [type(s.error) for s in sessions] == [type(None), type(single.error), type(None)]
    assert (single.error is not None) == (kind in {"lost", "crash", "backward"})
    assert isinstance(sessions[1].error, ProtocolError) == (kind == "backward")


def test_a_sink_that_breaks_ends_nobody_elses_session() -> None:
    many = [seconds_of(beating(15, number)) for number in range(2)]
    broken, kept = Keep("broken", breaks_at=20), Keep()
    sessions = [session(many[0], broken), session(many[1], kept)]
    group(sessions).run()
    assert_same_items(kept.items, run_alone(many[1]).items)
    assert sessions[0].summary is not None
    assert sessions[0].summary.samples == 15 * 250  # a screen is watched


def test_a_predictor_that_fails_ends_its_own_session_only(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [seconds_of(beating(15, number)) for number in range(2)]
    sinks = [Keep(), Keep()]
    sessions = [session(steps, sink) for steps, sink in zip(many, sinks, strict=True)]
    monkeypatch.setattr(sessions[0], "emit", lambda *_: 1 / 0)
    group(sessions).run()
    assert isinstance(sessions[0].crash, ZeroDivisionError)
    assert sessions[0].wait(0)
    assert_same_items(sinks[1].items, run_alone(many[1]).items)


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_an_encoder_that_fails_ends_all_sessions_and_hangs_none(calls: int) -> None:
    sessions = [session(seconds_of(beating(15, number)), Keep()) for number in range(3)]
    together = group(sessions)
    _fail_after(together._engine, calls)
    thread = Thread(target=together.run, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert together.wait(0)
    assert all(isinstance(each.crash or each.error, ArithmeticError) for each in sessions)


def _fail_after(engine: WearersEngine, calls: int) -> None:
    """Let an engine's calls fail from one on: 0 is that at the start."""
    left = iter(range(calls))

    def failing(act: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            if next(left, None) is None:
                raise ArithmeticError("the encoder")
            return act(*arguments)

        return call

    for name in ("warm_up", "step", "leave"):
        setattr(engine, name, failing(getattr(engine, name)))


def test_a_wearer_who_stays_is_not_held_up_by_one_who_is_silent() -> None:
    silent, other = Keep(), Keep()
    sessions = [
        session([*seconds_of(beating(12, 0)), Script.SILENCE], silent),
        session(seconds_of(beating(15, 1)), other),
    ]
    together = group(sessions)
    together.start()
    assert sessions[1].wait(60)
    assert len(of(other, Prediction)) == 6
    assert not together.wait(0)
    assert len(of(silent, Prediction)) >= 2
    together.stop()
    assert together.wait(60)
    assert [each.summary is not None for each in sessions] == [True, True]


def test_a_strap_without_ecg_among_the_others() -> None:
    strap = StreamInfo(0.0, (), name="strap")
    beats = [Beats(1000.0 + k, 60.0, (1.0,)) for k in range(20)]
    sinks = [Keep(), Keep()]
    group([session(beats, sinks[0], strap), session(seconds_of(beating(12, 0)), sinks[1])]).run()
    alone = Keep()
    session(beats, alone, strap, batched=False).run()
    assert [item for item in sinks[0].items if isinstance(item, Prediction)] == [
        item for item in alone.items if isinstance(item, Prediction)
    ]
    assert len(of(sinks[0], Prediction)) >= 5
    assert len(of(sinks[1], Prediction)) == 3


def test_a_marker_goes_to_all_and_is_noted_once() -> None:
    sinks, noted, done = [Keep(), Keep()], list[Marker](), Event()
    sessions = [session([*seconds_of(beating(12, k)), Script.SILENCE], sink) for k, sink in enumerate(sinks)]
    together = group(sessions)
    together.start()

    def note(marker: Marker) -> None:
        noted.append(marker)
        done.set()

    together.mark("stimulus", 1000.0, note)
    assert done.wait(60)
    together.report(State("warning", "a marker input has a remark"))
    together.stop()
    while not together.wait(0.05):
        pass
    for sink in sinks:
        assert [item.text for item in of(sink, Marker) if isinstance(item, Marker)] == ["stimulus"]
        assert any(isinstance(item, State) and "remark" in item.detail for item in sink.items)
    assert len(noted) == 1


def test_each_wearer_has_a_view() -> None:
    sessions = [session(seconds_of(beating(12, k)), Keep()) for k in range(2)]
    group(sessions).run()
    for each in sessions:
        shot, _ = each.poll(Poll())
        assert shot.ended
        assert (shot.samples, shot.lost, len(shot.predictions)) == (3000, 0, 3)
        assert np.isfinite(shot.trace).sum() == 12 * 256


def test_summaries_are_each_wearers_own() -> None:
    many = [seconds_of(beating(12, 0)), seconds_of(beating(20, 1))]
    sinks = run_together(many)
    assert [(summary(sink).samples, summary(sink).windows) for sink in sinks] == [(3000, 3), (5000, 11)]
