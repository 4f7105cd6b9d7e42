"""``ecg-live`` without a command: an application that takes commands, its version and its help."""

from __future__ import annotations

from typing import Annotated

import typer

HELP_EXIT_CODE = 2  # no command where one is needed, as for a wrong option


def new_app() -> typer.Typer:
    """Return an application without commands."""
    app = typer.Typer(
        name="ecg-live",
        help="Watch a wearer's ECG turn into calibrated, quality-gated estimates. Research use only.",
        epilog="Example: ecg-live demo",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(root)
    return app


def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Without a command: the start page (see `ecg_live.cli.main`), or this help where there is no screen."""
    if version:
        from ecg_live import __version__

        typer.echo(f"ecg-live {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(HELP_EXIT_CODE)
