"""From an ONNX file and what its maker says of it to a checked encoder."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ecg_live.errors import ConfigError
from ecg_live.model.imported.card import ImportedCard
from ecg_live.model.imported.graph_file import metadata, read_graph
from ecg_live.model.imported.trial import try_encoder
from ecg_live.signal.pipeline import PREPROCESSING

CARD_FIELDS = {"name": str, "rate": float, "window": float, "scale": str, "leads": int, "licence": str}
OWN_SOFTWARE = "ecg-live "  # how the metadata of an exported encoder names what made it


def import_encoder(
    path: Path, given: Mapping[str, Any], card_file: Path | None = None, output: str = ""
) -> tuple[bytes, ImportedCard]:
    """A graph of fixed shapes, which was run, and its card.

    Parameters
    ----------
    path : Path
        The ONNX file.
    given : mapping
        What is known of it, by the names of the card's fields; None where nothing is.
    card_file : Path, optional
        A TOML file with more of it.
    output : str
        Name of the embedding, where the graph has several outputs.

    Raises
    ------
    ConfigError
        The card lacks something, cannot be served, or is contradicted by an option or by the file.
    ModelError
        The file is none that can be imported.
    """
    known: dict[str, Any] = {}
    own = exported_card(path)
    for source in (own, _read_card(card_file) if card_file else {}, given):
        for name, value in source.items():
            if value is None:
                continue
            if name != "name" and name in known and known[name] != value:
                raise ConfigError(
                    f"{name} is {known[name]} by the file or its card, and {value} as given", "give one of them"
                )
            known[name] = value
    known.setdefault("name", path.stem)
    missing = [name for name in CARD_FIELDS if name not in known]
    if missing:
        raise ConfigError(
            f"nothing says the {', '.join(missing)} of {path}", f"give --{missing[0]}, or a card.toml with all of them"
        )
    try:
        card = ImportedCard(**known)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}", "give what the encoder was trained with") from error
    graph = read_graph(path, card.samples, output)
    return graph, replace(card, size=try_encoder(graph, card), bytes=len(graph))


def exported_card(path: Path) -> dict[str, Any]:
    """What the metadata of a file says that ``ecg-live encoder export`` wrote; nothing for others.

    Raises
    ------
    ConfigError
        It was trained on another signal path.
    ModelError
        It is no ONNX file.
    """
    found = metadata(path)
    if not found.get("software", "").startswith(OWN_SOFTWARE):
        return {}
    try:
        if json.loads(found["scale"]) != json.loads(json.dumps(PREPROCESSING)):
            raise ConfigError(
                f"{path} learnt from windows of another signal path", "export it from a bundle of this version"
            )
        rate = float(found["rate"])
        return {
            "name": found["name"],
            "rate": rate,
            "window": float(found["window"]) / rate,
            "scale": "none",
            "leads": int(found["leads"]),
            "licence": found["licence"],
        }
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise ConfigError(f"{path}: its metadata lacks or garbles {error}", "export it again") from error


def _read_card(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "give the path of a TOML file") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {error}", "write lines such as rate = 100") from error
    for name, value in found.items():
        wanted = CARD_FIELDS.get(name)
        if wanted is None:
            raise ConfigError(f"{path}: {name!r} is none of {', '.join(CARD_FIELDS)}", "take it out")
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise ConfigError(f"{path}: {name} is {value!r}, expected {wanted.__name__}", "correct it")
    return found
