"""Paths of the bundled recordings and models."""

from __future__ import annotations

from pathlib import Path

from ecg_live.errors import RecordingError

DEMO_FILE_NAME = "signal_sample_single_hub_ECG_2018_7_5.h5"
MODELS_FOLDER = Path(__file__).parent / "model" / "pretrained"
DEFAULT_MODEL = MODELS_FOLDER / "mental_load.safetensors"


def model_path(given: str | None) -> Path:
    """The bundle that a user names: a file, or else a bundled model such as ``stress``; the default without a name."""
    if given is None:
        return DEFAULT_MODEL
    bundled = MODELS_FOLDER / f"{given}.safetensors"
    return bundled if Path(given).name == given and bundled.is_file() and not Path(given).exists() else Path(given)


def recordings_folder() -> Path:
    """Folder of the bundled recordings: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).parent
    installed = package / "recordings"
    return installed if installed.is_dir() else package.parent / "recordings"


def demo_recording() -> Path:
    """The recording that ``ecg-live demo`` replays.

    Raises
    ------
    RecordingError
        If it is not there.
    """
    path = recordings_folder() / DEMO_FILE_NAME
    if not path.is_file():
        raise RecordingError(f"the bundled recording {path} is missing", "install ecg-live again")
    return path
