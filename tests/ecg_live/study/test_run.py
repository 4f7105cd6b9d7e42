"""A study that runs: commands from any thread, what is noted, and what the experimenter saw."""

from __future__ import annotations

from ecg_live.events import SelfReportAnswer
from ecg_live.study.course import StudyCourse
from ecg_live.study.plan import Block, KeyMarker, SelfReport, Study
from ecg_live.study.run import StudyRun
from tests.support.scripted_source import HandClock

STUDY = Study(
    "Lab",
    (Block("rest", 60.0, baseline=True), Block("task", 30.0, sound=True), Block("talk")),
    keys={"1": KeyMarker("stimulus on"), "2": KeyMarker("cold", interval=True)},
)


class Notes:
    """Keeps what was noted."""

    def __init__(self) -> None:
        self.markers: list[tuple[float, str]] = []
        self.baselines: list[tuple[float | None, float]] = []
        self.answers: list[SelfReportAnswer] = []

    def mark(self, text: str, time: float) -> None:
        self.markers.append((time, text))

    def self_report(self, answer: SelfReportAnswer) -> None:
        self.answers.append(answer)

    def begin_baseline(self, seconds: float | None, time: float) -> None:
        self.baselines.append((seconds, time))


def running(clock: HandClock) -> tuple[StudyRun, Notes]:
    run, notes = StudyRun(STUDY, StudyCourse(STUDY.blocks), clock), Notes()
    run.connect(notes)
    return run, notes


def test_no_block_begins_before_the_first_sample_but_keys_note() -> None:
    run, notes = running(HandClock())
    assert not run.advance()
    assert not run.status().started
    assert run.press("1") == "stimulus on"
    run.tick()
    assert run.advance()
    assert notes.markers == [(1000.0, "stimulus on"), (1000.0, "block/rest/start")]
    assert notes.baselines == [(60.0, 1000.0)]


def test_what_the_experimenter_did_not_see_is_not_broken_off() -> None:
    """The block ended by itself in the moment in which the key was pressed."""
    clock = HandClock()
    run, notes = running(clock)
    run.tick()
    run.advance()
    seen = run.status().course
    clock.wait(61)
    assert not run.advance(seen)
    assert [text for _, text in notes.markers] == ["block/rest/start", "block/rest/stop", "block/task/start"]
    assert run.skip(run.status().course)
    assert notes.markers[-1] == (1061.0, "block/talk/start")


def test_a_loss_is_shown_with_the_block_it_fell_into_and_the_block_goes_on() -> None:
    clock = HandClock()
    run, notes = running(clock)
    run.tick()
    run.advance()
    run.device_away(away=True)
    clock.wait(20)
    run.tick()
    assert run.status().away
    assert run.status().course.seconds_left == 40
    run.device_away(away=False)
    run.lost(20.0)
    assert (run.status().lost_s, run.status().away) == (20.0, False)
    clock.wait(45)
    run.tick()
    assert run.status().lost_s == 0.0
    assert notes.markers[1:] == [(1060.0, "block/rest/stop"), (1060.0, "block/task/start")]


def test_the_end_closes_what_is_open_and_nothing_is_noted_after_it() -> None:
    clock = HandClock()
    run, notes = running(clock)
    run.tick()
    run.advance()
    run.press("2")
    clock.wait(5)
    run.stop()
    ended = [(1005.0, "block/rest/abort"), (1005.0, "block/rest/stop"), (1005.0, "interval/cold/stop")]
    assert notes.markers[2:] == ended
    run.stop()
    run.tick()
    assert not run.advance()
    run.marker_came(1006.0, "go")
    assert notes.markers[2:] == ended


def test_an_answer_that_was_still_to_be_given_begins_no_block_before_the_first_sample() -> None:
    clock = HandClock()
    course = StudyCourse(STUDY.blocks, 1, by_key=False, pending=("mood",))
    run, notes = StudyRun(STUDY, course, clock), Notes()
    run.connect(notes)
    run.answered("mood")
    assert (run.status().course.self_report, notes.markers) == ("mood", [])
    run.tick()
    run.answered("mood")
    assert notes.markers == [(1000.0, "block/task/start")]


def test_undo_takes_a_free_marker_back_too() -> None:
    run, notes = running(HandClock())
    run.press("1")
    run.noted("coughed")
    assert (run.undo(), run.undo(), run.undo()) == ("coughed", "stimulus on", None)
    assert [text for _, text in notes.markers[1:]] == ["undo/coughed", "undo/stimulus on"]


def test_blocks_with_a_sound_are_counted() -> None:
    clock = HandClock()
    run, _ = running(clock)
    run.tick()
    run.advance()
    clock.wait(80)
    run.tick()
    assert run.status().ended_with_sound == 0
    clock.wait(20)
    run.tick()
    assert run.status().ended_with_sound == 1


def test_self_reports_that_cannot_be_asked_are_noted_as_such_at_the_end_of_their_block() -> None:
    reports = {
        "mood": SelfReport("mood", "sam", items=("valence", "arousal")),
        "remarks": SelfReport("remarks", "text"),
    }
    blocks = (Block("rest", 30.0, self_reports=("mood",)), Block("task", 30.0, self_reports=("mood", "remarks")))
    clock, notes = HandClock(), Notes()
    run = StudyRun(
        Study("Lab", blocks, self_reports=reports), StudyCourse(blocks, by_key=False, asks=False), clock
    )  # fmt: skip
    run.connect(notes)
    run.tick()
    clock.wait(70)
    run.tick()
    assert [(each.report, each.block, each.asking, each.time - 1000, each.missing) for each in notes.answers] == [
        ("mood", "rest", 1, 30.0, "not asked"),
        ("mood", "task", 2, 60.0, "not asked"),
        ("remarks", "task", 1, 60.0, "not asked"),
    ]
    assert notes.answers[0].values == (("valence", None), ("arousal", None))
    assert [text for _, text in notes.markers][1:3] == ["block/rest/stop", "block/task/start"]
