"""The course of a study: what is noted when, however time goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from ecg_live.study.course import Action, BeginBaseline, NoteMarker, PlaySound, StudyCourse
from ecg_live.study.marker_texts import Span, parse_span_marker, spans
from ecg_live.study.plan import Block
from ecg_live.study.progress import first_unfinished, unanswered

REST = Block("rest", 60.0, baseline=True)
TASK = Block("task", 30.0, sound=True, self_reports=("mood", "strain"))
TALK = Block("talk")
WAIT = Block("wait", 20.0, until_marker="go")


class Step(NamedTuple):
    """A command at a time."""

    at: float
    command: str


def notes(actions: Sequence[Action]) -> list[tuple[float, str]]:
    """Times and texts of the markers."""
    return [(each.time, each.text.removeprefix("block/")) for each in actions if isinstance(each, NoteMarker)]


def do(course: StudyCourse, command: str, at: float) -> tuple[Action, ...]:
    if command == "marker":
        return course.marker(at, "go")
    return {
        "tick": course.tick, "advance": course.advance, "skip": course.skip, "abort": course.abort,
        "repeat": course.repeat, "answered": course.answered, "stop": course.stop,
    }[command](at)  # fmt: skip


BLOCKS = st.lists(
    st.builds(
        Block,
        st.just("x"),
        st.one_of(st.none(), st.integers(1, 9).map(float)),
        st.sampled_from([None, "go"]),
        baseline=st.booleans(),
        sound=st.booleans(),
        self_reports=st.sampled_from([(), ("mood",), ("mood", "strain")]),
        begin=st.sampled_from(["at once", "key"]),
    ),
    min_size=1,
    max_size=4,
).map(lambda blocks: [replace(block, name=f"b{k}") for k, block in enumerate(blocks)])
COMMANDS = st.lists(
    st.tuples(
        st.integers(0, 40), st.sampled_from(["advance", "skip", "abort", "repeat", "answered", "marker", "tick"])
    ),
    max_size=8,
).map(sorted)
TICKS = st.lists(st.integers(0, 200).map(lambda each: each / 4), max_size=20)


def run(blocks: Sequence[Block], steps: Sequence[tuple[float, str]], ticks: Sequence[float]) -> list[Action]:
    course = StudyCourse(blocks, by_key=False)
    found = list(course.tick(0.0))
    between = sorted(set(ticks))
    for at, command in steps:
        while between and between[0] < at:
            found += course.tick(between.pop(0))
        found += do(course, command, at)
    for tick in [*between, 100.0]:
        found += course.tick(tick)
    return [*found, *course.stop(100.0)]


@given(BLOCKS, COMMANDS, TICKS)
def test_however_time_goes_by_the_markers_are_the_same(
    blocks: list[Block], steps: list[tuple[int, str]], ticks: list[float]
) -> None:
    assert run(blocks, steps, ticks) == run(blocks, steps, [])


@given(BLOCKS, COMMANDS)
def test_every_run_of_a_block_begins_and_stops_and_none_overlaps_another(
    blocks: list[Block], steps: list[tuple[int, str]]
) -> None:
    markers = [(each.time, each.text) for each in run(blocks, steps, []) if isinstance(each, NoteMarker)]
    found = spans(markers)
    assert all(span.stop is not None and span.start <= span.stop for span in found)
    ordered = sorted(found, key=lambda span: (span.start, span.stop))
    assert all((one.stop or 0) <= two.start for one, two in pairwise(ordered))
    lengths = {block.name: block.seconds for block in blocks}
    for span in found:
        longest = lengths[span.name]
        assert longest is None or (span.stop or 0) - span.start <= longest


@given(BLOCKS, COMMANDS, st.integers(0, 60))
def test_a_session_that_is_cut_at_any_moment_goes_on_with_the_block_it_was_in(
    blocks: list[Block], steps: list[tuple[int, str]], cut: int
) -> None:
    course = StudyCourse(blocks, by_key=False)
    actions = list(course.tick(0.0))
    for at, command in steps:
        if at <= cut:
            actions += do(course, command, at)
    actions += course.tick(cut)
    status = course.status(cut)
    markers = [(each.time, each.text) for each in actions if isinstance(each, NoteMarker)]
    first = first_unfinished(blocks, markers)
    before_last = parse_span_marker(markers[-2][1]) if len(markers) > 1 else None
    if before_last is not None and before_last.note == "abort":  # as where the end of the session broke it off
        assert blocks[first].name == before_last.name
    elif status.phase == "finished":
        assert first == len(blocks)
    elif status.phase == "self_report":
        assert first == status.number  # its answers are lost, its signal is not
    else:
        assert first == status.number - 1


def test_blocks_follow_each_other_to_the_second() -> None:
    course = StudyCourse([REST, TASK, TALK], asks=False)
    assert course.tick(5.0) == ()
    assert course.advance(7.0) == (NoteMarker(7.0, "block/rest/start"), BeginBaseline(7.0, 60.0))
    assert course.status(27.0).seconds_left == 40.0
    assert course.tick(66.9) == ()
    assert notes(course.tick(200.0)) == [
        (67.0, "rest/stop"), (67.0, "task/start"), (97.0, "task/stop"), (97.0, "talk/start"),
    ]  # fmt: skip
    assert notes(course.advance(210.0)) == [(210.0, "talk/stop")]
    assert course.finished
    assert course.status(211.0).phase == "finished"
    assert course.advance(212.0) == course.stop(213.0) == ()


def test_the_end_of_a_block_is_heard_and_its_self_reports_are_asked_one_by_one() -> None:
    course = StudyCourse([TASK, TALK], by_key=False)
    course.tick(0.0)
    assert course.tick(31.0) == (NoteMarker(30.0, "block/task/stop"), PlaySound())
    assert [course.status(31.0).self_report, course.status(31.0).coming] == ["mood", TALK]
    assert course.answered(40.0) == ()
    assert course.status(41.0).self_report == "strain"
    assert notes(course.answered(45.0)) == [(45.0, "talk/start")]


def test_a_self_report_may_be_declined() -> None:
    course = StudyCourse([TASK, TALK], by_key=False)
    course.tick(0.0)
    course.tick(30.0)
    assert course.advance(31.0) == ()
    assert notes(course.skip(32.0)) == [(32.0, "talk/start")]


def test_a_marker_ends_the_block_that_waits_for_it_and_no_other() -> None:
    course = StudyCourse([WAIT, TALK], by_key=False)
    course.tick(0.0)
    assert course.marker(3.0, "come") == ()
    assert notes(course.marker(4.0, "go")) == [(4.0, "wait/stop"), (4.0, "talk/start")]
    assert course.marker(5.0, "go") == ()
    late = StudyCourse([WAIT, TALK], by_key=False)
    late.tick(0.0)
    assert notes(late.marker(25.0, "go")) == [(20.0, "wait/stop"), (20.0, "talk/start")]  # the longest it may take


def test_a_marker_that_comes_late_ends_no_later_block() -> None:
    course = StudyCourse([WAIT, Block("wait 2", 20.0, until_marker="go")], by_key=False)
    course.tick(0.0)
    course.tick(21.0)
    assert course.marker(19.0, "go") == ()


def test_a_block_is_left_out_broken_off_and_repeated() -> None:
    course = StudyCourse([REST, TASK, TALK], asks=False)
    assert notes(course.skip(1.0)) == [(1.0, "rest/skip")]  # the next was to begin by itself, the first by a key
    assert course.status(1.0).phase == "waiting"
    course.advance(2.0)
    assert notes(course.abort(5.0)) == [(5.0, "task/abort"), (5.0, "task/stop")]
    assert course.tick(60.0) == ()  # the next one waits
    assert notes(course.repeat(61.0)) == [(61.0, "task/repeat")]
    assert notes(course.advance(62.0)) == [(62.0, "task/start")]
    assert notes(course.repeat(70.0)) == [(70.0, "task/abort"), (70.0, "task/stop"), (70.0, "task/repeat")]
    assert notes(course.advance(71.0)) == [(71.0, "task/start")]
    assert notes(course.tick(101.0)) == [(101.0, "task/stop"), (101.0, "talk/start")]
    assert course.abort(102.0)
    assert course.finished
    assert notes(course.repeat(103.0)) == [(103.0, "talk/repeat")]
    assert not course.finished


def test_before_the_first_block_there_is_none_to_repeat() -> None:
    assert StudyCourse([REST]).repeat(0.0) == ()


def test_the_next_key_breaks_off_a_block_that_has_its_seconds() -> None:
    course = StudyCourse([TASK, TALK], by_key=False)
    course.tick(0.0)
    assert notes(course.advance(3.0)) == [(3.0, "task/abort"), (3.0, "task/stop"), (3.0, "talk/start")]


def test_a_block_may_wait_for_the_key() -> None:
    course = StudyCourse([WAIT, Block("talk", begin="key")], by_key=False)
    assert notes(course.tick(0.0)) == [(0.0, "wait/start")]
    assert notes(course.tick(30.0)) == [(20.0, "wait/stop")]
    assert course.status(30.0).phase == "waiting"
    assert notes(course.advance(31.0)) == [(31.0, "talk/start")]


def test_a_session_that_ends_breaks_the_block_off() -> None:
    course = StudyCourse([TALK], by_key=False)
    course.tick(0.0)
    assert notes(course.stop(9.0)) == [(9.0, "talk/abort"), (9.0, "talk/stop")]


def test_a_session_that_was_cut_before_an_answer_asks_again() -> None:
    blocks = [TASK, TALK]
    markers = [(0.0, "block/task/start"), (9.0, "block/task/stop")]
    assert unanswered(blocks, markers, ()) == ("mood", "strain")
    assert unanswered(blocks, markers, {"mood"}) == ("strain",)
    assert unanswered(blocks, markers[:1], ()) == ()
    assert unanswered(blocks, [*markers, (10.0, "block/talk/start")], ()) == ()
    assert unanswered(blocks, [(0.0, "block/task/start"), (5.0, "block/task/abort"), markers[1]], ()) == ()
    assert unanswered(blocks, [], ()) == ()
    course = StudyCourse(blocks, 1, pending=("strain",))
    assert (course.status(0.0).phase, course.status(0.0).self_report) == ("self_report", "strain")
    assert course.tick(1.0) == ()
    assert course.answered(2.0) == ()
    assert course.status(3.0).block == TALK  # it waits for the key, as any first one
    assert StudyCourse(blocks, 1, pending=("strain",), asks=False).status(0.0).phase == "waiting"


def test_progress_knows_only_its_own_blocks() -> None:
    blocks = [REST, TASK, TALK]
    markers = [(0.0, "block/rest/start"), (1.0, "block/other/stop"), (2.0, "interval/talk/stop"), (3.0, "task")]
    assert first_unfinished(blocks, markers) == 0
    assert first_unfinished(blocks, [*markers, (4.0, "block/rest/stop"), (5.0, "block/task/skip")]) == 2
    assert first_unfinished(blocks, [(4.0, "block/rest/stop"), (5.0, "undo/block/rest/stop")]) == 0
    assert parse_span_marker("block/rest/skip") is not None
    assert spans([(4.0, "block/rest/skip")]) == ()
    assert Span("block", "rest", 0.0).complete is False


def test_a_block_that_the_end_of_the_session_broke_off_comes_again() -> None:
    blocks = [REST, TASK, TALK]
    markers = [(0.0, "block/rest/start"), (1.0, "block/rest/stop"), (1.0, "block/task/start")]
    broken_off = [*markers, (2.0, "block/task/abort"), (2.0, "block/task/stop")]
    assert first_unfinished(blocks, broken_off) == 1
    assert first_unfinished(blocks, [*broken_off, (2.0, "block/talk/start")]) == 2  # the experimenter went on
    assert first_unfinished(blocks, [*broken_off, (3.0, "block/talk/skip")]) == 3
    assert first_unfinished(blocks, [*broken_off, (2.0, "block/task/repeat")]) == 1
    again = [(3.0, "block/task/start"), (9.0, "block/task/stop")]
    assert first_unfinished(blocks, [*broken_off, *again]) == 2
