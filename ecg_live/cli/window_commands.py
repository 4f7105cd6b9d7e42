"""The commands whose window a user waits for, each as an application of its own.

All commands together take a quarter of a second to load and describe; one takes a twentieth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from ecg_live.cli.root import new_app


def window_app(words: Sequence[str]) -> typer.Typer | None:
    """Return an application of only the command that the words begin with; None if it opens no window."""
    command = _command(words[0]) if words else None
    if command is None:
        return None
    app = new_app()
    app.command(words[0])(command)
    return app


def _command(name: str) -> Callable[..., None] | None:
    """Return a command that opens a window."""
    if name == "demo":
        from ecg_live.cli.commands.demo import demo

        return demo
    if name == "run":
        from ecg_live.cli.commands.run import run

        return run
    if name == "open":
        from ecg_live.cli.commands.open import open_

        return open_
    return None
