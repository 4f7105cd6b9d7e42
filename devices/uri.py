"""From what the user names to a source."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from devices.files import open_recording
from devices.replay import Replay
from ecg_live.errors import ConfigError
from ecg_live.types import Clock, Opening, Source

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)  # two letters at least: C: is a drive
_DEVICES = ("lsl", "shimmer", "polar", "hr")


def open_source(uri: str, opening: Opening, clock: Clock = time.monotonic) -> Source:
    """Open what a user names: a path, or ``file:PATH``.

    Parameters
    ----------
    uri : str
        The source. An existing file goes before a scheme.
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
    return Replay(open_recording(_path(uri), opening), opening, clock)


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


def _user_path(text: str) -> Path:
    if not text.strip():
        raise ConfigError("the source is empty", "give the path of a recording")
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for an unknown user
