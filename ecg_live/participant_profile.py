"""A participant's profile, kept between sessions: a folder with a small JSON file for each entry.

Each entry has its own file, which is replaced atomically: sessions that end together lose nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np
from platformdirs import user_data_path

from ecg_live.atomic_write import write_whole
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.events import F64

PROFILE_SCHEMA = 1
DATA_FOLDER_VARIABLE = "ECG_LIVE_DATA"  # environment variable that overrides the user's data folder
MAX_FOLDER_NAME_BYTES = 200  # file systems take 255
RECORDING_ENTRY_PREFIX = "recording-"  # of the names of entries with a recording's path
CASE_CLASH_REMEDY = "name one of them otherwise: on macOS and Windows, P1 and p1 share a folder"
MAX_ENTRY_BYTES = 64 * 2**20  # a baseline of an hour has 1 MB


@dataclass(frozen=True, slots=True)
class KnownScale:
    """A wearer's mean (mV) and variance (mV^2) on a device and lead, from ``blocks`` usable seconds."""

    device: str
    mean: float
    var: float
    blocks: int
    date: str


@dataclass(frozen=True, slots=True, eq=False)
class KnownBaseline:
    """Features of the windows of a resting baseline: ``embeddings (m, d)`` of an encoder, ``hrv (m, 3)``, NaN in it."""

    encoder: str
    embeddings: F64
    hrv: F64
    date: str


@dataclass(frozen=True, slots=True, eq=False)
class KnownLevel:
    """Sums ``total (d,)`` of a session's windows, in features of an encoder and HRV, and the ``count (d,)`` of each."""

    encoder: str
    total: F64
    count: F64
    date: str


@dataclass(frozen=True, slots=True)
class KnownRecording:
    """Absolute path of a recording of the participant."""

    path: str
    date: str


LearntEntry = KnownScale | KnownBaseline | KnownLevel
ProfileEntry = LearntEntry | KnownRecording
EntryKind = TypeVar("EntryKind", KnownScale, KnownBaseline, KnownLevel, KnownRecording)


def data_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Folder of the user's data: `DATA_FOLDER_VARIABLE`, or the system's."""
    chosen = (os.environ if environ is None else environ).get(DATA_FOLDER_VARIABLE)
    return Path(chosen) if chosen else user_data_path("ecg-live")


def recording_folders() -> tuple[Path, Path]:
    """Default folders of recordings: ./recordings, and the user's data folder."""
    return Path("recordings"), data_folder() / "recordings"


def file_name_of(text: str) -> str:
    """A participant's or session's name as a part of a file's name; no two share one."""
    return quote(text, safe=" ", errors="replace")


def timestamp_now() -> str:
    """Date and time with the offset from UTC, for an entry."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


class Profile:
    """A participant's entries.

    Parameters
    ----------
    participant : str
        Pseudonym.
    data : Path, optional
        Of all profiles; the user's data folder without it.

    Raises
    ------
    ConfigError
        The name is not a valid pseudonym.
    """

    def __init__(self, participant: str, data: Path | None = None) -> None:
        name = file_name_of(participant).replace(".", "%2E")
        padded = participant != participant.strip()  # a recording's header could not distinguish it from the plain one
        if not participant or padded or not participant.isprintable() or len(name) > MAX_FOLDER_NAME_BYTES:
            found = repr(participant[:40]) + ("..." if len(participant) > 40 else "")
            limit = f"a pseudonym has 1 to {MAX_FOLDER_NAME_BYTES} plain characters and no blank at its ends"
            raise ConfigError(f"{found} is not a valid participant; {limit}", "for example P01")
        self.participant = participant
        self.folder = (data_folder() if data is None else data) / "profiles" / name

    def scale(self, device: str) -> KnownScale | None:
        """Scale of the wearer on a device and lead.

        Raises
        ------
        RecordingError
            The entry cannot be read, `FormatError` if it is damaged.
        """
        return self._read(self._path("scale", device), _scale)

    def baseline(self, encoder: str) -> KnownBaseline | None:
        """The resting baseline in features of an encoder, by the SHA-256 of that.

        Raises
        ------
        RecordingError
            As `scale`.
        """
        return self._read(self._path("baseline", encoder), _baseline)

    def baselines(self) -> list[KnownBaseline]:
        """All baselines, whatever their encoder, the newest first.

        Raises
        ------
        RecordingError
            As `scale`.
        """
        found = [self._read(path, _baseline) for path in self.files() if path.name.startswith("baseline-")]
        return _newest_first([each for each in found if each is not None])

    def level(self, encoder: str) -> KnownLevel | None:
        """The wearer's level in features of an encoder, by the SHA-256 of that.

        Raises
        ------
        RecordingError
            As `scale`.
        """
        return self._read(self._path("level", encoder), _level)

    def levels(self) -> list[KnownLevel]:
        """All levels, whatever their encoder, the newest first.

        Raises
        ------
        RecordingError
            As `scale`.
        """
        found = [self._read(path, _level) for path in self.files() if path.name.startswith("level-")]
        return _newest_first([each for each in found if each is not None])

    def recordings(self) -> list[Path]:
        """Where recordings of the participant were begun; entries that cannot be read are left out."""
        found: list[Path] = []
        for path in self.files():
            if path.name.startswith(RECORDING_ENTRY_PREFIX):
                with contextlib.suppress(RecordingError):
                    entry = self._read(path, _recording)
                    found += [Path(entry.path)] if entry else []
        return found

    def files(self) -> list[Path]:
        """All files of the profile, what an interrupted write left among them."""
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix in (".json", ".part"))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RecordingError(f"{self.folder}: {error.strerror}", "check the folder") from error

    def save(self, entry: ProfileEntry) -> Path:
        """Save an entry in place of an earlier one; return its path.

        Raises
        ------
        RecordingError
            It cannot be written, or belongs to a participant with a name of other case; an earlier entry stays.
        """
        if isinstance(entry, KnownScale):
            path, fields = self._path("scale", entry.device), {"mean": entry.mean, "var": entry.var}
            content: dict[str, Any] = {"device": entry.device, "blocks": entry.blocks} | fields
        elif isinstance(entry, KnownRecording):
            path, content = self._path("recording", entry.path), {"path": entry.path}
        elif isinstance(entry, KnownLevel):
            path = self._path("level", entry.encoder)
            content = {"encoder": entry.encoder, "total": entry.total.tolist(), "count": entry.count.tolist()}
        else:
            path = self._path("baseline", entry.encoder)
            content = {"encoder": entry.encoder, "embeddings": _nulls(entry.embeddings), "hrv": _nulls(entry.hrv)}
        content = {"schema": PROFILE_SCHEMA, "participant": self.participant, "date": entry.date} | content
        if self._shares(other := participant_of(path)):
            raise FormatError(f"{path}: belongs to {other!r}, not {self.participant!r}", CASE_CLASH_REMEDY)
        try:
            write_whole(path, (json.dumps(content, allow_nan=False) + "\n").encode(), private=True)
        except OSError as error:
            raise RecordingError(
                f"{path}: the profile cannot be kept: {error.strerror}",
                f"free space, or set {DATA_FOLDER_VARIABLE} to another folder",
            ) from error
        return path

    def _shares(self, other: str | None) -> bool:
        """Whether another participant may have the same folder, where systems do not distinguish P1 from p1."""
        return other not in {None, self.participant} and str(other).casefold() == self.participant.casefold()

    def _path(self, kind: str, key: str) -> Path:
        return self.folder / f"{kind}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.json"

    def _read(self, path: Path, parse: Callable[[Mapping[str, Any]], EntryKind]) -> EntryKind | None:
        remedy = f"remove the file: the next session of {self.participant} makes a new one"
        try:
            if path.stat().st_size > MAX_ENTRY_BYTES:
                raise FormatError(f"{path}: an entry of more than {MAX_ENTRY_BYTES >> 20} MiB", remedy)
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RecordingError(f"{path}: the profile cannot be read: {error.strerror}", "check the file") from error
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{path}: the profile is damaged: {error}", remedy) from error
        try:
            if content["schema"] != PROFILE_SCHEMA:
                raise FormatError(
                    f"{path}: a profile of schema {content['schema']}; this version reads {PROFILE_SCHEMA}", remedy
                )
            if content["participant"] != self.participant:
                other = str(content["participant"])
                remedy = CASE_CLASH_REMEDY if self._shares(other) else remedy
                raise FormatError(f"{path}: belongs to {other!r}, not {self.participant!r}", remedy)
            return parse(content)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise FormatError(f"{path}: the profile lacks or garbles {error}", remedy) from error


def participant_of(path: Path) -> str | None:
    """The participant that a profile's entry names; None for one that is damaged, or not there."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["participant"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _scale(content: Mapping[str, Any]) -> KnownScale:
    mean, var, blocks = float(content["mean"]), float(content["var"]), content["blocks"]
    if not (math.isfinite(mean) and math.isfinite(var) and var >= 0 and type(blocks) is int and blocks > 0):
        raise ValueError(f"mean {mean:g}, variance {var:g}, blocks {blocks!r}")
    return KnownScale(str(content["device"]), mean, var, blocks, _date(content))


def _baseline(content: Mapping[str, Any]) -> KnownBaseline:
    embeddings, hrv = (_numbers(content[name]) for name in ("embeddings", "hrv"))
    if embeddings.ndim != 2 or hrv.ndim != 2 or len(embeddings) != len(hrv) or not np.isfinite(embeddings).all():
        raise ValueError(f"features of {embeddings.shape} and {hrv.shape}")
    return KnownBaseline(str(content["encoder"]), embeddings, hrv, _date(content))


def _level(content: Mapping[str, Any]) -> KnownLevel:
    total, count = (np.array(content[name], dtype=np.float64) for name in ("total", "count"))
    if total.ndim != 1 or total.shape != count.shape or not np.isfinite(total).all() or not (count >= 0).all():
        raise ValueError(f"sums of {total.shape} and counts of {count.shape}")
    return KnownLevel(str(content["encoder"]), total, count, _date(content))


def _newest_first(known: list[EntryKind]) -> list[EntryKind]:
    return sorted(known, key=lambda each: datetime.fromisoformat(each.date).timestamp(), reverse=True)


def _recording(content: Mapping[str, Any]) -> KnownRecording:
    return KnownRecording(str(content["path"]), _date(content))


def _date(content: Mapping[str, Any]) -> str:
    return datetime.fromisoformat(content["date"]).isoformat(timespec="seconds")


def _numbers(rows: list[list[float | None]]) -> F64:
    return np.array(rows, dtype=np.float64)  # None becomes NaN


def _nulls(rows: F64) -> list[list[float | None]]:
    return [[value if math.isfinite(value) else None for value in row] for row in rows.tolist()]
