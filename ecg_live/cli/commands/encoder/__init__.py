"""``ecg-live encoder``: encoders in files of their own, for and from other programs."""

from __future__ import annotations

import typer

from ecg_live.cli.commands.encoder.export import export

encoder = typer.Typer(
    name="encoder",
    help="Encoders in files of their own, for other programs.\n\nExample: ecg-live encoder export --out encoder.onnx",
    no_args_is_help=True,
)
encoder.command()(export)


@encoder.callback()
def group() -> None:
    """Make it a group, even of a single command."""
