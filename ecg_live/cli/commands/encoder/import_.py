"""``ecg-live encoder import``: an encoder that another program trained, as a file that training takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli import print_notice


def import_(
    file: Annotated[
        Path,
        typer.Argument(readable=False, metavar="FILE", help="ONNX file, with one window in and its embedding out."),
    ],
    out: Annotated[Path, typer.Option(help="File to write: .safetensors.")] = Path("encoder.safetensors"),
    card: Annotated[Path | None, typer.Option(help="TOML file with the values of the options below.")] = None,
    rate: Annotated[float | None, typer.Option(help="Sampling rate of its input in Hz.")] = None,
    window: Annotated[float | None, typer.Option(help="Length of its input in s, at most 10.")] = None,
    scale: Annotated[str | None, typer.Option(help="Scale of its input: zscore, robust or none.")] = None,
    leads: Annotated[int | None, typer.Option(help="Leads of its input; 1 can be served.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of its weights.")] = None,
    name: Annotated[str | None, typer.Option(help="What cards call it; the file's name without it.")] = None,
    output: Annotated[str, typer.Option(help="Name of the embedding, where there are several outputs.")] = "",
) -> None:
    """Check an encoder that another program trained, and write it as a file for train --encoder.

    Example: ecg-live encoder import wild.onnx --rate 100 --window 10 --scale zscore --leads 1 --licence MIT
    """
    from ecg_live.model.imported.encoder_file import save_imported
    from ecg_live.model.imported.import_encoder import import_encoder

    given = {"rate": rate, "window": window, "scale": scale, "leads": leads, "licence": licence, "name": name}
    graph, made = import_encoder(file, given, card, output)
    save_imported(graph, made, out)
    print_notice(
        f"wrote {out}: {made.name}, {made.samples} samples at {made.rate:g} Hz to an embedding of {made.size}; "
        f"licence: {made.licence}"
    )
