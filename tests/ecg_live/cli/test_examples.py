"""Every ``--help`` shows an example, and its options parse."""

from __future__ import annotations

import re
import shlex

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
