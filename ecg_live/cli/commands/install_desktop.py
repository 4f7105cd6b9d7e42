"""``ecg-live install-desktop``: an entry in the menu of a Linux desktop, with an icon."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Debug


def install_desktop(
    remove: Annotated[bool, typer.Option("--remove", help="Take the entry away again.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Put ecg-live into the menu of the desktop, for you alone: it starts with a double click (Linux).

    Example: ecg-live install-desktop
    """
    from ecg_live.cli.desktop_entry import install, remove_entry
    from ecg_live.errors import ConfigError

    if not sys.platform.startswith("linux"):
        raise ConfigError(
            f"a desktop entry on {sys.platform}: it is for Linux",
            "on Windows, make a shortcut to ecg-live-desk.exe, which is beside ecg-live.exe",
        )
    for line in remove_entry() if remove else install():
        typer.echo(line)
