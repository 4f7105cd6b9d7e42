"""Open the recordings of a live session: their path, the disk space they need, and the texts in their headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from pathlib import Path

from ecg_live.cli import print_error, print_notice
from ecg_live.cli.recording_names import RECORDING_SUFFIX, default_folders, recording_name, recordings_folder
from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError, EcgLiveError, RecordingError
from ecg_live.events import Clock, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.participant_profile import KnownRecording, Profile, timestamp_now
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_file import free_bytes
from ecg_live.sinks.xdf_parts import RollLimits
from ecg_live.sinks.xdf_recorder import XdfRecorder

MIN_FREE_BYTES = 100 * 10**6  # no recording begins with less
LONG_SESSION_S = 4 * 3600.0  # a warning if there is no room for it
SAMPLE_BYTES = 9  # a float64 and its share of the framing
PREDICTION_BYTES = 2000  # a prediction with all results of its window


class RecorderFactory:
    """Open a new recording at each call: first the file of ``--record``, then files named by the time.

    Parameters
    ----------
    settings : LiveSettings
    uri : str
        Source, for the headers.
    info : StreamInfo
    bundle : Bundle
    clock : Clock
        Session clock.
    study : str, optional
        Name of the study that the session belongs to, for the headers.
    begun : callable
        Called with the path of each recording that was begun.
    note : str, optional
        What the signal check found before the session, for the headers.

    Raises
    ------
    ConfigError
        ``--record`` is not a name for an XDF file.
    """

    def __init__(
        self,
        settings: LiveSettings,
        uri: str,
        info: StreamInfo,
        bundle: Bundle,
        clock: Clock,
        study: str | None = None,
        begun: Callable[[Path], object] = lambda _: None,
        note: str | None = None,
    ) -> None:
        self._begun = begun
        self._settings = settings
        self._info = info
        self._heads = bundle.head_infos
        self._embedding = bundle.card.embedding_size
        self._clock = clock
        self._named_path = None if settings.record is None else _xdf_path(Path(settings.record))
        self._texts = {
            "participant": settings.participant,
            "session": settings.session,
            "study": study,
            "configuration": json.dumps(asdict(settings) | {"source": uri, "speed": str(settings.speed)}),
            "model": json.dumps(asdict(bundle.card)),
            "signal_check": note,
        }

    def __call__(self, asked: Path | None = None) -> XdfRecorder:
        """Open a recording.

        Parameters
        ----------
        asked : Path, optional
            Where, in place of the file of ``--record`` or one named by the time.

        Raises
        ------
        RecordingError
            The file exists, the disk is full, or the folder cannot be written to.
        """
        named = asked is None and self._named_path is not None
        path = asked or self._named_path or self._path_by_time()
        self._named_path = self._named_path if asked else None
        self._check_room(path, announce=named)
        roll = RollLimits((self._settings.roll_minutes or inf) * 60, (self._settings.roll_mb or inf) * 1e6)
        texts = {key: text for key, text in self._texts.items() if text is not None}
        streams = stream_specs(self._info, self._heads, self._embedding)
        recorder = XdfRecorder(
            path, streams, self._info, self._heads, texts, self._clock,
            roll=roll, elsewhere=default_folders(), moved=self._report_move,
        )  # fmt: skip
        self._add_to_profile(path)
        self._begun(path)
        if not named:  # the dashboard closes, and the terminal still shows the path
            print_notice(f"recording to {path}")
        return recorder

    def _report_move(self, path: Path) -> None:
        """Report that the recording goes on in another folder."""
        print_notice(f"the disk cannot be written to; the recording goes on in {path}")
        self._add_to_profile(path)
        self._begun(path)

    def _add_to_profile(self, path: Path) -> None:
        """Add the recording's path to the participant's profile, where `ecg-live forget` finds it."""
        if self._settings.participant is None:
            return
        try:
            Profile(self._settings.participant).save(KnownRecording(str(path.absolute()), timestamp_now()))
        except EcgLiveError as error:  # the recording goes on
            print_error(error)

    def _path_by_time(self) -> Path:
        return recordings_folder(self._settings) / recording_name(self._settings.participant, self._settings.session)

    def _check_room(self, path: Path, *, announce: bool) -> None:
        """Check the free disk space; ``announce`` what the recording needs and holds, before it begins."""
        left = free_bytes(_nearest_existing(path))
        need = LONG_SESSION_S * (
            self._info.rate * len(self._info.channels) * SAMPLE_BYTES + PREDICTION_BYTES / self._settings.hop
        )
        if left is not None and left < MIN_FREE_BYTES:
            raise RecordingError(
                f"{path}: {left / 1e6:.0f} MB are free, a recording needs at least {MIN_FREE_BYTES / 1e6:.0f} MB",
                "free space",
            )
        if not announce:
            return
        if left is not None and left < need:
            print_notice(f"{left / 1e6:.0f} MB are free for {path}; four hours need {need / 1e6:.0f} MB")
        if not self._info.channels:
            print_notice("this source gives no ECG: markers, heart rate and events are recorded")


def _xdf_path(path: Path) -> Path:
    if path.suffix.casefold() not in {"", RECORDING_SUFFIX} or not path.name.strip("."):
        raise ConfigError(f"--record is {str(path)!r}; recordings are XDF files", "give a name that ends in .xdf")
    return path if path.suffix else path.with_name(path.name + RECORDING_SUFFIX)


def _nearest_existing(path: Path) -> Path:
    """Shorten a path whose folder does not exist yet until its parent exists."""
    found = path
    while not found.parent.exists() and found.parent != found:
        found = found.parent
    return found
