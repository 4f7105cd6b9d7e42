"""The manual's commands are those of the command line."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_tree import COMMANDS, ROOT_COMMAND, command_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEXTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((DOCS / "pages").glob("*.md")), *DOCS.glob("examples/*.py")]


def commands(text: str) -> Iterator[list[str]]:
    """Words of all commands in blocks, spans and docstrings, up to a comment, a pipe or a redirection."""
    joined = text.replace("\\\n", " ").replace("`", "\n")
    for line in re.findall(r"(?:^|&& |: +)\s*ecg-live ([a-z-]+(?: .*)?)$", joined, re.MULTILINE):
        plain = re.split(r"\s[#|>]", line)[0]
        if plain.split()[0] in ROOT_COMMAND.commands or " --" in plain:  # else it is prose
            yield shlex.split(plain)


def test_the_committed_page_is_what_the_script_makes() -> None:
    made = runpy.run_path(str(DOCS / "commands.py"))["page"]()
    committed = (DOCS / "pages" / "commands.md").read_text(encoding="utf-8")
    assert committed == made, "the command line has changed: run python docs/commands.py"
    assert made.count("\n### ecg-live ") >= 15


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_command_and_option_in_a_text_exists(path: Path) -> None:
    for words in commands(path.read_text(encoding="utf-8")):
        if words == ["--version"]:
            continue
        name, _ = command_of(words)
        command = COMMANDS[name]
        known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= known, words


def test_commands_are_found_in_texts() -> None:
    assert list(commands("`ecg-live run A --nope`, then\n    ecg-live mark x  # why\n")) == [
        ["run", "A", "--nope"],
        ["mark", "x"],
    ]
    found = [words for path in TEXTS for words in commands(path.read_text(encoding="utf-8"))]
    assert {"run", "train", "forget", "simulate", "mark"} <= {words[0] for words in found}
    assert len(found) > 60
