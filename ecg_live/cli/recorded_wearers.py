"""Arguments ``NAME=FILE`` of commands on recordings of several wearers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli.wearer_sources import split_name
from ecg_live.errors import ConfigError
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from ecg_live.recorded.joined.join import WearerRecording


def recorded_wearers(texts: Sequence[str]) -> list[WearerRecording]:
    """Name each recording's wearer: NAME, or the file's own name.

    Raises
    ------
    RecordingError
        A file is missing.
    ConfigError
        A file is given twice.
    """
    from devices.files.unreadable import regular_file
    from ecg_live.recorded.joined.join import WearerRecording

    found: list[WearerRecording] = []
    for text in texts:
        name, file = split_name(text)
        path = regular_file(Path(file))
        if any(path.samefile(each.path) for each in found):
            raise ConfigError(f"{sanitize(file)} is given twice", "give each recording once")
        found.append(WearerRecording(sanitize(name or path.stem), path))
    return found
