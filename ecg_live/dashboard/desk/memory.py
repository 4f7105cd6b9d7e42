"""What the start page remembers: last source, recent recordings and studies, model, and where recordings go."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PyQt6 import QtCore

from ecg_live.preview_items import SessionPlan

MAX_RECENT = 8
PRIVATE_FILE_MODE = 0o600  # names of recordings may name participants


@dataclass(frozen=True, slots=True)
class DeskChoices:
    """Choices of the last session; the ids of participants are not among them."""

    source: str = ""
    model: str = ""
    study: str = ""
    folder: str = ""
    record: bool = True  # a session that nobody recorded is lost
    record_replay: bool = False  # likewise of a recording that is played
    files: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()


class DeskMemory:
    """Keeps choices in the window's INI file; files that are gone are forgotten.

    Parameters
    ----------
    path : Path, optional
        Without it nothing is remembered.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file = None if path is None else QtCore.QSettings(str(path), QtCore.QSettings.Format.IniFormat)

    def read(self) -> DeskChoices:
        """Return the choices of the file; missing or invalid ones are the defaults."""
        return DeskChoices(
            source=self._text("source"),
            model=self._text("model"),
            study=_existing(self._text("study")),
            folder=self._text("folder"),
            record=self._text("record") != "false",
            record_replay=self._text("record_replay") == "true",
            files=self._paths("files"),
            studies=self._paths("studies"),
        )

    def write(self, choices: DeskChoices) -> None:
        """Write the choices; a file that cannot be written is ignored."""
        if self._file is None or self._path is None:
            return
        values = {
            "source": choices.source,
            "model": choices.model,
            "study": choices.study,
            "folder": choices.folder,
            "record": "true" if choices.record else "false",
            "record_replay": "true" if choices.record_replay else "false",
            "files": json.dumps(choices.files),
            "studies": json.dumps(choices.studies),
        }
        for name, value in values.items():
            self._file.setValue(f"desk/{name}", value)
        self._file.sync()
        with suppress(OSError):
            self._path.chmod(PRIVATE_FILE_MODE)

    def _text(self, name: str) -> str:
        value = None if self._file is None else self._file.value(f"desk/{name}")
        return value if isinstance(value, str) else ""

    def _paths(self, name: str) -> tuple[str, ...]:
        try:
            found = json.loads(self._text(name) or "[]")
        except (ValueError, RecursionError):
            return ()
        paths = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
        return tuple(filter(_existing, paths))[:MAX_RECENT]


def with_plan(before: DeskChoices, plan: SessionPlan, *, recording: bool) -> DeskChoices:
    """Choices after a session was planned; ``recording``: its source is a file."""
    return replace(
        before,
        source=plan.source,
        model=plan.model,
        study=plan.study,
        files=with_recent(before.files, plan.source) if recording else before.files,
        studies=with_recent(before.studies, plan.study) if plan.study else before.studies,
    )


def with_recent(recent: tuple[str, ...], path: str) -> tuple[str, ...]:
    """Recent paths with this one first."""
    return (path, *(each for each in recent if each != path))[:MAX_RECENT]


def _existing(path: str) -> str:
    """The path if it is there, else an empty text."""
    return path if path and os.path.exists(path) else ""  # noqa: PTH110 - Path.exists raises for a name that is too long
