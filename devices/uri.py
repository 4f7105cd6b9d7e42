"""From what the user names to a source."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from pathlib import Path

from devices.files import open_recording
from devices.replay import Replay
from ecg_live.errors import ConfigError
from ecg_live.types import Clock, Opening, Source

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)  # two letters at least: C: is a drive
_PART = re.compile(r"(.+)#([^#/\\]+)", re.DOTALL)
_DEVICES = ("lsl", "shimmer", "polar", "hr")


def open_source(uri: str, opening: Opening, clock: Clock = time.monotonic) -> Source:
    """Open what a user names: a path, or ``file:PATH``; ``PATH#3`` is part 3 of a file that holds several.

    Parameters
    ----------
    uri : str
        The source. An existing file goes before a scheme, and before a part.
    opening : Opening
        How to open it.
    clock : callable
        Session clock in s.

    Raises
    ------
    ConfigError
        The scheme is unknown or not in this version, or a setting does not fit the file.
    RecordingError
        The file is missing or is no recording.
    """
    path, opening = _parted(_path(uri), opening)
    return Replay(open_recording(path, opening), opening, clock)


def _path(uri: str) -> Path:
    found = _SCHEME.fullmatch(uri)
    if found is None or os.path.exists(uri):  # noqa: PTH110 - Path.exists raises for a name that is too long
        return _user_path(uri)
    scheme = found[1].casefold()
    if scheme == "file":
        return _user_path(re.sub(r"^//(?=/)", "", found[2]))
    if scheme in _DEVICES:
        raise ConfigError(
            f"{uri}: this version reads files only, not {scheme}: sources", "give the path of a recording"
        )
    known = ", ".join(f"{name}:" for name in ("file", *_DEVICES))
    raise ConfigError(
        f"{uri}: unknown scheme {scheme}:, expected a path or one of {known}", "give the path of a recording"
    )


def _parted(path: Path, opening: Opening) -> tuple[Path, Opening]:
    """Take the part off ``PATH#3``, unless a file is called so, or none is called ``PATH``."""
    found = _PART.fullmatch(str(path))
    if found is None or os.path.exists(path) or not os.path.isfile(found[1]):  # noqa: PTH110, PTH113 - as in _path
        return path, opening
    return Path(found[1]), replace(opening, part=found[2])


def _user_path(text: str) -> Path:
    if not text.strip():
        raise ConfigError("the source is empty", "give the path of a recording")
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for an unknown user
