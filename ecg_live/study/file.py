"""Read and write a study file, ``study.toml``; every fault names its line and key.

::

    name = "Lab stress"
    source = "polar:"                            # optional, as all but name and blocks
    required_streams = ["Stimuli"]               # LSL streams that must be there before a session begins
    model = "stress.safetensors"
    record = "{study}_{participant}_{session}.xdf"
    participants = ["P01", "P02"]
    order = "counterbalanced"                    # or "fixed"

    [keys]
    1 = "stimulus on"
    2 = { interval = "cold pressor" }            # first press: start, second: stop

    [self_reports.mood]
    kind = "sam"                                 # sam, slider, grid, likert, text
    question = "How do you feel now?"

    [[blocks]]
    name = "rest"
    seconds = 60
    instruction = "Sit still and relax."
    baseline = true
    in_place = true                              # always first, whatever the order

    [[blocks]]
    name = "task"
    until = "key"                                # or "marker:TEXT", with or without seconds
    self_reports = ["mood"]
    sound = true
"""

from __future__ import annotations

import string
import sys
from collections.abc import Mapping
from dataclasses import fields
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn, get_args

from ecg_live.config import parse_toml
from ecg_live.errors import ConfigError
from ecg_live.study.marker_texts import parse_span_marker, undone_text
from ecg_live.study.plan import (
    DEFAULT_RECORD,
    HEART_RATE,
    SAM_POINTS,
    Begin,
    Block,
    KeyMarker,
    Order,
    ReportKind,
    SelfReport,
    Study,
)
from ecg_live.study.toml_lines import TomlKey, find_line
from ecg_live.text import sanitize

MAX_STUDY_BYTES = 2**20
MAX_BLOCKS, MAX_BLOCK_S = 1000, 24 * 3600.0
MIN_BASELINE_BLOCK_S = 30.0  # three windows
KEYS = tuple("123456789")
MIN_LIKERT_POINTS, MAX_LIKERT_POINTS = 2, 11
SAM_ITEMS = ("valence", "arousal", "dominance")
RECORD_FIELDS = ("study", "participant", "session", "date")
UNTIL_KEY, UNTIL_MARKER = "key", "marker:"


def load_study(path: Path) -> Study:
    """Read a study file.

    Raises
    ------
    ConfigError
        It cannot be read, or a value cannot be; with line and key.
    """
    return parse_study(read_study_text(path), path)


def read_study_text(path: Path) -> str:
    """Text of a study file.

    Raises
    ------
    ConfigError
        It cannot be read.
    """
    try:
        if path.stat().st_size > MAX_STUDY_BYTES:
            raise ConfigError(f"{path}: more than {MAX_STUDY_BYTES >> 20} MiB", "give a study file")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not text in UTF-8", "save it as UTF-8") from error


def parse_study(text: str, path: Path) -> Study:
    """Read the text of a study file; ``path`` is for messages.

    Raises
    ------
    ConfigError
        A value cannot be; a `StudyFault` with line and key.
    """
    return _StudyReader(path, text, parse_toml(text, path)).read()


class StudyFault(ConfigError):
    """A value of a study file that cannot be.

    Parameters
    ----------
    path : Path
    line : int
        From 1.
    key : TomlKey
        Where it stands.
    found, remedy : str
    """

    def __init__(self, path: Path, line: int, key: TomlKey, found: str, remedy: str) -> None:
        self.line = line
        self.key = key
        name = ".".join(str(part + 1) if isinstance(part, int) else part for part in key)
        super().__init__(f"{path}, line {line}: {name}: {found}", remedy)


class _StudyReader:
    """Turns what TOML gave into a study, checking each value."""

    def __init__(self, path: Path, text: str, found: Mapping[str, Any]) -> None:
        self._path = path
        self._text = text
        self._found = found

    def read(self) -> Study:
        found = self._found
        self._check_names(found, (), [field.name for field in fields(Study)])
        reports = {
            name: self._self_report(name, table) for name, table in self._table(found, ("self_reports",)).items()
        }
        blocks = self._blocks(reports)
        participants = self._texts(found, ("participants",))
        order = self._one_of(found, ("order",), get_args(Order), "fixed")
        if order == "counterbalanced" and not participants:
            self._refuse(("order",), "counterbalanced needs the list of participants", "list all of them")
        return Study(
            name=self._text_of(found, ("name",)) or self._refuse(("name",), "missing", "name the study"),
            blocks=blocks,
            source=self._text_of(found, ("source",)) or None,
            required_streams=self._texts(found, ("required_streams",)),
            markers=self._text_of(found, ("markers",)) or None,
            also=self._texts(found, ("also",)),
            model=self._text_of(found, ("model",)) or None,
            record=self._record(found),
            participants=participants,
            order=order,
            keys={key: self._key(key, value) for key, value in self._table(found, ("keys",)).items()},
            self_reports=reports,
        )

    def _blocks(self, reports: Mapping[str, SelfReport]) -> tuple[Block, ...]:
        tables = self._found.get("blocks")
        if not isinstance(tables, list) or not tables or len(tables) > MAX_BLOCKS:
            count = len(tables) if isinstance(tables, list) else 0
            self._refuse(("blocks",), f"{count} blocks; 1 to {MAX_BLOCKS} are possible", "begin each with [[blocks]]")
        blocks = tuple(self._block(table, ("blocks", k), reports) for k, table in enumerate(tables))
        names = [block.name for block in blocks]
        for k, name in enumerate(names):
            if name in names[:k]:
                self._refuse(("blocks", k, "name"), f"two blocks are named {name!r}", "give each its own name")
        return blocks

    def _block(self, table: object, key: TomlKey, reports: Mapping[str, SelfReport]) -> Block:
        if not isinstance(table, dict):
            self._refuse(key, "not a table", "begin each block with [[blocks]]")
        known = [field.name for field in fields(Block) if field.name != "until_marker"]
        self._check_names(table, key, [*known, "until"])
        seconds = self._number(table, (*key, "seconds"), 0.0, MAX_BLOCK_S)
        until = self._text_of(table, (*key, "until"))
        marker = until.removeprefix(UNTIL_MARKER).strip() if until.startswith(UNTIL_MARKER) else ""
        if until not in {"", UNTIL_KEY} and not marker:
            self._refuse((*key, "until"), f"{until!r}; it is key or marker:TEXT", "mend it")
        if seconds is None and not until:
            self._refuse((*key, "seconds"), "missing: the block would never end", 'give seconds, or until = "key"')
        if seconds is not None and until == UNTIL_KEY:
            self._refuse((*key, "until"), "a block with seconds ends by itself", "leave one of the two out")
        baseline = self._switch(table, (*key, "baseline"))
        if baseline and seconds is not None and seconds < MIN_BASELINE_BLOCK_S:
            limit = f"a resting baseline needs at least {MIN_BASELINE_BLOCK_S:g} s"
            self._refuse((*key, "seconds"), f"{seconds:g}; {limit}", "make the block longer")
        asked = self._texts(table, (*key, "self_reports"))
        for each in asked:
            if each not in reports:
                known_reports = ", ".join(reports) or "none"
                self._refuse((*key, "self_reports"), f"{each!r} is not one of {known_reports}", "describe it first")
        rating = self._text_of(table, (*key, "rating")) or None
        if rating is not None and (rating not in reports or reports[rating].kind != "grid"):
            known_grids = ", ".join(name for name, report in reports.items() if report.kind == "grid") or "none"
            self._refuse(
                (*key, "rating"), f"{rating!r} is no self-report of kind grid; known are {known_grids}", "mend it"
            )
        biofeedback = self._text_of(table, (*key, "biofeedback")) or None
        labels = self._switch(table, (*key, "labels"))
        if labels and biofeedback in {None, HEART_RATE}:
            self._refuse((*key, "labels"), "no head is shown whose label it could be", "name one as biofeedback")
        return Block(
            name=self._span_name((*key, "name"), self._text_of(table, (*key, "name")), "missing", "name the block"),
            seconds=seconds,
            until_marker=marker or None,
            instruction=self._text_of(table, (*key, "instruction"), lines=True),
            baseline=baseline,
            sound=self._switch(table, (*key, "sound")),
            self_reports=asked,
            in_place=self._switch(table, (*key, "in_place")),
            begin=self._one_of(table, (*key, "begin"), get_args(Begin), "at once"),
            countdown=self._switch(table, (*key, "countdown")),
            biofeedback=biofeedback,
            labels=labels,
            rating=rating,
            heads=self._texts(table, (*key, "heads")),
        )

    def _key(self, name: str, value: object) -> KeyMarker:
        key: TomlKey = ("keys", name)
        if name not in KEYS:
            self._refuse(key, f"{name!r} is not one of 1 to 9", "choose another key")
        if isinstance(value, dict):
            self._check_names(value, key, ["interval"])
            text = self._text_of(value, (*key, "interval"))
            return KeyMarker(self._span_name((*key, "interval"), text, "an empty text", "name what it marks"), True)
        text = self._text_of({name: value}, key)
        if parse_span_marker(text) or undone_text(text):
            self._refuse(key, f"{text!r} is what blocks, intervals and undo write themselves", "choose another text")
        return KeyMarker(text or self._refuse(key, "an empty text", "name what it marks"))

    def _span_name(self, key: TomlKey, name: str, missing: str, remedy: str) -> str:
        """A name that becomes part of a marker's text."""
        if "/" in name:
            self._refuse(key, f"{name!r}: a slash separates the parts of a marker", "write - instead")
        return name or self._refuse(key, missing, remedy)

    def _self_report(self, name: str, table: object) -> SelfReport:
        key: TomlKey = ("self_reports", name)
        if not isinstance(table, dict):
            self._refuse(key, "not a table", f"begin it with [self_reports.{name}]")
        self._check_names(table, key, [field.name for field in fields(SelfReport) if field.name != "name"])
        kind = self._one_of(table, (*key, "kind"), get_args(ReportKind), None)
        items = self._texts(table, (*key, "items")) or (SAM_ITEMS[:2] if kind == "sam" else ())
        if kind == "sam" and (wrong := [item for item in items if item not in SAM_ITEMS]):
            self._refuse((*key, "items"), f"{wrong[0]!r}; a SAM has {', '.join(SAM_ITEMS)}", "mend it")
        if kind == "likert" and not items:
            self._refuse((*key, "items"), "missing: a Likert scale has at least one item", "list the items")
        points = self._number(table, (*key, "points"), MIN_LIKERT_POINTS, MAX_LIKERT_POINTS)
        if points is not None and (points != int(points) or kind != "likert"):
            self._refuse((*key, "points"), f"{points:g}: whole points of a Likert scale", "mend it, or leave it out")
        anchors = self._texts(table, (*key, "anchors")) or ("", "")
        if len(anchors) != 2:
            self._refuse((*key, "anchors"), f"{len(anchors)} texts; there are two ends", "give two texts")
        question = self._text_of(table, (*key, "question"), lines=True)
        ends = (anchors[0], anchors[1])
        heads = self._texts(table, (*key, "heads"))
        return SelfReport(name, kind, question, items, int(points or SAM_POINTS), ends, heads)

    def _record(self, found: Mapping[str, Any]) -> str:
        template = self._text_of(found, ("record",)) or DEFAULT_RECORD
        try:
            used = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
        except ValueError as error:
            self._refuse(("record",), f"{template!r}: {error}", "close each brace")
        if unknown := used - set(RECORD_FIELDS):
            known = ", ".join(f"{{{name}}}" for name in RECORD_FIELDS)
            self._refuse(("record",), f"{{{min(unknown)}}} is unknown; known are {known}", "mend the template")
        if not {"participant", "date"} & used:
            self._refuse(("record",), "all participants would have one file", "add {participant} or {date}")
        try:
            name = template.format_map(dict.fromkeys(RECORD_FIELDS, "x"))
        except (ValueError, LookupError) as error:  # what stands behind a name, such as {participant:d}
            self._refuse(("record",), f"{template!r}: {error}", "write names in braces alone")
        if Path(name).anchor:
            self._refuse(
                ("record",),
                f"{template!r} is no path from the study file on",
                "leave its root out; --record may have one",
            )
        return template

    def _check_names(self, table: Mapping[str, Any], key: TomlKey, known: list[str]) -> None:
        for name in table:
            if name not in known:
                self._refuse((*key, name), f"unknown; known are {', '.join(known)}", "mend the name")

    def _table(self, found: Mapping[str, Any], key: TomlKey) -> dict[str, Any]:
        value = found.get(str(key[-1]), {})
        if not isinstance(value, dict):
            self._refuse(key, "not a table", f"begin it with [{key[-1]}]")
        return value

    def _text_of(self, table: Mapping[str, Any], key: TomlKey, *, lines: bool = False) -> str:
        value = table.get(str(key[-1]), "")
        if not isinstance(value, str):
            self._refuse(key, f"{value!r} is not a text", "put it in quotation marks")
        clean = "\n".join(map(sanitize, value.splitlines())) if lines else sanitize(value)
        return clean.strip()

    def _texts(self, table: Mapping[str, Any], key: TomlKey) -> tuple[str, ...]:
        value = table.get(str(key[-1]), [])
        if not isinstance(value, list):
            self._refuse(key, f"{value!r} is not a list", 'write ["one", "two"]')
        found = tuple(self._text_of({str(key[-1]): each}, key) for each in value)
        if "" in found or len(set(found)) != len(found):
            self._refuse(key, "an empty text, or one that stands twice", "mend the list")
        return found

    def _number(self, table: Mapping[str, Any], key: TomlKey, low: float, high: float) -> float | None:
        value = table.get(str(key[-1]))
        if value is None:
            return None
        if isinstance(value, int) and abs(value) > sys.float_info.max:
            self._refuse(key, "more than a number can be", "mend it")
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            self._refuse(key, f"{value!r} is not a number", "mend it")
        if not low <= value <= high or value == 0:
            self._refuse(key, f"{value:g}; from {low:g} to {high:g} are possible", "mend it")
        return float(value)

    def _switch(self, table: Mapping[str, Any], key: TomlKey) -> bool:
        value = table.get(str(key[-1]), False)
        if not isinstance(value, bool):
            self._refuse(key, f"{value!r} is neither true nor false", "mend it")
        return value

    def _one_of(self, table: Mapping[str, Any], key: TomlKey, known: tuple[str, ...], default: str | None) -> Any:
        value = table.get(str(key[-1]), default)
        if value not in known:
            found = "missing" if value is None else repr(value)
            self._refuse(key, f"{found}; known are {', '.join(known)}", "choose one of them")
        return value

    def _refuse(self, key: TomlKey, found: str, remedy: str) -> NoReturn:
        raise StudyFault(self._path, find_line(self._text, key), key, found, remedy)
