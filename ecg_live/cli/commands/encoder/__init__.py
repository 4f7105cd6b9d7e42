"""``ecg-live encoder``: encoders in files of their own, for and from other programs."""

from __future__ import annotations

import typer

from ecg_live.cli.commands.encoder.export import export
from ecg_live.cli.commands.encoder.import_ import import_

encoder = typer.Typer(
    name="encoder",
    help="Encoders in files of their own, for and from other programs.\n\n"
    "Example: ecg-live encoder export --out encoder.onnx",
    no_args_is_help=True,
)
encoder.command()(export)
encoder.command("import")(import_)
