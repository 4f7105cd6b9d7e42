"""Readers and devices that other packages add."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from devices.files.recording import Recording
from devices.read_options import ReadOptions
from ecg_live.errors import EcgLiveError
from ecg_live.events import Clock
from ecg_live.plugins import broken_plugin, load_plugin, load_plugins
from ecg_live.protocols import Source

HEAD_BYTES = 4096  # that a reader is shown


class RecordingReader(Protocol):
    """A reader of one format: a module or an object, entry point of the group ``ecg_live.readers``."""

    def matches(self, path: Path, head: bytes) -> bool:
        """Whether it reads this file, by its name and its first 4096 bytes; must be right, fast and raise nothing."""
        ...

    def open(self, path: Path, opening: ReadOptions) -> Recording:
        """Open it; `devices.files.recording.FileRecording` makes a recording of an iterator of runs.

        Raises
        ------
        RecordingError, ConfigError
            As `devices.open_recording`.
        """
        ...


def find_reader(path: Path) -> RecordingReader | None:
    """The plug-in that reads a file, None if there is none.

    Raises
    ------
    ConfigError
        One that may be meant cannot be imported or asked.
    """
    head: bytes | None = None
    for name, reader in load_plugins("ecg_live.readers"):
        if head is None:
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
        try:
            if reader.matches(path, head):
                return _NamedReader(name, reader)
        except Exception as error:
            raise broken_plugin("ecg_live.readers", name, f"fails at {path.name[:80]}", error) from error
    return None


class _NamedReader:
    """A reader whose failure names it."""

    def __init__(self, name: str, reader: RecordingReader) -> None:
        self._name, self._reader = name, reader

    def matches(self, path: Path, head: bytes) -> bool:
        return self._reader.matches(path, head)

    def open(self, path: Path, opening: ReadOptions) -> Recording:
        try:
            return self._reader.open(path, opening)
        except (EcgLiveError, OSError):
            raise
        except Exception as error:
            raise broken_plugin("ecg_live.readers", self._name, f"fails at {path.name[:80]}", error) from error


def open_plugin_device(scheme: str, text: str, opening: ReadOptions, clock: Clock) -> Source | None:
    """Open ``SCHEME:TEXT`` with the plug-in of that name, an ``open(text, opening, clock)``; None without one.

    Raises
    ------
    ConfigError
        The plug-in cannot be imported or fails; or as it says itself.
    DeviceError
        As the plug-in says.
    """
    open_device = load_plugin("ecg_live.devices", scheme)
    if open_device is None:
        return None
    try:
        source: Source = open_device(text, opening, clock)
    except (EcgLiveError, OSError):
        raise
    except Exception as error:
        raise broken_plugin("ecg_live.devices", scheme, f"fails at {scheme}:{text[:80]}", error) from error
    return source
