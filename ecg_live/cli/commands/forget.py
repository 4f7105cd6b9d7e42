"""``ecg-live forget``: list a participant's files, and remove them after confirmation."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecg_live.cli import INTERRUPTED_EXIT_CODE, print_error, print_notice
from ecg_live.cli.commands.options import Debug
from ecg_live.errors import ConfigError, RecordingError
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from ecg_live.participant_profile import Profile
    from ecg_live.recorded.forget.inventory import Inventory

NOT_COVERED = (
    "out of reach: copies and backups, exports that were written elsewhere, files of other programs (LabRecorder), what"
    " a running session still writes, and what a disk keeps of removed files"
)


def forget(
    participant: Annotated[str, typer.Argument(metavar="ID", help="The participant, as run --participant named them.")],
    folders: Annotated[
        list[Path] | None, typer.Option("--in", help="Look into this folder, too, and all below it; several times.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is found without a question.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The list as one JSON object.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Remove a participant's recordings, their exports and the profile, after listing them.

    Example: ecg-live forget P01 --dry-run
    """
    from ecg_live.participant_profile import Profile

    try:
        code = _forget(Profile(participant), folders or [], yes=yes, dry_run=dry_run, as_json=as_json)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        print_notice("stopped: nothing was removed")
        code = INTERRUPTED_EXIT_CODE
    raise typer.Exit(code)


def _forget(profile: Profile, folders: Sequence[Path], *, yes: bool, dry_run: bool, as_json: bool) -> int:
    from ecg_live.recorded.forget.search import search_participant

    found = search_participant(profile, _searched_folders(folders))
    if not as_json:
        _print_inventory(found)
    code = 0
    try:
        _check_found(found, profile)
        if not dry_run:
            confirmed = yes or not found.to_remove or _confirmed(found)
            code = _remove(found, profile) if confirmed else ConfigError.exit_code
    finally:
        if as_json:
            _print_json(found)
    return code


def _check_found(found: Inventory, profile: Profile) -> None:
    if not found.to_remove and not found.kept_of_participant:
        where = ", ".join(map(str, [*found.searched, profile.folder.parent]))
        raise ConfigError(
            f"nothing of {found.participant!r} is in {where}",
            "check the id (P1 is not p1), or name the folder of the recordings with --in",
        )


def _searched_folders(folders: Sequence[Path]) -> list[Path]:
    from ecg_live.participant_profile import recording_folders

    for path in folders:
        if not path.is_dir():
            raise ConfigError(f"--in is {str(path)!r}, which is not a folder", "name a folder")
    return [*(path for path in recording_folders() if path.is_dir()), *folders]


def _confirmed(found: Inventory) -> bool:
    """Ask for the participant's id on a terminal."""
    if not sys.stdin.isatty():
        raise ConfigError("confirmation needs a terminal: nothing was removed", "read the list, then give --yes")
    count = len(found.to_remove)
    question = f"remove {'this file' if count == 1 else f'these {count} files'}? type {found.participant} to confirm: "
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().rstrip("\r\n") == found.participant:
        return True
    print_notice(f"that is not {found.participant}: nothing was removed")
    return False


def _remove(found: Inventory, profile: Profile) -> int:
    from ecg_live.recorded.forget import forget as remove_files
    from ecg_live.recorded.forget import not_reached

    try:
        remove_files(found, profile)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        print_notice(f"stopped; {_count_files(len(found.removed), 'was', 'were')} removed, not these:")
        for path in not_reached(found):
            print_notice(str(path))
        return INTERRUPTED_EXIT_CODE
    return _report_removed(found)


def _report_removed(found: Inventory) -> int:
    """Print what was removed and what remains; return the exit code."""
    print_notice(f"{_count_files(len(found.removed), 'was', 'were')} removed")
    if not found.kept_of_participant:
        return 0
    for kept in found.kept_of_participant:
        print_notice(f"{kept.path} remains: {kept.why}")
    remains = _count_files(len(found.kept_of_participant), "remains", "remain")
    remedy = "look at them and remove them by hand, or remove the cause and give the command again"
    print_error(RecordingError(f"{remains} that may hold data of {found.participant}", remedy))
    return RecordingError.exit_code


def _count_files(count: int, one: str, many: str) -> str:
    return f"1 file {one}" if count == 1 else f"{count} files {many}"


def _print_inventory(found: Inventory) -> None:
    from ecg_live.presentation.formatting import size_text

    for file in found.to_remove:
        when = datetime.fromtimestamp(file.changed).astimezone().strftime("%Y-%m-%d %H:%M")
        print(f"{size_text(file.size):>8}  {when}  {sanitize(str(file.path))}  ({sanitize(file.why)})")
    if found.kept:
        print("not removed, look at them:")
    for kept in found.kept:
        print(f"  {sanitize(str(kept.path))}: {sanitize(kept.why)}")
    searched = ", ".join(sanitize(str(path)) for path in found.searched) or "no folder"
    print(f"searched: {searched}\n{NOT_COVERED}", flush=True)  # the whole list is out before a file is removed


def _print_json(found: Inventory) -> None:
    removed = set(found.removed)
    listed = {
        "participant": found.participant,
        "files": [file.as_json() | {"removed": file.path in removed} for file in found.to_remove],
        "left": [{"path": str(kept.path), "why": kept.why, "theirs": kept.of_participant} for kept in found.kept],
        "searched": [str(path) for path in found.searched],
    }
    print(json.dumps(listed))
