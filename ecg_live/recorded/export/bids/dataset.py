"""The data set's own files: description, README, participants and sessions; a row is added, nothing is replaced."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ecg_live import __version__
from ecg_live.atomic_write import private_folder
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.locked_file import locked_file
from ecg_live.recorded.export.bids.labels import BidsEntities, Labelled
from ecg_live.recorded.export.bids.tsv import NOT_AVAILABLE, IndexTable, text_cell
from ecg_live.text import sanitize

BIDS_VERSION = "1.11.1"  # that the tests' validator knows
_DESCRIPTION = "dataset_description.json"
_MAX_DESCRIPTION_BYTES = 1 << 20
PARTICIPANTS_FILE = "participants.tsv"
_LOCK = ".ecg-live.lock"  # is there while an export runs; names that begin with a dot are none of the data set
_PSEUDONYM = "pseudonym"
_NAME = "session_name"
_README = """\
# {name}

ECG of wearers, exported by ecg-live {version} into the Brain Imaging Data Structure.

- `*_recording-ecg_physio.tsv.gz`: raw ECG in mV, one row a sample, without a header. The columns and the rate are in
  the JSON file of the same name. Lost samples are rows of `n/a`; `Gaps` in the JSON file lists them as first row,
  number of rows, and cause.
- `*_recording-NAME_physio.tsv.gz`: what was recorded beside the ECG. `StartTime` counts from the first ECG sample.
- `*_events.tsv`: markers. `onset` counts from the first ECG sample.
- `participants.tsv`: one row a participant.

Please add authors, licence, funding and ethics approval to `dataset_description.json`, and describe the study here.
"""


class FileContent(NamedTuple):
    """A small file to write."""

    path: Path
    content: bytes


def check_dataset(folder: Path) -> bool:
    """Check that a folder is a data set that a recording can be added to, or can become one; return whether it is one.

    Raises
    ------
    RecordingError
        It is something else.
    """
    other = "name another folder with --out"
    _check_folder(folder)
    try:
        found = [each.name for each in folder.iterdir() if not each.name.startswith(".")] if folder.is_dir() else []
        if not found:
            return False
        if _DESCRIPTION not in found:
            raise RecordingError(f"{folder} holds files and no {_DESCRIPTION}: it is no BIDS data set", other)
        with (folder / _DESCRIPTION).open("rb") as file:
            content = json.loads(file.read(_MAX_DESCRIPTION_BYTES))
    except OSError as error:
        raise RecordingError(f"{folder} cannot be read: {error.strerror}", other) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{folder / _DESCRIPTION}: is no JSON: {error}", f"mend it, or {other}") from error
    if not isinstance(content, dict) or not isinstance(content.get("BIDSVersion"), str):
        raise FormatError(f"{folder / _DESCRIPTION}: states no 'BIDSVersion'", f"mend it, or {other}")
    if (kind := content.get("DatasetType", "raw")) != "raw":
        raise RecordingError(f"{folder}: the data set's 'DatasetType' is {kind!r}, expected 'raw'", other)
    return True


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise RecordingError(
            f"{folder} is a file, expected the folder of a BIDS data set", "name another folder with --out"
        )


@contextlib.contextmanager
def locked_dataset(folder: Path) -> Iterator[None]:
    """Wait until no other export writes to a data set, whose tables both would replace, and hold it.

    The folder is made if it is missing.

    Raises
    ------
    RecordingError
        It is a file, or cannot be made or written to.
    """
    _check_folder(folder)
    with contextlib.ExitStack() as held:
        try:
            private_folder(folder)
            held.enter_context(locked_file(folder / _LOCK))
        except OSError as error:
            where, remedy = folder, "name another folder with --out"
            if os.access(folder / _LOCK, os.F_OK):  # as of another user's export that was killed
                where, remedy = folder / _LOCK, "remove it if no export writes there now, or " + remedy
            raise RecordingError(f"{where} cannot be written to: {error.strerror or error}", remedy) from error
        yield


def dataset_files(folder: Path, entities: BidsEntities) -> Iterator[FileContent]:
    """Files about the whole data set that are new, or get a row.

    Raises
    ------
    RecordingError
        A table cannot be read.
    ConfigError
        Another participant, or session of this participant, has the same label.
    """
    if not (folder / _DESCRIPTION).exists():
        yield FileContent(folder / _DESCRIPTION, as_json(_description(folder)))
        if not any(folder.glob("README*")):
            readme = _README.format(name=_title(folder), version=__version__)
            yield FileContent(folder / "README.md", readme.encode())
    named = {"Description": "Pseudonym under which the participant was recorded."}
    yield from _with_row(folder, "participants", "participant_id", "sub", _PSEUDONYM, named, entities.participant)
    if entities.session is not None:
        named = {"Description": "Name under which the session was recorded."}
        subject, table = folder / entities.subject, f"{entities.subject}_sessions"
        yield from _with_row(subject, table, "session_id", "ses", _NAME, named, entities.session)


def _with_row(
    folder: Path, stem: str, key: str, prefix: str, column: str, described: Mapping[str, str], wanted: Labelled
) -> Iterator[FileContent]:
    """The table ``stem`` with a row for the label, and the description of our column; nothing if it has the row."""
    path = folder / f"{stem}.tsv"
    try:
        table = IndexTable(path, (key, column))
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}", "name another folder with --out") from error
    own, name = f"{prefix}-{wanted.label}", text_cell(wanted.name)
    there = next((each for each in table.ids if each.casefold() == own.casefold()), None)
    if there is None:
        yield FileContent(path, table.appended({key: own, column: name}))
        if not path.exists() and not (folder / f"{stem}.json").exists():
            yield FileContent(folder / f"{stem}.json", as_json({column: described}))
    else:
        known = table.cell(there, column)
        if known in ("", NOT_AVAILABLE):  # of another program
            known = there.removeprefix(f"{prefix}-")
        if there != own or known != name:
            option = "--participant" if prefix == "sub" else "--session"
            raise ConfigError(
                f"{name!r} becomes {own!r} in BIDS, which is that of {known!r} in {path}", f"give another {option}"
            )


def _description(folder: Path) -> Mapping[str, object]:
    return {
        "Name": _title(folder),
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "ecg-live", "Version": __version__}],
    }


def _title(folder: Path) -> str:
    return sanitize(folder.resolve().name).strip() or "ECG"


def subject_of(table: Path, participant: str) -> Path | None:
    """Folder of a participant in the data set of a ``participants.tsv`` that we wrote; None if it names another.

    Raises
    ------
    OSError, RecordingError
        The table cannot be read.
    """
    rows = IndexTable(table, ("participant_id", _PSEUDONYM))
    name = text_cell(participant)
    return next((table.with_name(each) for each in rows.ids if rows.cell(each, _PSEUDONYM) == name), None)


def as_json(content: object) -> bytes:
    """Content of a JSON file."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
