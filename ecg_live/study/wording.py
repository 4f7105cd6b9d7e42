"""What is said about the course of a study, in the terminal and on the screen."""

from __future__ import annotations

from ecg_live.study.course import CourseStatus
from ecg_live.study.run import StudyStatus
from ecg_live.text import duration_text

NO_SAMPLE_YET = "waits for the first sample"


def countdown_text(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss; a countdown reaches 0:00 at its end and not a second before."""
    whole = int(max(0.0, seconds) + 0.999)
    minutes = f"{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 3600}:{minutes}" if whole >= 3600 else minutes.removeprefix("0")


def place_text(course: CourseStatus) -> str:
    """Which block of how many."""
    return f"{course.number} of {course.blocks}"


def block_name(course: CourseStatus) -> str:
    """Name of the block, or that all are done."""
    return course.block.name if course.block is not None else "all blocks are done"


def state_text(status: StudyStatus) -> str:
    """What the block does now, in a word or two."""
    course = status.course
    if course.phase == "finished":
        return ""
    if course.phase == "self_report":
        return f"self-report {course.self_report}"
    if course.phase == "waiting":
        return "waits" if status.started else NO_SAMPLE_YET
    if course.seconds_left is not None:
        return f"{countdown_text(course.seconds_left)} left"
    until = course.block.until_marker if course.block is not None else None
    return f"{countdown_text(course.elapsed)}, {'until the key' if until is None else f'until marker {until}'}"


def coming_text(course: CourseStatus) -> str:
    """What comes next; empty where nothing does."""
    return "" if course.coming is None else f"next: {course.coming.name}"


def advance_text(course: CourseStatus) -> str:
    """What the key for the next block does now; empty where nothing is left."""
    if course.block is None:
        return ""
    if course.phase == "waiting":
        return f"Begin {course.block.name}"
    if course.phase == "self_report":
        return "Go on without it"
    return f"End {course.block.name}" if ends_by_key(course) else "Next block"


def ends_by_key(course: CourseStatus) -> bool:
    """Whether the block that runs ends by the experimenter's key, so that the key does not break it off."""
    block = course.block
    return course.phase == "running" and block is not None and block.seconds is None and block.until_marker is None


def loss_text(status: StudyStatus) -> str:
    """What was lost in the block that runs; empty where nothing was."""
    if status.away:
        return "the device is away; the block goes on"
    return f"{duration_text(status.lost_s)} lost in this block" if status.lost_s >= 1 else ""
