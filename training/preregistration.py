"""What was decided before anything was scored: settings and split in files, and their SHA-256 for report and card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecg_live.atomic_write import write_whole
from ecg_live.errors import DatasetError
from ecg_live.model.chance import MAX_ORDER_LOSS
from training.data.kept_back import SubjectSplit
from training.settings import TrainSettings, as_dict

SETTINGS_FILE, SPLIT_FILE, LOG_FILE = "settings.toml", "split.json", "settings_log.jsonl"
RULES = (
    "a set answers only if the 95 % interval of its AUROC on subjects left out lies above .5, in every order scored",
    f"a set that loses more than {MAX_ORDER_LOSS:g} of AUROC in another order of the windows is not shipped",
    "features of head.inputs = auto: the highest AUROC on held-out training subjects, within .005 the simplest",
)


def register(
    folder: Path, dataset: str, labels: Sequence[str], settings: TrainSettings, split: SubjectSplit
) -> Mapping[str, str]:
    """Write settings and split before anything is scored; digests by the file's name.

    ``settings.toml`` can be given to ``--config``. Each new digest is a line of ``settings_log.jsonl``: so the folder
    keeps how many settings were scored before.

    Raises
    ------
    DatasetError
        If the folder cannot be written to.
    """
    split_text = split.to_json()
    about = [f"data set: {dataset}", f"labels: {', '.join(labels)}", f"{SPLIT_FILE}: sha256 {_digest(split_text)}"]
    text = "".join(f"# {line}\n" for line in ("Written before anything was scored.", *about, *RULES))
    text += "\n".join(_toml(as_dict(settings))) + "\n"
    digests = {SETTINGS_FILE: _digest(text), SPLIT_FILE: _digest(split_text)}
    try:
        for name, content in ((SETTINGS_FILE, text), (SPLIT_FILE, split_text)):
            write_whole(folder / name, content.encode())
        if digests not in _registered(folder):
            with (folder / LOG_FILE).open("a", encoding="utf-8") as file:
                file.write(json.dumps(digests) + "\n")
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "give another folder with --work") from error
    return digests


def registration_remark(folder: Path, digests: Mapping[str, str]) -> str:
    """One line for the report: the digests, and how many other settings this folder has scored."""
    others = sum(each != digests for each in _registered(folder))
    before = f"; {others} other settings or splits were scored in the same folder" if others else ""
    named = ", ".join(f"{name} (sha256 {digest[:16]})" for name, digest in digests.items())
    return f"Written before anything was scored: {named}{before}."


def _registered(folder: Path) -> list[Mapping[str, str]]:
    """Digests of all runs in a folder; a line that was cut is left out."""
    path = folder / LOG_FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _toml(values: Mapping[str, Any], table: str = "") -> Iterator[str]:
    """Nested settings as TOML; their values are numbers, texts, truth values and lists of them, as JSON has them."""
    nested = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    if table:
        yield f"\n[{table}]"
    yield from (f"{name} = {json.dumps(value)}" for name, value in values.items() if name not in nested)
    for name, value in nested.items():
        yield from _toml(value, f"{table}.{name}" if table else name)
