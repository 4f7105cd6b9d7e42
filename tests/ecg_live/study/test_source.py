"""A study beside a source: blocks on the session clock, through silence and loss, and to the end of the source."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from ecg_live.events import Beats, Chunk, Marker, SelfReportAnswer, SelfReportEvent, State
from ecg_live.model.predictor import Predictor
from ecg_live.protocols import Sink
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from ecg_live.sinks.dispatcher import Dispatcher
from ecg_live.sinks.display_buffer import DisplayBuffer
from ecg_live.study.course import StudyCourse
from ecg_live.study.plan import Block, KeyMarker, SelfReport, Study
from ecg_live.study.run import StudyRun
from ecg_live.study.source import StudyFollower, StudySource
from tests.support.random_bundles import random_bundle
from tests.support.scripted_source import RATE, HandClock, Keep, Script, Steps, paced
from tests.support.synthetic_signals import info

PATIENCE = 20.0  # s; a test that waits so long has failed
STUDY = Study(
    "Lab",
    (Block("rest", 30.5, baseline=True), Block("task", 40.0, until_marker="go"), Block("talk")),
    keys={"1": KeyMarker("stimulus on")},
)


def session_of(
    steps: Steps, clock: HandClock, speed: float = 1.0, study: Study = STUDY, *, asks: bool = True
) -> tuple[Session, StudyRun, Keep, Script]:
    """A session in which a study runs, and a sink that keeps its items."""
    model = random_bundle(personal={"mental_load": "hrv"})
    script = Script(replace(info(RATE), speed=speed, replay=speed != 1), steps)
    source = StudySource(script, clock)
    run = StudyRun(study, StudyCourse(study.blocks, by_key=False, asks=asks), source.now)
    sink = Keep()
    sinks: list[Sink] = [StudyFollower(run, source.info), sink]
    session = Session(source, SignalPath(source.info), Predictor(model), model.head_infos, sinks, clock)
    source.connect(run, session)
    return session, run, sink, script


class Unheard:
    """A session that does nothing of what it is asked."""

    def self_report(self, event: SelfReportEvent) -> None: ...

    def mark(self, text: str, time: float | None = None) -> None: ...

    def begin_baseline(self, *_: object, **__: object) -> None: ...


def markers(sink: Keep) -> list[tuple[float | None, str]]:
    return [(item.raw, item.text) for item in sink.items if isinstance(item, Marker)]


def test_blocks_run_on_the_session_clock(clock: HandClock) -> None:
    clock.now = 100.0  # where `paced` begins
    session, _, sink, _ = session_of(paced(clock, 90), clock)
    session.run()
    assert markers(sink) == [
        (1.0, "block/rest/start"),  # when the first second had come
        (31.5, "block/rest/stop"), (31.5, "block/task/start"),
        (71.5, "block/task/stop"), (71.5, "block/talk/start"),
        (90.0, "block/talk/abort"), (90.0, "block/talk/stop"),
    ]  # fmt: skip
    rest = [item for item in sink.items if isinstance(item, State) and item.state == "baseline"]
    assert rest[-1].seconds_left is None


def test_a_marker_from_elsewhere_ends_a_block(clock: HandClock) -> None:
    clock.now = 100.0

    def steps() -> Steps:
        for second, chunk in enumerate(paced(clock, 60)):
            if second == 40:
                session.mark("go", clock() - 0.25)
            yield chunk

    session, _, sink, _ = session_of(steps(), clock)
    session.run()
    assert markers(sink)[3:6] == [(40.75, "go"), (40.75, "block/task/stop"), (40.75, "block/talk/start")]


def test_a_block_goes_on_while_the_device_is_away(clock: HandClock) -> None:
    """It ends at its second all the same, although nothing comes, and the loss is noted with the block."""
    clock.now = 100.0
    chunks = list(paced(clock, 40))
    clock.now = 100.0

    def steps() -> Steps:
        for chunk in chunks[:10]:
            clock.wait(1)
            yield chunk
        yield State("lost", "no data", clock())
        yield Script.SILENCE

    session, run, sink, script = session_of(steps(), clock)
    session.start()
    assert script.silent.wait(PATIENCE)
    assert run.status().away
    clock.wait(30)
    while not any(text == "block/task/start" for _, text in markers(sink)):  # the study's own thread sees the time
        assert not session.wait(0.01)
    session.stop()
    assert session.wait(PATIENCE)
    assert markers(sink)[:3] == [(1.0, "block/rest/start"), (31.5, "block/rest/stop"), (31.5, "block/task/start")]
    assert session.error is None


def test_what_was_lost_is_noted_with_the_block(clock: HandClock) -> None:
    clock.now = 100.0
    chunks = [chunk for chunk in paced(clock, 40) if isinstance(chunk, Chunk)]
    clock.now = 100.0
    seen: list[float] = []

    def steps() -> Steps:
        for second, chunk in enumerate(chunks[:30]):
            clock.wait(1)
            seen.append(run.status().lost_s)
            if not 10 <= second < 15:
                yield chunk

    session, run, sink, _ = session_of(steps(), clock)
    session.run()
    assert max(seen) == pytest.approx(5.0)
    assert seen[:15] == [0.0] * 15
    assert markers(sink)[0] == (1.0, "block/rest/start")


def test_a_strap_without_ecg_runs_a_study_too(clock: HandClock) -> None:
    script = Script(replace(info(RATE), rate=0.0, channels=()), [Beats(clock(), 60.0, (1.0,))])
    source = StudySource(script, clock)
    run = StudyRun(STUDY, StudyCourse(STUDY.blocks, by_key=False), source.now)
    assert not run.status().started
    source.connect(run, Unheard())
    with source:
        assert len(list(source)) == 1
        assert run.status().course.phase == "running"


@pytest.mark.parametrize("chunk", [3.0, 16.0, 90.0])
def test_at_full_speed_blocks_have_the_time_of_the_signal(clock: HandClock, chunk: float) -> None:
    """However long the chunks are, markers lie at their seconds, and no window from before the rest is part of it."""
    clock.now = 100.0
    whole = [each for each in paced(clock, 90) if isinstance(each, Chunk)]
    step = round(chunk)
    joined = [
        Chunk(np.concatenate([one.samples for one in whole[k : k + step]]), whole[k].start, 100.0)
        for k in range(0, 90, step)
    ]
    at = next(k for k, each in enumerate(joined) if each.stop / RATE >= 50)
    steps: list[Chunk | Marker] = [*joined[:at], Marker(100.0, "go", 50.0), *joined[at:]]
    session, _, sink, _ = session_of(steps, clock, inf)
    session.run()
    assert markers(sink) == [
        (0.0, "block/rest/start"), (30.5, "block/rest/stop"), (30.5, "block/task/start"),
        (50.0, "block/task/stop"), (50.0, "block/talk/start"), (50.0, "go"),
        (90.0, "block/talk/abort"), (90.0, "block/talk/stop"),
    ]  # fmt: skip
    rest = [item for item in sink.items if isinstance(item, State) and item.state == "baseline"]
    assert rest[-1].seconds_left is None
    assert session.error is None


def test_a_replay_at_another_speed_keeps_the_seconds_of_the_signal(clock: HandClock) -> None:
    clock.now = 100.0
    chunks = [each for each in paced(clock, 80) if isinstance(each, Chunk)]
    clock.now = 100.0

    def steps() -> Steps:
        for chunk in chunks:
            clock.wait(0.25)
            yield replace(chunk, time=100.0 + chunk.start / RATE / 4)

    session, _, sink, _ = session_of(steps(), clock, 4.0)
    session.run()
    assert [(round(raw or 0, 6), text) for raw, text in markers(sink)][:3] == [
        (1.0, "block/rest/start"), (31.5, "block/rest/stop"), (31.5, "block/task/start"),
    ]  # fmt: skip


@pytest.mark.parametrize("speed", [1.0, inf])
def test_a_self_report_that_cannot_be_asked_is_in_the_session_at_the_end_of_its_block(
    clock: HandClock, speed: float
) -> None:
    clock.now = 100.0
    blocks = (Block("rest", 20.0, self_reports=("mood",)), Block("talk"))
    study = Study("Lab", blocks, self_reports={"mood": SelfReport("mood", "sam", items=("valence",))})
    session, _, sink, _ = session_of(paced(clock, 40), clock, speed, study, asks=False)
    session.run()
    (answer,) = (item for item in sink.items if isinstance(item, SelfReportAnswer))
    (stop,) = (raw for raw, text in markers(sink) if text == "block/rest/stop")
    assert (answer.raw_shown, answer.raw, answer.missing, answer.block) == (stop, stop, "not asked", "rest")


def test_a_study_alone_keeps_no_session_up(clock: HandClock) -> None:
    session, run, _, _ = session_of([], clock)
    left: list[bool] = []
    screen = DisplayBuffer(RATE, clock)
    outputs = Dispatcher(
        session.info, screen, [StudyFollower(run, session.info)], clock, lambda: left.append(True), watched=True
    )
    outputs.screen_closed()
    assert left == [True]
