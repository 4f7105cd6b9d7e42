"""Recordings of a live session: where they go, whether there is room, what their headers say; ``ecg-live verify``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from math import inf
from pathlib import Path

from ecg_live.cli import complain, say
from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError, EcgLiveError, RecordingError
from ecg_live.events import Clock, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.participant_profile import KnownRecording, Profile, file_name_of, recording_folders, timestamp_now
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_file import free_bytes
from ecg_live.sinks.xdf_parts import RollLimits
from ecg_live.sinks.xdf_recorder import XdfRecorder
from ecg_live.text import sanitize

MIN_FREE_BYTES = 100 * 10**6  # bytes free, below which no recording begins
LONG_SESSION_S = 4 * 3600.0  # s of a long session, for which there should be room
SAMPLE_BYTES, PREDICTION_BYTES = (
    9,
    2000,
)  # bytes of a value with its share of the framing, and of a prediction with all that goes along
RECORDING_SUFFIX = ".xdf"


class RecorderFactory:
    """Opens a new recording whenever it is called: first what ``--record`` says, then files named by the time.

    Parameters
    ----------
    settings : Settings
    uri : str
        Source, for the headers.
    info : StreamInfo
    bundle : Bundle
    clock : Clock
        Session clock.

    Raises
    ------
    ConfigError
        ``--record`` is no name for an XDF file.
    """

    def __init__(self, settings: LiveSettings, uri: str, info: StreamInfo, bundle: Bundle, clock: Clock) -> None:
        self._settings, self._info, self._heads, self._clock = settings, info, bundle.head_infos, clock
        self._chosen = None if settings.record is None else _xdf_path(Path(settings.record))
        self._texts = {
            "participant": settings.participant,
            "session": settings.session,
            "configuration": json.dumps(asdict(settings) | {"source": uri, "speed": str(settings.speed)}),
            "model": json.dumps(asdict(bundle.card)),
        }

    def __call__(self) -> XdfRecorder:
        """Open one.

        Raises
        ------
        RecordingError
            There is such a file, or no room, or the folder cannot be written to.
        """
        path, named = self._chosen or self._by_time(), self._chosen is not None
        self._chosen = None
        self._check_room(path, tell=named)
        roll = RollLimits((self._settings.roll_minutes or inf) * 60, (self._settings.roll_mb or inf) * 1e6)
        texts = {key: text for key, text in self._texts.items() if text is not None}
        streams = stream_specs(self._info, self._heads)
        recorder = XdfRecorder(
            path, streams, self._info, self._heads, texts, self._clock,
            roll=roll, elsewhere=default_folders(), moved=self._moved,
        )  # fmt: skip
        self._remember(path)
        if not named:  # the dashboard closes, and the terminal still says where it lies
            say(f"recording to {path}")
        return recorder

    def _moved(self, path: Path) -> None:
        """Say that the recording goes on in another folder."""
        say(f"the disk cannot be written to; the recording goes on in {path}")
        self._remember(path)

    def _remember(self, path: Path) -> None:
        """Note in the wearer's profile where the recording lies, for `ecg-live forget`."""
        if self._settings.participant is None:
            return
        try:
            Profile(self._settings.participant).save(KnownRecording(str(path.absolute()), timestamp_now()))
        except EcgLiveError as error:  # the recording goes on
            complain(error)

    def _by_time(self) -> Path:
        parts = [file_name_of(text) for text in (self._settings.participant, self._settings.session) if text]
        now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        return default_folder() / ("_".join([*(parts or ["ecg-live"]), now]) + RECORDING_SUFFIX)

    def _check_room(self, path: Path, *, tell: bool) -> None:
        """Is there room; ``tell`` what will be recorded, before it begins."""
        left = free_bytes(_nearest_existing(path))
        need = LONG_SESSION_S * (
            self._info.rate * len(self._info.channels) * SAMPLE_BYTES + PREDICTION_BYTES / self._settings.hop
        )
        if left is not None and left < MIN_FREE_BYTES:
            raise RecordingError(
                f"{path}: {left / 1e6:.0f} MB are free, a recording needs at least {MIN_FREE_BYTES / 1e6:.0f} MB",
                "free space",
            )
        if not tell:
            return
        if left is not None and left < need:
            say(f"{left / 1e6:.0f} MB are free for {path}; four hours need {need / 1e6:.0f} MB")
        if not self._info.channels:
            say("this source gives no ECG: markers, heart rate and events are recorded")


def default_folder() -> Path:
    """Where recordings go that nobody named: ./recordings if it is there, or the user's data folder."""
    return default_folders()[0]


def default_folders() -> list[Path]:
    """Where recordings may go that nobody named, and those whose own disk fails."""
    here, data = recording_folders()
    return [here, data] if here.is_dir() and os.access(here, os.W_OK) else [data]


def _xdf_path(path: Path) -> Path:
    if path.suffix.casefold() not in {"", RECORDING_SUFFIX} or not path.name.strip("."):
        raise ConfigError(f"--record is {str(path)!r}; recordings are XDF files", "give a name that ends in .xdf")
    return path if path.suffix else path.with_name(path.name + RECORDING_SUFFIX)


def _nearest_existing(path: Path) -> Path:
    """Of a path whose folder is still to be made, the part that is there, and something in it."""
    found = path
    while not found.parent.exists() and found.parent != found:
        found = found.parent
    return found


def verify_files(files: Sequence[Path], *, as_json: bool) -> int:
    """Check recordings, say what was found, and give the exit code; one that cannot be read hinders no other."""
    from ecg_live.recorded.verify import verify

    sound = []
    for path in files:
        try:
            report = verify(path)
        except EcgLiveError as error:
            complain(error)
            sound.append(False)
            continue
        print(json.dumps(report.as_json()) if as_json else "\n".join(map(sanitize, report.lines())))
        sound.append(report.sound)
    return 0 if all(sound) else RecordingError.exit_code
