"""A study file that is edited: its values change, its comments and order stay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item, Table

from ecg_live.atomic_write import write_whole
from ecg_live.errors import ConfigError
from ecg_live.study.file import parse_study
from ecg_live.study.plan import Study

NEW_STUDY = """\
name = "New study"
participants = ["P01", "P02"]
order = "fixed"                              # or "counterbalanced"

[keys]
1 = "stimulus on"

[[blocks]]
name = "rest"
seconds = 60
instruction = "Sit still and relax."
baseline = true                              # begins the resting baseline
in_place = true                              # always first, whatever the order

[[blocks]]
name = "task"
seconds = 180
"""


class StudyDocument:
    """The text of a study file, and its values.

    Parameters
    ----------
    text : str
        TOML.
    path : Path
        Of the file, for messages.

    Raises
    ------
    ConfigError
        It is not TOML.
    """

    def __init__(self, text: str, path: Path) -> None:
        self._path = path
        try:
            self._document = tomlkit.parse(text)
        except (TOMLKitError, ValueError) as error:
            raise ConfigError(f"{path}: {error}", "mend the file in a text editor") from error

    @property
    def text(self) -> str:
        """The whole file."""
        return tomlkit.dumps(self._document)

    def values(self) -> dict[str, Any]:
        """Plain values, as TOML has them."""
        return dict(self._document.unwrap())

    def change(self, values: Mapping[str, Any]) -> None:
        """Make these the values; what is the same stays as it is written, with its comments.

        A file with tables in an unusual form may not be changed in place: then it is written again, without comments.
        """
        _change(self._document, values)
        if not self._reads_as(values):
            tables = {key: value for key, value in values.items() if _has_tables(value)}
            self._document = tomlkit.document()
            _change(self._document, {key: value for key, value in values.items() if key not in tables} | tables)

    def _reads_as(self, values: Mapping[str, Any]) -> bool:
        try:
            return bool(tomlkit.parse(self.text).unwrap() == values)
        except TOMLKitError:
            return False

    def check(self) -> Study:
        """The study that the text plans.

        Raises
        ------
        ConfigError
            As `ecg_live.study.file.parse_study`.
        """
        return parse_study(self.text, self._path)

    def save(self, path: Path) -> None:
        """Write the file as a whole, or not at all.

        Raises
        ------
        ConfigError
            It cannot be written.
        """
        try:
            write_whole(path, self.text.encode())
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}", "choose another folder") from error
        self._path = path


def _change(table: Any, values: Mapping[str, Any], *, inline: bool = False) -> None:
    """Change a table, or the document, in place; new tables in it are written in one line if ``inline``."""
    for key in [key for key in table if key not in values]:
        del table[key]
    for key, value in values.items():
        before = table.get(key)
        if before is not None and _plain(before) == value:
            continue
        if isinstance(before, Table) and isinstance(value, Mapping):
            _change(before, value, inline=key == "keys")
        elif value and isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
            _change_tables(table, key, before, value)
        else:
            _assign(table, key, value, inline=inline)


def _change_tables(table: Any, key: str, before: Any, values: list[Mapping[str, Any]]) -> None:
    """Change an array of tables: one that had the same name before, or stands where it stood, keeps its comments."""
    old = list(before) if isinstance(before, AoT) else []
    names = [_plain(each).get("name") for each in old]
    wanted = [value.get("name") for value in values]
    moved = len(names) != len(wanted) or any(
        one != two and (one in wanted or two in names) for one, two in zip(names, wanted, strict=True)
    )
    if moved:  # else some have a new name at most
        found = dict(zip(names, old, strict=True))
        array = tomlkit.aot()
        for name in wanted:
            array.append(found.pop(name, None) or tomlkit.table())
        table[key] = array
    for each, value in zip(table[key], values, strict=True):
        _change(each, value)


def _has_tables(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(each, Mapping) for each in value))


def _assign(table: Any, key: str, value: Any, *, inline: bool) -> None:
    """Write a value; the comment behind an old one stays."""
    if isinstance(value, Mapping) and inline:
        item: Any = tomlkit.inline_table()
        item.update(value)
    elif isinstance(value, str) and "\n" in value:
        item = tomlkit.string(value, multiline=True)
    else:
        item = tomlkit.item(value)
    before = table.get(key)
    comment = before.trivia.comment if isinstance(before, Item) else ""
    if isinstance(before, Item) and comment and not isinstance(item, Table | AoT):
        item.trivia.comment_ws, item.trivia.comment = before.trivia.comment_ws, comment
    table[key] = item


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item
