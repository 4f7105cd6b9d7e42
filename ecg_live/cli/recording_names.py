"""Names and folders of recordings without a given path."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from ecg_live.config import LiveSettings
from ecg_live.participant_profile import file_name_of, recording_folders

RECORDING_SUFFIX = ".xdf"


def recording_name(participant: str | None, session: str | None) -> str:
    """Name of a recording without a given path: of ids and time."""
    parts = [file_name_of(text) for text in (participant, session) if text]
    now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return "_".join([*(parts or ["ecg-live"]), now]) + RECORDING_SUFFIX


def recordings_folder(settings: LiveSettings) -> Path:
    """Folder of recordings without a given path: as set, or ./recordings if it exists, or the user's data folder."""
    return Path(settings.recordings) if settings.recordings else default_folders()[0]


def default_folders() -> list[Path]:
    """Folders of recordings without a given path, and of those whose own disk fails."""
    here, data = recording_folders()
    return [here, data] if here.is_dir() and os.access(here, os.W_OK) else [data]
