"""Every ``--help`` shows an example, and its options parse."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer.main

from ecg_live.cli.app import app

GROUP: Any = typer.main.get_command(app)


def example(text: str) -> list[str]:
    """Words of the one example in a help text, without the program's name."""
    (line,) = re.findall(r"^Example: ecg-live (.+)$", text, re.MULTILINE)
    return shlex.split(line)


@pytest.mark.parametrize("name", GROUP.commands)
def test_each_commands_help_has_an_example_that_parses(name: str) -> None:
    command = GROUP.commands[name]
    called, *words = example(command.help)
    assert called == name
    context = command.make_context(f"ecg-live {name}", words)
    assert context.params


def test_the_help_of_the_program_has_an_example() -> None:
    called, *words = example(GROUP.epilog)
    assert GROUP.commands[called].make_context("ecg-live", words)
