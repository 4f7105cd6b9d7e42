"""``ecg-live annotate``: note, exclude and correct after a session, in a file beside the recording."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecg_live.cli.commands.options import Debug, Json
from ecg_live.errors import ConfigError
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from ecg_live.annotations.change import Kind
    from ecg_live.annotations.current import Annotations
    from ecg_live.annotations.editor import AnnotationEditor, AnnotationRow

ACTIONS = ("list", "add", "move", "edit", "delete", "restore", "history")


@dataclass(frozen=True, slots=True)
class AnnotateOptions:
    """Options of the command line."""

    target: str | None
    at: float | None
    until: float | None
    kind: str | None
    text: str
    reason: str


def annotate(
    file: Annotated[Path, typer.Argument(readable=False, help="A session's recording (.xdf); of several files any.")],
    action: Annotated[str, typer.Argument(help="list, add, move, edit, delete, restore or history.")] = "list",
    target: Annotated[
        str | None, typer.Argument(metavar="ID", help="What to change, as list shows it: a1, or m1 for a marker.")
    ] = None,
    at: Annotated[float | None, typer.Option("--at", metavar="S", help="Beginning, s from the first sample.")] = None,
    until: Annotated[float | None, typer.Option("--until", metavar="S", help="End, s from the first sample.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="note (default), interval (with --until), excluded or marker."),
    ] = None,
    text: Annotated[str, typer.Option(help="What is noted, or why the stretch is excluded.")] = "",
    reason: Annotated[str, typer.Option(help="Why the change is made.")] = "",
    author: Annotated[str | None, typer.Option(help="By whom; without it your name on this machine.")] = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Annotate a recorded session: notes, intervals, excluded stretches, markers that are moved, deleted or added.

    Example: ecg-live annotate session.xdf add --at 12.5 --until 20 --kind excluded --text "electrode loose"
    """
    from ecg_live.cli.playback import user_name
    from ecg_live.recorded.report.annotated_session import open_editor

    if action not in ACTIONS:
        raise ConfigError(f"the action is {action!r}; it is {', '.join(ACTIONS)}", "choose one of them")
    editor = open_editor(file, author or user_name())
    if action == "history":
        _print_history(editor.read(), as_json=as_json)
        return
    if action != "list":
        changed = _change(editor, action, AnnotateOptions(target, at, until, kind, text, reason))
        if not as_json:
            print(changed)
            return
    for row in editor.rows():
        print(json.dumps(_as_json(row)) if as_json else sanitize(_line(row)))


def _change(editor: AnnotationEditor, action: str, options: AnnotateOptions) -> str:
    """Make a change; return the name of what was changed."""
    reason = options.reason
    if action == "add":
        return editor.add(_kind(options), _onset(options), options.until, options.text, reason=reason)
    if options.target is None:
        raise ConfigError("the ID is missing", "see ecg-live annotate FILE list")
    if action == "move":
        editor.move(options.target, _onset(options), options.until, reason=reason)
    elif action == "edit":
        editor.edit(options.target, options.text, reason=reason)
    elif action == "delete":
        editor.delete(options.target, reason=reason)
    else:
        editor.restore(options.target, reason=reason)
    return options.target


def _onset(options: AnnotateOptions) -> float:
    if options.at is None:
        raise ConfigError("--at is missing", "give the beginning in seconds, for example --at 12.5")
    return options.at


def _kind(options: AnnotateOptions) -> Kind:
    from ecg_live.annotations.change import KINDS

    wanted = options.kind or ("note" if options.until is None else "interval")
    for kind in KINDS:
        if kind == wanted:
            return kind
    raise ConfigError(f"--kind is {wanted!r}; it is {', '.join(KINDS)}", "choose one of them")


def _line(row: AnnotationRow) -> str:
    now = row.now
    times = f"{now.onset:10.3f}" + (f" to {now.stop:10.3f}" if now.duration else " " * 14)
    by = f"  ({now.author}, {now.time[:16]})" if row.edited else ""
    return f"{row.name:>5}  {times}  {'deleted marker' if now.deleted else now.kind:<8}  {now.text}{by}"


def _as_json(row: AnnotationRow) -> dict[str, object]:
    now = row.now
    return {
        "id": row.name,
        "kind": now.kind,
        "onset": now.onset,
        "duration": now.duration,
        "text": now.text,
        "author": now.author or None,
        "changed": now.time or None,
        "edited": row.edited,
        "deleted": now.deleted,
    }


def _print_history(found: Annotations, *, as_json: bool) -> None:
    for change in found.changes:
        print(change.line().decode().rstrip() if as_json else sanitize(change.summary))
