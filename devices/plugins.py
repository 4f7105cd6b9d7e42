"""Plug-ins: recording readers and devices from other packages."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from devices.files.recording import OpenRecording
from devices.read_options import ReadOptions
from ecg_live.errors import EcgLiveError
from ecg_live.events import Clock
from ecg_live.plugins import broken_plugin, load_plugin, load_plugins
from ecg_live.protocols import Source

HEAD_BYTES = 4096  # of a file, passed to `RecordingReader.matches`


class RecordingReader(Protocol):
    """A reader of one format: a module or an object, entry point of the group ``ecg_live.readers``."""

    def matches(self, path: Path, head: bytes) -> bool:
        """Whether it reads this file, by name and first 4096 bytes; must be correct, fast and raise nothing."""
        ...

    def open(self, path: Path, options: ReadOptions) -> OpenRecording:
        """Open a file; `devices.files.recording.FileRecording` turns an iterator of runs into a recording.

        Raises
        ------
        RecordingError, ConfigError
            As `devices.open_recording`.
        """
        ...


def find_reader(path: Path) -> RecordingReader | None:
    """Return the plug-in that reads a file, or None.

    Raises
    ------
    ConfigError
        A plug-in cannot be imported, or its ``matches`` fails.
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
    """Wraps a reader so that its errors name the plug-in."""

    def __init__(self, name: str, reader: RecordingReader) -> None:
        self._name = name
        self._reader = reader

    def matches(self, path: Path, head: bytes) -> bool:
        return self._reader.matches(path, head)

    def open(self, path: Path, options: ReadOptions) -> OpenRecording:
        try:
            return self._reader.open(path, options)
        except (EcgLiveError, OSError):
            raise
        except Exception as error:
            raise broken_plugin("ecg_live.readers", self._name, f"fails at {path.name[:80]}", error) from error


def open_plugin_device(scheme: str, text: str, options: ReadOptions, clock: Clock) -> Source | None:
    """Open ``SCHEME:TEXT`` with the plug-in of that scheme.

    Parameters
    ----------
    scheme : str
        Name of the entry point, an ``open(text, options, clock)``.
    text : str
        What follows the colon.
    options : ReadOptions
        How to open the device.
    clock : Clock
        Session clock in s.

    Returns
    -------
    Source or None
        None if no plug-in has this name.

    Raises
    ------
    ConfigError
        The plug-in cannot be imported, fails, or raises it.
    DeviceError
        The plug-in raises it.
    """
    open_device = load_plugin("ecg_live.devices", scheme)
    if open_device is None:
        return None
    try:
        source: Source = open_device(text, options, clock)
    except (EcgLiveError, OSError):
        raise
    except Exception as error:
        raise broken_plugin("ecg_live.devices", scheme, f"fails at {scheme}:{text[:80]}", error) from error
    return source
