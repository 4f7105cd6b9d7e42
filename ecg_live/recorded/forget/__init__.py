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
    if found.theirs_left:
        if found.ledger:
            why = f"keeps {len(found.ledger)} entries of where recordings lie: they lead to what is left"
            found.left.append(KeptFile(profile.folder, why, theirs=False))
    else:
        for each in found.ledger:
            _remove_file(each, found)
    with contextlib.suppress(OSError):  # it is not empty, or there is none
        profile.folder.rmdir()


def _remove_file(each: FileToRemove, found: Inventory) -> None:
    try:
        if file_identity(each.path.lstat()) != each.seal:
            found.left.append(KeptFile(each.path, "has changed since it was listed"))
        elif being_written(each.path):
            found.left.append(KeptFile(each.path, "is being recorded now: end that session first"))
        else:
            each.path.unlink()
            found.removed.append(each.path)
    except FileNotFoundError:  # somebody else removed it
        found.removed.append(each.path)
    except OSError as error:
        found.left.append(KeptFile(each.path, f"cannot be removed: {error.strerror}"))


def not_reached(found: Inventory) -> Iterator[Path]:
    """Listed files of which nothing was said yet: those behind an interruption."""
    told = {*found.removed, *(each.path for each in found.left)}
    return (each.path for each in found.all if each.path not in told)
