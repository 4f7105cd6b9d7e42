"""Every ``--help`` shows an example, and its options parse."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.support.command_tree import COMMANDS, ROOT_COMMAND, command_of


def example(text: str) -> list[str]:
    """Words of the one example in a help text, without the program's name."""
    (line,) = re.findall(r"^Example: ecg-live (.+)$", text, re.MULTILINE)
    return shlex.split(line)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_commands_help_has_an_example_that_parses(name: str) -> None:
    command = COMMANDS[name]
    called, words = command_of(example(command.help))
    assert called == name
    context = command.make_context(f"ecg-live {name}", words)
    assert context.params


def test_the_help_of_the_program_has_an_example() -> None:
    called, words = command_of(example(ROOT_COMMAND.epilog))
    assert COMMANDS[called].make_context("ecg-live", words)


FILE_COMMANDS = (
    "verify",
    "report",
    "open",
    "annotate",
    "export",
    "table",
    "split",
    "study",
    "models",
    "evaluate",
    "sweep",
)


@pytest.mark.parametrize("name", FILE_COMMANDS)
def test_a_file_without_permission_is_left_to_its_reader(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader's error is a line with a remedy; the parser's would be a box without one, and exit code 2."""
    words = command_of(example(COMMANDS[name].help))[1]
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # tests may run as root, who may read everything
    assert COMMANDS[name].make_context(name, [str(file), *words[1:]]).params
