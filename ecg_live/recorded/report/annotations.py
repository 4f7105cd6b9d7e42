"""What was annotated after the session, in its report."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from ecg_live.html.markup import NO_VALUE_DASH, count, table, tag
from ecg_live.recorded.report.sentences import time_text
from ecg_live.recorded.report.session import RecordedSession

HEADER = ("from", "to", "kind", "text", "by", "changed")


def annotation_section(session: RecordedSession) -> Markup:
    """Make the section with the table of annotations and edited markers; empty without any."""
    rows = list(_rows(session))
    if not rows:
        return Markup("")
    note = "Annotated after the session, in a file beside the recording. What is excluded is in no number of a block."
    return tag(
        "section",
        tag("h2", "Annotations"),
        table("Annotations", HEADER, rows, "words"),
        tag("p", note, class_="note"),
    )


def _rows(session: RecordedSession) -> Iterator[list[str]]:
    found = session.annotations
    for each in found.standing():
        stop = time_text(each.stop) if each.duration else NO_VALUE_DASH
        yield [time_text(each.onset), stop, each.kind, each.text, each.author, each.time[:16]]
    for key, now in found.markers.items():
        what = "marker deleted" if now.deleted else "marker edited"
        was = f"{now.text} (recorded at {time_text(key.onset)} as {key.text})"
        yield [time_text(now.onset), NO_VALUE_DASH, what, was, now.author, now.time[:16]]


def exclusion_sentence(session: RecordedSession) -> str | None:
    """State how much was excluded, and why; None if nothing was."""
    excluded = session.annotations.excluded
    if not excluded:
        return None
    reasons = ", ".join(dict.fromkeys(each.text for each in excluded))
    seconds = sum(each.duration for each in excluded)
    what = count(len(excluded), "stretch", "stretches")
    return f"{what} ({seconds:.0f} s in all) left out of the blocks: {reasons}."
