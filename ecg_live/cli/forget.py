"""``ecg-live forget``: list what is kept of a participant, and remove it once that was confirmed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ecg_live.cli import complain, say
from ecg_live.cli.signals import INTERRUPTED_EXIT_CODE
from ecg_live.errors import ConfigError, RecordingError
from ecg_live.participant_profile import Profile, recording_folders
from ecg_live.presentation.formatting import size_text
from ecg_live.recorded.forget import forget, not_reached
from ecg_live.recorded.forget.inventory import Inventory
from ecg_live.recorded.forget.search import search_participant
from ecg_live.text import sanitize

NOT_COVERED = (
    "out of reach: copies and backups, exports that were written elsewhere, files of other programs (LabRecorder), what"
    " a session that runs now still writes, and what a disk keeps of files that were removed"
)


def forget_participant(participant: str, folders: Sequence[Path], *, yes: bool, dry_run: bool, as_json: bool) -> int:
    """List a participant's files, have it confirmed, remove them, say what remains; give the exit code.

    Raises
    ------
    ConfigError
        Nothing is kept of anybody of that name, a folder is none, or nobody is there to confirm.
    RecordingError
        The profile's folder cannot be read.
    """
    try:
        return _forget(Profile(participant), folders, yes=yes, dry_run=dry_run, as_json=as_json)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        say("stopped: nothing was removed")
        return INTERRUPTED_EXIT_CODE


def _forget(profile: Profile, folders: Sequence[Path], *, yes: bool, dry_run: bool, as_json: bool) -> int:
    found = search_participant(profile, _places(folders))
    if not as_json:
        _print(found)
    code = 0
    try:
        _check(found, profile)
        if not dry_run:
            code = _remove(found, profile) if yes or not found.all or _confirmed(found) else ConfigError.exit_code
    finally:
        if as_json:
            _print_json(found)
    return code


def _check(found: Inventory, profile: Profile) -> None:
    if not found.all and not found.theirs_left:
        where = ", ".join(map(str, [*found.searched, profile.folder.parent]))
        raise ConfigError(
            f"nothing of {found.participant!r} is in {where}",
            "check the id (P1 is not p1), or name the folder of the recordings with --in",
        )


def _places(folders: Sequence[Path]) -> list[Path]:
    for path in folders:
        if not path.is_dir():
            raise ConfigError(f"--in is {str(path)!r}, which is no folder", "name a folder")
    return [*(path for path in recording_folders() if path.is_dir()), *folders]


def _confirmed(found: Inventory) -> bool:
    """Ask on a terminal for the id."""
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to confirm: nothing was removed", "read the list, then give --yes")
    count = len(found.all)
    question = f"remove {'this file' if count == 1 else f'these {count} files'}? type {found.participant} to confirm: "
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().rstrip("\r\n") == found.participant:
        return True
    say(f"that is not {found.participant}: nothing was removed")
    return False


def _remove(found: Inventory, profile: Profile) -> int:
    try:
        forget(found, profile)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        say(f"stopped; {_files(len(found.removed), 'was', 'were')} removed, not these:")
        for path in not_reached(found):
            say(str(path))
        return INTERRUPTED_EXIT_CODE
    return _tell(found)


def _tell(found: Inventory) -> int:
    """Say what was removed and what remains."""
    say(f"{_files(len(found.removed), 'was', 'were')} removed")
    if not found.theirs_left:
        return 0
    for each in found.theirs_left:
        say(f"{each.path} remains: {each.why}")
    what = f"{_files(len(found.theirs_left), 'remains', 'remain')} that may hold data of {found.participant}"
    complain(RecordingError(what, "look at them and remove them by hand, or mend the cause and give the command again"))
    return RecordingError.exit_code


def _files(count: int, one: str, many: str) -> str:
    return f"1 file {one}" if count == 1 else f"{count} files {many}"


def _print(found: Inventory) -> None:
    for each in found.all:
        when = datetime.fromtimestamp(each.changed).astimezone().strftime("%Y-%m-%d %H:%M")
        print(f"{size_text(each.size):>8}  {when}  {sanitize(str(each.path))}  ({sanitize(each.why)})")
    if found.left:
        print("not removed, look at them:")
    for left in found.left:
        print(f"  {sanitize(str(left.path))}: {sanitize(left.why)}")
    searched = ", ".join(sanitize(str(path)) for path in found.searched) or "no folder"
    print(f"searched: {searched}\n{NOT_COVERED}", flush=True)  # all of it is out before anything goes


def _print_json(found: Inventory) -> None:
    removed = set(found.removed)
    files = [each.as_json() | {"removed": each.path in removed} for each in found.all]
    left = [{"path": str(each.path), "why": each.why, "theirs": each.theirs} for each in found.left]
    searched = [str(path) for path in found.searched]
    print(json.dumps({"participant": found.participant, "files": files, "left": left, "searched": searched}))
