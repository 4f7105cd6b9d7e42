"""``ecg-live encoder export``: a bundle's encoder as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli import print_notice


def export(
    bundle: Annotated[
        Path | None,
        typer.Argument(readable=False, metavar="BUNDLE", help="Bundle of your own; the bundled model without it."),
    ] = None,
    out: Annotated[Path, typer.Option(help="File to write: .onnx.")] = Path("encoder.onnx"),
) -> None:
    """Write a bundle's encoder as an ONNX file with a card: windows of 10 s in, embeddings out.

    Example: ecg-live encoder export model.safetensors --out encoder.onnx
    """
    from ecg_live.model.bundle import load_bundle
    from ecg_live.model.engine.export import export_encoder
    from ecg_live.resources import DEFAULT_MODEL

    card = export_encoder(load_bundle(bundle or DEFAULT_MODEL), out)
    print_notice(f"wrote {out}: {card['input']} to {card['output']}, opset {card['opset']}; licence: {card['licence']}")
