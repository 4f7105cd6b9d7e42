"""The commands of the command line, those of groups included, by their whole names."""

from __future__ import annotations

from typing import Any

import typer.main

from ecg_live.cli.app import app

ROOT_COMMAND: Any = typer.main.get_command(app)


def _leaves(group: Any, before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        whole = f"{before}{name}"
        found |= _leaves(command, f"{whole} ") if hasattr(command, "commands") else {whole: command}
    return found


COMMANDS = _leaves(ROOT_COMMAND)


def command_of(words: list[str]) -> tuple[str, list[str]]:
    """Whole name of the command that some words call, and the rest of the words."""
    for length in (2, 1):
        if (name := " ".join(words[:length])) in COMMANDS:
            return name, words[length:]
    raise KeyError(" ".join(words))
