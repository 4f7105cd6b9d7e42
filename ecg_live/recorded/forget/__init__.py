"""Remove what was found of a participant: only what was listed, and only while it is as it was listed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ecg_live.participant_profile import Profile
from ecg_live.recorded.forget.inventory import FileToRemove, Inventory, KeptFile, file_identity
from ecg_live.sinks.xdf_file import being_written


def forget(found: Inventory, profile: Profile) -> None:
    """Remove a participant's files and note in ``found`` what was removed and what was not.

    The profile's entries of where recordings lie go last, and stay while anything that is theirs does. May be
    interrupted: ``found`` then tells how far it came.
    """
    for each in found.files:
        _remove_file(each, found)
    if found.kept_of_participant:
        if found.recording_index:
            why = f"keeps {len(found.recording_index)} entries of where recordings lie: they lead to what is left"
            found.kept.append(KeptFile(profile.folder, why, of_participant=False))
    else:
        for each in found.recording_index:
            _remove_file(each, found)
    with contextlib.suppress(OSError):  # it is not empty, or there is none
        profile.folder.rmdir()


def _remove_file(each: FileToRemove, found: Inventory) -> None:
    try:
        if file_identity(each.path.lstat()) != each.identity:
            found.kept.append(KeptFile(each.path, "has changed since it was listed"))
        elif being_written(each.path):
            found.kept.append(KeptFile(each.path, "is being recorded now: end that session first"))
        else:
            each.path.unlink()
            found.removed.append(each.path)
    except FileNotFoundError:  # somebody else removed it
        found.removed.append(each.path)
    except OSError as error:
        found.kept.append(KeptFile(each.path, f"cannot be removed: {error.strerror}"))


def not_reached(found: Inventory) -> Iterator[Path]:
    """Listed files of which nothing was said yet: those behind an interruption."""
    told = {*found.removed, *(each.path for each in found.kept)}
    return (each.path for each in found.to_remove if each.path not in told)
