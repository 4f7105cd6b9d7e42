"""Names follow the glossary of the manual: one thing has one word, classes have one name each, constants a subject."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("ecg_live", "devices", "training")
GLOSSARY = ROOT / "docs" / "pages" / "glossary.md"
# Fields that JSON files and model cards are written with.
SCHEMA_FIELDS = {("training/results.py", "people"), ("training/results.py", "people_seen")}
# Constants of one word that are clear only with the comment beside them.
ONE_WORD_CONSTANTS = """
    about again ahead alike answer apart around asked away before behind beside beyond block bridged close crowded
    deep drawn edge edges empty ends enough far fewest fine give inside kept largest last late lead least letters
    line limit long longest looks made most named names need none number once open other ours own patience people
    place poll recent same settled shortest shown slowest smallest step steps told wide within words
"""


class Defined(NamedTuple):
    """A name that a module defines: a class, function, parameter, variable or attribute."""

    place: str
    name: str


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_helper(path: Path) -> bool:
    return not path.name.startswith("test_") and "typings" not in path.parts


def words(name: str) -> set[str]:
    """``maxGapS`` and ``MAX_GAP_S`` hold the words max, gap and s."""
    return {word.casefold() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def banned() -> dict[str, str]:
    """Words that the glossary bans from names, each with those that replace it."""
    section = GLOSSARY.read_text(encoding="utf-8").split("## Words that names do not use")[1]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section.split("|---|---|")[1], re.MULTILINE)
    return {word.strip(): use for cells, use in rows for word in cells.split(",")}


def defined(path: Path) -> Iterator[Defined]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield Defined(f"{path.relative_to(ROOT)}:{node.lineno}", node.name)
        elif isinstance(node, ast.arg):
            yield Defined(f"{path.relative_to(ROOT)}:{node.lineno}", node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield Defined(f"{path.relative_to(ROOT)}:{node.lineno}", node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield Defined(f"{path.relative_to(ROOT)}:{node.lineno}", node.attr)


def constants(path: Path) -> Iterator[Defined]:
    """Constants at the top of a module, also those that are assigned together."""
    for node in tree(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for name in (each for target in targets if target is not None for each in ast.walk(target)):
            if isinstance(name, ast.Name) and name.id.isupper():
                yield Defined(f"{path.relative_to(ROOT)}:{node.lineno}", name.id)


def test_no_name_uses_a_word_that_the_glossary_replaces() -> None:
    instead = banned()
    found = [
        f"{place}: {name}: {word} -> {instead[word]}"
        for path in [*modules(*PRODUCT), *filter(is_helper, modules("tests"))]
        for place, name in defined(path)
        for word in sorted(words(name) & instead.keys())
        if (place.split(":")[0], name) not in SCHEMA_FIELDS
    ]
    assert not found, "\n".join(found)


def test_a_class_has_one_name_in_the_product() -> None:
    places = defaultdict(list)
    for path in modules(*PRODUCT):
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_constant_says_what_it_is_of() -> None:
    unclear = ONE_WORD_CONSTANTS.split()
    found = [
        f"{place}: {name}"
        for path in modules(*PRODUCT)
        for place, name in constants(path)
        if name.strip("_").casefold() in unclear
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "parts"),
    [("people_seen", {"people", "seen"}), ("MAX_GAP_S", {"max", "gap", "s"}), ("_TellPerson2", {"tell", "person"})],
)
def test_names_are_split_into_words(name: str, parts: set[str]) -> None:
    assert words(name) == parts
