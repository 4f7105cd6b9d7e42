"""``run A B C``: which wearer each source is, and where each is recorded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError
from ecg_live.participant_profile import file_name_of
from ecg_live.text import sanitize, unique_names

WEARER_FIELD = "{wearer}"  # in --record: the wearer's name
RECORDING_SUFFIX = ".xdf"
SINGLE_ONLY = ("also", "lsl_out", "remote_port")  # settings that make sense for one wearer


@dataclass(frozen=True, slots=True)
class WearerSource:
    """A wearer's name for lines and files, the source, and the settings of this wearer's session."""

    name: str
    uri: str
    settings: LiveSettings


def wearer_sources(texts: Sequence[str], participants: Sequence[str], settings: LiveSettings) -> list[WearerSource]:
    """Name each source's wearer.

    Parameters
    ----------
    texts : sequence of str
        ``SOURCE``, or ``NAME=SOURCE``.
    participants : sequence of str
        One for each source, or none; NAME is the participant as well.
    settings : LiveSettings
        Of all.

    Raises
    ------
    ConfigError
        A source or a name is given twice, the participants do not fit, or a setting is for one wearer only.
    """
    for name in SINGLE_ONLY:
        if getattr(settings, name):
            option = "--" + name.replace("_", "-")
            raise ConfigError(f"{option} with {len(texts)} sources", f"run one source, or leave {option} out")
    if settings.participant is not None and not participants:
        raise ConfigError(
            f"one participant is set for {len(texts)} sources", "give --participant once for each, or NAME=SOURCE"
        )
    if participants and len(participants) != len(texts):
        raise ConfigError(
            f"--participant is given {len(participants)} times for {len(texts)} sources",
            "give it once for each, in their order, or write NAME=SOURCE",
        )
    split = [split_name(text) for text in texts]
    if participants and any(name is not None for name, _ in split):
        raise ConfigError("--participant beside NAME=SOURCE", "give one of both: NAME is the participant")
    named: list[str | None] = [*participants] or [name for name, _ in split]
    _refuse_twice([_key(uri) for _, uri in split], [uri for _, uri in split], "source")
    given = [name for name in named if name is not None]
    _refuse_twice([name.casefold() for name in given], given, "wearer")
    names = _names(named, [uri for _, uri in split])
    return [
        WearerSource(name, uri, replace(settings, participant=named_as, record=_record_path(settings, name)))
        for name, named_as, (_, uri) in zip(names, named, split, strict=True)
    ]


def split_name(text: str) -> tuple[str | None, str]:
    """Name and source of ``NAME=SOURCE``; no name where the equals sign belongs to the source."""
    name, equals, uri = text.partition("=")
    if not equals or not name or not uri or any(sign in name for sign in ":/\\,") or os.path.exists(text):  # noqa: PTH110 - as in uri
        return None, text
    return name.strip(), uri


def _key(uri: str) -> str:
    """Equal for two texts of one source."""
    path = Path(uri.removeprefix("file:"))
    return str(path.resolve()) if path.exists() else uri.casefold()


def _refuse_twice(keys: Sequence[str], texts: Sequence[str], what: str) -> None:
    for key, text in zip(keys, texts, strict=True):
        if keys.count(key) > 1:
            raise ConfigError(f"the {what} {sanitize(text)} is given twice", f"give each {what} once")


def _names(named: Sequence[str | None], uris: Sequence[str]) -> list[str]:
    """A name for each wearer: the given one, or the source's, made unique."""
    taken = [name for name in named if name is not None]
    own = iter(
        unique_names([_own_name(uri) for name, uri in zip(named, uris, strict=True) if name is None], "_", taken)
    )
    return [next(own) if name is None else name for name in named]


def _own_name(uri: str) -> str:
    path = Path(uri.removeprefix("file:"))
    return sanitize(path.stem if path.exists() else uri)


def joined_path(settings: LiveSettings) -> Path | None:
    """File that --record names for all wearers together; None if it names none, so that the time names it."""
    path = None if settings.record is None or WEARER_FIELD in settings.record else Path(settings.record)
    return path if path is not None and path.suffix.casefold() == RECORDING_SUFFIX and not path.is_dir() else None


def _record_path(settings: LiveSettings, name: str) -> str | None:
    """Where a wearer is recorded: --record names a folder, or a file with the wearer's name in it.

    Raises
    ------
    ConfigError
        It names one file.
    """
    record = settings.record
    if record is None:
        return None
    if WEARER_FIELD in record:
        return record.replace(WEARER_FIELD, file_name_of(name))
    if (one := joined_path(settings)) is not None:
        if settings.one_file:
            return str(one.with_name(f"{one.stem}_{file_name_of(name)}{one.suffix}"))
        remedy = f"give a folder, a name with {WEARER_FIELD} as in {one.stem}_{WEARER_FIELD}.xdf, or add --one-file"
        raise ConfigError(f"--record {record} is one file for several wearers", remedy)
    return str(Path(record) / (file_name_of(name) + RECORDING_SUFFIX))
