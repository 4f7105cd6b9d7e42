"""Remove a participant's files: only those that were listed, and only if they have not changed since."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ecg_live.participant_profile import Profile
from ecg_live.recorded.forget.inventory import FileToRemove, Inventory, file_identity
from ecg_live.sinks.xdf_file import being_written


def forget(found: Inventory, profile: Profile) -> None:
    """Remove a participant's files, and record in ``found`` what was removed and what was kept.

    The profile's index of recordings is removed last, and only if no other file of the participant is left. After an
    interruption ``found`` holds what was done so far.
    """
    for each in found.files:
        _remove_file(each, found)
    if found.kept_of_participant:
        if found.recording_index:
            why = f"keeps {len(found.recording_index)} paths of recordings: they lead to the files that are left"
            found.keep(profile.folder, why, of_participant=False)
    else:
        for each in found.recording_index:
            _remove_file(each, found)
    with contextlib.suppress(OSError):  # it is not empty, or missing
        profile.folder.rmdir()


def _remove_file(each: FileToRemove, found: Inventory) -> None:
    try:
        if file_identity(each.path.lstat()) != each.identity:
            found.keep(each.path, "has changed since it was listed")
        elif being_written(each.path):
            found.keep(each.path, "is being recorded now: end that session first")
        else:
            each.path.unlink()
            found.removed.append(each.path)
    except FileNotFoundError:  # another program removed it
        found.removed.append(each.path)
    except OSError as error:
        found.keep(each.path, f"cannot be removed: {error.strerror}")


def not_reached(found: Inventory) -> Iterator[Path]:
    """Listed files that are neither removed nor kept yet: those after an interruption."""
    handled = {*found.removed, *(each.path for each in found.kept)}
    return (each.path for each in found.to_remove if each.path not in handled)
