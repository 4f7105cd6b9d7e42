"""The command line: which commands there are, in the order of ``--help``."""

from __future__ import annotations

from typing import Annotated

import typer

from ecg_live.cli.commands import machine, models, recorded, session

GROUPS = {
    "Sessions": (session.demo, session.run, session.mark),
    "Recordings": (recorded.verify, recorded.report, recorded.export, recorded.forget),
    "Devices and this machine": (machine.devices, machine.simulate, machine.doctor),
    "Models": (models.models, models.train, models.evaluate, models.fetch, models.sweep),
}

app = typer.Typer(
    name="ecg-live",
    help="Watch a wearer's ECG turn into a calibrated, quality-gated estimate of affect. Research use only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group, commands in GROUPS.items():
    for command in commands:
        app.command(rich_help_panel=group)(command)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Options of all commands."""
    if version:
        from ecg_live import __version__

        typer.echo(f"ecg-live {__version__}")
        raise typer.Exit
