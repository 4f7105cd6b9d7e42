"""``ecg-live desk``: the start page, from which sessions are begun."""

from __future__ import annotations

import typer

from ecg_live.cli.commands.options import Debug, Log


def desk(log: Log = None, debug: Debug = False) -> None:
    """Show the start page: choose a device or a recording, check the signal, and begin a session.

    Example: ecg-live desk --log desk.log
    """
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.cli.desk import run_desk

    raise typer.Exit(run_desk(log, debug=debug))
