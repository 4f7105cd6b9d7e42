"""What the start page asks of the rest of the program: a scan, a preview, models, and what is known of ids."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ecg_live.cli.background_scanner import BackgroundScanner
from ecg_live.config import load_settings
from ecg_live.errors import ConfigError, EcgLiveError
from ecg_live.participant_profile import Profile, file_name_of
from ecg_live.preview_items import ParticipantNote, StudyChoice
from ecg_live.protocols import Preview, Scanner, Source
from ecg_live.resources import DEFAULT_MODEL, MODELS_FOLDER, demo_recording


class CommandLineServices:
    """Services of the start page."""

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the bundled models, the default one first."""
        names = sorted(path.stem for path in MODELS_FOLDER.glob("*.safetensors"))
        return tuple(sorted(names, key=lambda name: name != DEFAULT_MODEL.stem))

    @property
    def recordings(self) -> str:
        """Folder of recordings without a chosen one."""
        from ecg_live.cli.recording_names import recordings_folder

        return str(recordings_folder(load_settings({})).absolute())

    @property
    def demo(self) -> str:
        """Path of the bundled recording."""
        return str(demo_recording())

    def scan(self) -> Scanner:
        """Begin to look for sources."""

        def make() -> Scanner:
            from devices.scanner import SourceScanner

            return SourceScanner()

        return BackgroundScanner(make)

    def preview(self, source: str) -> Preview:
        """Open a source to show it."""
        from ecg_live.probe import SourceProbe

        return SourceProbe(lambda: _open(source), f"looking for {source}", time.monotonic)

    def browse(self, folder: str) -> str:
        """Show the recorded sessions of a folder in a window of their own; return why not, or nothing."""
        from ecg_live.cli.browsing import open_in_program

        if not os.path.isdir(folder):  # noqa: PTH112 - where its share is gone, Path.is_dir raises
            return f"There is no folder {folder} yet: the first recording makes it"
        return open_in_program([Path(folder)])

    def participant_note(self, participant: str, session: str, folder: str, study: str) -> ParticipantNote:
        """Check the ids, and find out whether they were used before, in a study (path) or in a folder without one."""
        if study:
            from ecg_live.cli.desk_studies import study_note

            return study_note(Path(study), participant, session)
        if not participant:
            return ParticipantNote()
        try:
            profile = Profile(participant)
            used = sorted(_recordings_of(profile, folder), key=lambda path: path.stat().st_mtime)
            return ParticipantNote(_note(participant, session, used, known=bool(profile.files())))
        except ConfigError as error:
            return ParticipantNote(str(error), error=True)
        except (EcgLiveError, OSError) as error:
            return ParticipantNote(f"what was recorded of {participant} cannot be read: {error}")

    def study_choice(self, path: str, session: str) -> StudyChoice:
        """Read a study file, and find the participant whose turn it is."""
        from ecg_live.cli.desk_studies import study_choice

        return study_choice(Path(path), session)


def _open(source: str) -> Source:
    from ecg_live.cli.session_setup import open_checked_source

    return open_checked_source(source, load_settings({}))


def _recordings_of(profile: Profile, folder: str) -> Iterator[Path]:
    """Recordings of a participant: those of the profile, and those in the folder whose name begins with the id."""
    begin = f"{file_name_of(profile.participant)}_"
    place = Path(folder)
    named = [path for path in place.glob("*.xdf") if path.name.startswith(begin)] if place.is_dir() else []
    yield from {path.absolute(): None for path in (*named, *profile.recordings()) if path.is_file()}


def _note(participant: str, session: str, used: list[Path], *, known: bool) -> str:
    if not used:
        return f"{participant} has a profile, and no recording here" if known else f"{participant} is new"
    last = datetime.fromtimestamp(used[-1].stat().st_mtime).astimezone().strftime("%Y-%m-%d")
    count = "once" if len(used) == 1 else f"{len(used)} times"
    begin = f"{file_name_of(participant)}_{file_name_of(session)}_" if session else ""
    again = begin and any(path.name.startswith(begin) for path in used)
    twice = f"; session {session} is among them: choose another, or go on" if again else ""
    return f"{participant} was used before: recorded {count}, last on {last}{twice}"
