"""``--one-file``: the recordings of a run of several wearers become one file at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from ecg_live.cli import print_notice
from ecg_live.cli.recording_names import RECORDING_SUFFIX, recordings_folder
from ecg_live.cli.wearer_sources import joined_path
from ecg_live.config import LiveSettings
from ecg_live.participant_profile import KnownRecording, Profile, timestamp_now


def join_run(
    recorded: Mapping[str, Sequence[Path]], participants: Iterable[str | None], settings: LiveSettings
) -> Path | None:
    """Join the recordings of each wearer, and remove them once the file is checked; None if there are none.

    Parameters
    ----------
    recorded : mapping of str to sequence of Path
        Recordings that were begun, of each wearer.
    participants : iterable of str or None
        Whose profiles note the file, so that `ecg-live forget` finds it.
    settings : LiveSettings

    Raises
    ------
    EcgLiveError
        They cannot be joined; all of them are kept.
    """
    from ecg_live.recorded.joined.join import WearerRecording, join_recordings
    from ecg_live.signal.synchrony import DEFAULT_WIDTH_S

    begun = [WearerRecording(wearer, path) for wearer, paths in recorded.items() for path in paths if path.exists()]
    if not begun:
        print_notice("nothing was recorded: there is no file to make of all wearers")
        return None
    out = joined_path(settings) or _path_by_time(
        begun[0].path.parent if settings.record else recordings_folder(settings)
    )
    joined = join_recordings(begun, out, round(settings.synchrony or DEFAULT_WIDTH_S))
    for participant in filter(None, participants):
        Profile(participant).save(KnownRecording(str(out.absolute()), timestamp_now()))
    for path in joined:
        path.unlink()
    print_notice(f"all wearers are in {out}; ecg-live split makes a file of each again")
    return out


def _path_by_time(folder: Path) -> Path:
    return folder / f"wearers_{datetime.now().astimezone():%Y%m%d-%H%M%S}{RECORDING_SUFFIX}"
