"""``ecg-live annotate``: note, exclude and correct after a session, in a file beside the recording."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecg_live.cli.commands.options import Debug, Json
from ecg_live.errors import ConfigError
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from ecg_live.annotations.change import Kind, Target
    from ecg_live.annotations.current import Annotations, SessionAnnotation
    from ecg_live.annotations.log_file import AnnotationLog
    from ecg_live.recorded.report.session import RecordedSession

ACTIONS = ("list", "add", "move", "edit", "delete", "restore", "history")


@dataclass(frozen=True, slots=True)
class AnnotateOptions:
    """Options of the command line."""

    target: str | None
    at: float | None
    until: float | None
    kind: str | None
    text: str | None
    reason: str


def annotate(
    file: Annotated[Path, typer.Argument(help="A session's recording (.xdf), its first file.")],
    action: Annotated[str, typer.Argument(help="list, add, move, edit, delete, restore or history.")] = "list",
    target: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="What to change, as list shows it: a1, or m1 for a marker."),
    ] = None,
    at: Annotated[float | None, typer.Option("--at", metavar="S", help="Beginning, s from the first sample.")] = None,
    until: Annotated[float | None, typer.Option("--until", metavar="S", help="End, s from the first sample.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="note (default), interval (with --until), excluded or marker."),
    ] = None,
    text: Annotated[str | None, typer.Option(help="What is noted, or why the stretch is excluded.")] = None,
    reason: Annotated[str, typer.Option(help="Why the change is made.")] = "",
    author: Annotated[str | None, typer.Option(help="By whom; without it your name on this machine.")] = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Annotate a recorded session: notes, intervals, excluded stretches, markers that are moved, deleted or added.

    Example: ecg-live annotate session.xdf add --at 12.5 --until 20 --kind excluded --text "electrode loose"
    """
    from ecg_live.cli.playback import user_name
    from ecg_live.recorded.annotated import open_annotations

    log = open_annotations(file, author or user_name())
    options = AnnotateOptions(target, at, until, kind, text, reason)
    if action not in ACTIONS:
        raise ConfigError(f"the action is {action!r}; it is {', '.join(ACTIONS)}", "choose one of them")
    if action == "history":
        _print_history(log.read(), as_json=as_json)
        return
    session = _session(file)
    if action != "list":
        changed = _change(log, action, options, session)
        if not as_json:
            print(changed)
            return
    _print_list(log.read(), session, as_json=as_json)


def _session(file: Path) -> RecordedSession:
    from ecg_live.recorded.annotated import first_file
    from ecg_live.recorded.report.recording_parts import read_recording_files
    from ecg_live.recorded.report.session import load_session

    return load_session(read_recording_files([first_file(file)]))


def _change(log: AnnotationLog, action: str, options: AnnotateOptions, session: RecordedSession) -> str:
    """Make a change; return what was done."""
    from ecg_live.recorded.annotated import check_times

    if action == "add":
        onset, duration = _times(options)
        check_times(session, onset, duration)
        _, made = log.add(_kind(options), onset, duration, options.text or "", reason=options.reason)
        return made
    target = _target(options.target, session)
    if action == "move":
        onset, duration = _times(options)
        check_times(session, onset, duration)
        log.move(target, onset, duration if options.until is not None else None, reason=options.reason)
    elif action == "edit":
        log.edit(target, options.text or "", reason=options.reason)
    elif action == "delete":
        log.delete(target, reason=options.reason)
    else:
        log.restore(target, reason=options.reason)
    return str(options.target)


def _times(options: AnnotateOptions) -> tuple[float, float]:
    if options.at is None:
        raise ConfigError("--at is missing", "give the beginning in seconds, for example --at 12.5")
    if options.until is None:
        return options.at, 0.0
    if options.until <= options.at:
        raise ConfigError(f"--until {options.until:g} is not after --at {options.at:g}", "give a later end")
    return options.at, options.until - options.at


def _kind(options: AnnotateOptions) -> Kind:
    from ecg_live.annotations.change import KINDS

    wanted = options.kind or ("note" if options.until is None else "interval")
    for kind in KINDS:
        if kind == wanted:
            return kind
    raise ConfigError(f"--kind is {wanted!r}; it is {', '.join(KINDS)}", "choose one of them")


def _target(text: str | None, session: RecordedSession) -> Target:
    """What an ID is of: an annotation, or the recording's marker of that number."""
    from ecg_live.annotations.change import MarkerKey

    if text is None:
        raise ConfigError("the ID is missing", "see ecg-live annotate FILE list")
    if text[:1] != "m":
        return text
    number = int(text[1:]) if text[1:].isdecimal() else 0
    if not 1 <= number <= len(session.markers):
        raise ConfigError(f"there is no marker {text}: {len(session.markers)} were recorded", "see the list")
    marker = session.markers[number - 1]
    return MarkerKey.of(marker.time, marker.text)


def _listed(found: Annotations, session: RecordedSession) -> Iterator[tuple[str, SessionAnnotation, bool]]:
    """IDs and annotations of a recording with its markers, by time; and whether they were edited."""
    from ecg_live.annotations.change import MarkerKey

    rows = [(each.id, each, True) for each in found.standing()]
    for number, marker in enumerate(session.markers, start=1):
        key = MarkerKey.of(marker.time, marker.text)
        each = found.find(key)
        if each is not None:
            rows.append((f"m{number}", each, key in found.markers))
    return iter(sorted(rows, key=lambda row: row[1].onset))


def _print_list(found: Annotations, session: RecordedSession, *, as_json: bool) -> None:
    for name, each, edited in _listed(found, session):
        if as_json:
            print(json.dumps(_as_json(name, each, edited=edited)))
            continue
        times = f"{each.onset:10.3f}" + (f" to {each.stop:10.3f}" if each.duration else " " * 14)
        by = f"  ({each.author}, {each.time[:16]})" if edited else ""
        state = "deleted marker" if each.deleted else each.kind
        print(sanitize(f"{name:>5}  {times}  {state:<8}  {each.text}{by}"))


def _as_json(name: str, each: SessionAnnotation, *, edited: bool) -> dict[str, object]:
    return {
        "id": name,
        "kind": each.kind,
        "onset": each.onset,
        "duration": each.duration,
        "text": each.text,
        "author": each.author or None,
        "changed": each.time or None,
        "edited": edited,
        "deleted": each.deleted,
    }


def _print_history(found: Annotations, *, as_json: bool) -> None:
    for change in found.changes:
        line = change.line().decode().rstrip()
        if as_json:
            print(line)
            continue
        about = change.target if isinstance(change.target, str) else f"marker {change.target.text!r}"
        details = [f"at {change.onset:.3f} s" if change.onset is not None else "", change.text or "", change.reason]
        shown = "; ".join(each for each in details if each)
        print(sanitize(f"{change.time[:19]}  {change.author:<12}  {change.action:<7}  {about}  {shown}"))
