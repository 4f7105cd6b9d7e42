"""Write the command reference from the command line itself: ``python docs/commands.py``.

The page is committed; a test compares it with what this script makes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from ecg_live.cli.app import app

PAGE = Path(__file__).with_name("pages") / "commands.md"
HEAD = """# Command reference

<!-- Made by docs/commands.py from the command line itself: change the commands, then run it again. -->

`ecg-live COMMAND --help` prints the same text. `ecg-live --version` prints the version.
[Exit codes](outputs.md#exit-codes) are the same for all commands.
"""


def page() -> str:
    """Make the whole page, the same whatever the terminal."""
    group: Any = typer.main.get_command(app)
    parts, title = [HEAD], ""
    for command in group.commands.values():
        if command.rich_help_panel != title:
            title = command.rich_help_panel
            parts.append(f"\n## {title}\n")
        for name, each in _leaves(command.name, command):
            parts += _command(name, each)
    return "\n".join(parts).replace("\n\n\n", "\n\n").rstrip() + "\n"


def _leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command, or those of a group, by their whole names."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for each in command.commands.values():
        yield from _leaves(f"{name} {each.name}", each)


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and "--help" not in each.opts]
    yield f"\n### ecg-live {name}\n"
    for paragraph in inspect.cleandoc(f"{command.help or ''}\n\n{command.epilog or ''}").split("\n\n"):
        yield _paragraph(paragraph)
    usage = " ".join(["ecg-live", name, *map(_metavar, arguments), *(["[OPTIONS]"] if options else [])])
    yield f"```\n{usage}\n```\n"
    if arguments:
        yield "| argument | meaning |\n|---|---|"
        yield "".join(f"| `{_metavar(each)}` | {_cell(each)} |\n" for each in arguments)
    if options:
        yield "| option | meaning |\n|---|---|"
        yield "".join(f"| {_spelled(each)} | {_cell(each)} |\n" for each in options)


def _paragraph(text: str) -> str:
    """Keep the lines of a block (its first line is click's mark, a backspace), and join those of other text."""
    if text.startswith("Example: "):
        return f"Example: `{_plain(text.removeprefix('Example: '))}`\n"
    mark, _, lines = text.partition("\n")
    return f"```\n{lines}\n```\n" if mark.strip() == "\b" else f"{_plain(text)}\n"


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _spelled(option: Any) -> str:
    """An option as it is typed, with the name of its value."""
    value = "" if option.is_flag else f" {option.metavar or option.name.removeprefix('as_').upper()}"
    both = [f"`{name}{value}`" for name in [*option.opts, *option.secondary_opts]]
    return " or ".join(both).replace("|", " or ")  # a bar would end the cell


def _cell(parameter: Any) -> str:
    text = _plain(parameter.help or "")
    default = parameter.default
    if default not in (None, "", False, ()) and isinstance(default, (str, int, float, Path)):
        text += f" Default: `{default}`."
    if parameter.param_type_name == "option" and parameter.required:
        text += " Required."
    return text.replace("|", r"\|").strip()


def _plain(text: str) -> str:
    """Help text without the escapes of terminal markup, on one line."""
    return " ".join(text.replace(r"\[", "[").split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
