"""A bundle's encoder as an ONNX file that other programs run, with a card that says what it takes."""

from __future__ import annotations

import json
from pathlib import Path

from onnx import helper

from ecg_live import __version__
from ecg_live.atomic_write import write_whole
from ecg_live.constants import EMBEDDING_SIZE, MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.errors import ConfigError, ModelError
from ecg_live.model.bundle import Bundle
from ecg_live.model.engine.graph import OPSET, window_graph

SUFFIX = ".onnx"
BATCH = "windows"  # name of the free dimension


def export_encoder(bundle: Bundle, path: Path) -> dict[str, str]:
    """Write a bundle's encoder as ONNX; return the card, which is the file's metadata.

    The graph takes ``windows``, float32 (windows, 2560), and gives ``embedding``, float32 (windows, 128); the number of
    windows is free. The metadata's entries are texts: ``rate`` in Hz, ``window`` in samples, ``leads``, and ``scale``,
    the JSON of the bundle's preprocessing, beside name, data and licence.

    Raises
    ------
    ConfigError
        The name does not end in .onnx, or the encoder is not the convolutional one.
    ModelError
        The file cannot be written.
    """
    if path.suffix.lower() != SUFFIX:
        raise ConfigError(f"{path} is no name for an ONNX file", f"end it in {SUFFIX}")
    if bundle.card.encoder:
        kind = bundle.card.encoder["kind"]
        raise ConfigError(
            f"an encoder of kind {kind!r} has no graph here; the convolutional one has",
            "export it by the package that provides it",
        )
    card = encoder_card(bundle)
    model = window_graph(bundle.encoder, bundle.card.padding, BATCH)
    helper.set_model_props(model, card)
    try:
        write_whole(path, model.SerializeToString())
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", "choose a place that can be written to, and has room") from error
    return card


def encoder_card(bundle: Bundle) -> dict[str, str]:
    """What an exported encoder takes and gives, what it learnt from, and under which licence it is."""
    card = bundle.card
    return {
        "name": f"encoder of {card.name}",
        "input": f"windows ({BATCH}, {WINDOW_SAMPLES}) float32",
        "output": f"embedding ({BATCH}, {EMBEDDING_SIZE}) float32",
        "rate": f"{MODEL_RATE_HZ}",
        "window": f"{WINDOW_SAMPLES}",
        "scale": json.dumps(dict(card.preprocessing)),
        "leads": "1",
        "padding": card.padding,
        "opset": f"{OPSET}",
        "data": "; ".join(card.pretext.get("data", ())) or card.data,
        "licence": card.licence,
        "software": f"ecg-live {__version__}",
    }
