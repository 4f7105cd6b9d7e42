"""Remove what was found of a participant: only what was listed, and only while it is as it was listed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ecg_live.participant_profile import Profile
from ecg_live.recorded.forget.inventory import Belonging, Belongings, Left, seal
from ecg_live.sinks.xdf_file import being_written


def forget(found: Belongings, profile: Profile) -> None:
    """Remove a participant's files and note in ``found`` what was removed and what was not.

    The profile's entries of where recordings lie go last, and stay while anything that is theirs does. May be
    interrupted: ``found`` then tells how far it came.
    """
    for each in found.files:
        _remove(each, found)
    if found.theirs_left:
        if found.ledger:
            why = f"keeps {len(found.ledger)} entries of where recordings lie: they lead to what is left"
            found.left.append(Left(profile.folder, why, theirs=False))
    else:
        for each in found.ledger:
            _remove(each, found)
    with contextlib.suppress(OSError):  # it is not empty, or there is none
        profile.folder.rmdir()


def _remove(each: Belonging, found: Belongings) -> None:
    try:
        if seal(each.path.lstat()) != each.seal:
            found.left.append(Left(each.path, "has changed since it was listed"))
        elif being_written(each.path):
            found.left.append(Left(each.path, "is being recorded now: end that session first"))
        else:
            each.path.unlink()
            found.removed.append(each.path)
    except FileNotFoundError:  # somebody else removed it
        found.removed.append(each.path)
    except OSError as error:
        found.left.append(Left(each.path, f"cannot be removed: {error.strerror}"))


def remaining(found: Belongings) -> Iterator[Path]:
    """Listed files of which nothing was said yet: those behind an interruption."""
    told = {*found.removed, *(each.path for each in found.left)}
    return (each.path for each in found.all if each.path not in told)
