"""Open the source that a URI names: a file to replay, or a device."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from devices.files import open_recording
from devices.plugins import open_plugin_device
from devices.read_options import ReadOptions
from devices.replay import Replay
from ecg_live.errors import ConfigError
from ecg_live.events import Clock
from ecg_live.plugins import plugin_names
from ecg_live.protocols import Source

_SCHEME_PATTERN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)  # two letters at least: C: is a drive
OpenDevice = Callable[[str, ReadOptions, Clock], Source]
_PART_PATTERN = re.compile(r"(.+)#([^#/\\]+)", re.DOTALL)


def _open_lsl(text: str, options: ReadOptions, clock: Clock) -> Source:
    from devices.lsl import open_lsl  # noqa: PLC0415 - files need no LSL

    return open_lsl(text, options, clock)


def _open_brainflow(text: str, options: ReadOptions, clock: Clock) -> Source:
    from devices.brainflow import open_brainflow  # noqa: PLC0415 - as LSL

    return open_brainflow(text, options, clock)


def _open_nats(text: str, options: ReadOptions, clock: Clock) -> Source:
    from ecg_live.nats.options import require_nats  # noqa: PLC0415 - as LSL

    require_nats()
    from devices.nats import open_nats  # noqa: PLC0415 - needs the extra

    return open_nats(text, options, clock)


def _radio_opener(scheme: str) -> OpenDevice:
    def open_device(text: str, options: ReadOptions, clock: Clock) -> Source:
        from devices.radio_uri import open_radio  # noqa: PLC0415 - files need no Bluetooth

        return open_radio(scheme, text, options, clock)

    return open_device


_OPENERS: dict[str, OpenDevice] = {
    "lsl": _open_lsl,
    "shimmer": _radio_opener("shimmer"),
    "bitalino": _radio_opener("bitalino"),
    "polar": _radio_opener("polar"),
    "hr": _radio_opener("hr"),
    "brainflow": _open_brainflow,
    "movesense": _radio_opener("movesense"),
    "nats": _open_nats,
}  # each reads what follows its colon


def open_source(uri: str, options: ReadOptions, clock: Clock = time.monotonic) -> Source:
    """Open a path, ``file:PATH``, or a device such as ``polar:NAME``.

    ``PATH#3`` is part 3 of a file that holds several.

    Parameters
    ----------
    uri : str
        The source. An existing file takes precedence over a scheme and over a part.
    options : ReadOptions
        Options of the reader or device.
    clock : callable
        Session clock in s.

    Raises
    ------
    ConfigError
        The scheme is unknown, or an option does not fit the file or device.
    RecordingError
        The file is missing or is not a recording.
    """
    if (schemed := split_scheme(uri)) and schemed[0] != "file":
        if options.signal is not None:
            raise ConfigError(f"--signal beside {uri}: it is for files; a device states its own", "leave --signal out")
        return _open_device(uri, *schemed, options, clock)
    path, options = _split_part(_file_path(uri), options)
    return Replay(open_recording(path, options), options, clock)


def check_source(source: Source) -> None:
    """Check that a source can start, before a window opens for it. Raises `DeviceError`."""
    if check := getattr(source, "check", None):
        check()


def scheme_of(uri: str) -> str:
    """Scheme of a source; ``file`` for a path."""
    schemed = split_scheme(uri)
    return schemed[0] if schemed else "file"


def split_scheme(uri: str) -> tuple[str, str] | None:
    """Return scheme and remainder; None for a path, an existing file included."""
    found = _SCHEME_PATTERN.fullmatch(uri)
    if found is None or os.path.exists(uri):  # noqa: PTH110 - Path.exists raises for a name that is too long
        return None
    return found[1].casefold(), found[2]


def _open_device(uri: str, scheme: str, text: str, options: ReadOptions, clock: Clock) -> Source:
    if scheme in _OPENERS:
        return _OPENERS[scheme](text, options, clock)
    source = open_plugin_device(scheme, text, options, clock)
    if source is not None:
        return source
    known = ", ".join(f"{name}:" for name in ("file", *_OPENERS, *plugin_names("ecg_live.devices")))
    raise ConfigError(
        f"{uri!r} begins with the unknown scheme {scheme}:, expected a path or one of {known}",
        "ecg-live devices lists what is in reach",
    )


def _file_path(uri: str) -> Path:
    schemed = split_scheme(uri)
    return _user_path(uri if schemed is None else re.sub(r"^//(?=/)", "", schemed[1]))


def _split_part(path: Path, options: ReadOptions) -> tuple[Path, ReadOptions]:
    """Split ``PATH#3`` into path and part, unless that file exists, or ``PATH`` does not."""
    found = _PART_PATTERN.fullmatch(str(path))
    if found is None or os.path.exists(path) or not os.path.isfile(found[1]):  # noqa: PTH110, PTH113 - as in _file_path
        return path, options
    return Path(found[1]), replace(options, part=found[2])


def _user_path(text: str) -> Path:
    if not text.strip():
        raise ConfigError("the source is empty", "give the path of a recording")
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for an unknown user
