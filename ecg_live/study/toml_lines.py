"""On which line of a TOML file a key stands, for messages: the standard library's parser does not tell."""

from __future__ import annotations

import re
from collections import Counter

TomlKey = tuple[str | int, ...]  # tables by name, elements of arrays of tables by number, then the key
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w-]+)\s*(\.|=)""")


def find_line(text: str, key: TomlKey) -> int:
    """Number of the line, from 1, on which a key stands, or the nearest table around it; 1 where none is found."""
    lines = _lines(text)
    while key:
        if key in lines:
            return lines[key]
        key = key[:-1]
    return 1


def _lines(text: str) -> dict[TomlKey, int]:
    """Lines of all tables and of all keys that begin a line."""
    found: dict[TomlKey, int] = {}
    arrays: Counter[tuple[str, ...]] = Counter()
    table: TomlKey = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            names = tuple(_unquoted(part) for part in header[2].split("."))
            table = names
            if header[1] == "[[":
                table = (*names, arrays[names])
                arrays[names] += 1
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, _unquoted(key[1])), number)
    return found


def _unquoted(name: str) -> str:
    return name.strip().strip("\"'")
