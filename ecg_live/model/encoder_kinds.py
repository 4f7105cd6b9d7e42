"""Encoders as PyTorch modules by their kind: the built-in ones, and those that plug-ins add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ecg_live.constants import EMBEDDING_SIZE, WINDOW_SAMPLES
from ecg_live.errors import BundleError
from ecg_live.model.bundle import Bundle
from ecg_live.model.card import ModelCard
from ecg_live.model.encoder import ConvEncoder, Encoder
from ecg_live.model.engine.protocol import EncoderEngine
from ecg_live.model.engine.torch_engine import TorchEngine
from ecg_live.model.imported.module import ImportedEncoder
from ecg_live.model.s4d import build_s4d
from ecg_live.model.torch_weights import load_arrays, module_arrays
from ecg_live.plugins import PluginGroup, broken_plugin, load_plugin, plugin_names

GROUP: PluginGroup = "ecg_live.encoders"
S4D_KIND = "s4d"  # built in, beside the convolutional one that a card does not describe
EMBEDDING_SHAPE = (1, EMBEDDING_SIZE)


def torch_encoder(bundle: Bundle) -> Encoder:
    """A bundle's encoder as a module with its weights, in evaluation mode.

    Raises
    ------
    BundleError, ConfigError
        As `encoder_of`.
    """
    encoder = encoder_of(bundle.card)
    load_arrays(encoder, bundle.encoder)
    return encoder.eval()


def engine_of(encoder: Encoder) -> EncoderEngine:
    """The engine that runs an encoder live; where it is PyTorch's own, the module must stay as it is."""
    if isinstance(encoder, ConvEncoder):
        from ecg_live.model.engine.onnx_engine import OnnxEngine  # noqa: PLC0415 - as in `open_engine`

        return OnnxEngine(module_arrays(encoder), encoder.padding)
    return encoder.engine() if isinstance(encoder, ImportedEncoder) else TorchEngine(encoder.eval())


def encoder_of(card: ModelCard) -> Encoder:
    """Encoder that a card describes, with weights still to be filled in.

    Raises
    ------
    BundleError
        No installed plug-in provides its kind.
    ConfigError
        The plug-in cannot be imported, or does not build an encoder.
    """
    if not card.encoder:
        return ConvEncoder(card.padding)
    if card.imported:
        return ImportedEncoder(card.imported)
    return build_encoder(card.encoder["kind"], card.encoder["config"])


def build_encoder(kind: str, config: Mapping[str, Any]) -> Encoder:
    """Encoder of a built-in kind, or that the plug-in of this name builds, from a configuration; in evaluation mode.

    Raises
    ------
    BundleError
        No installed plug-in provides this kind, or a built-in one has no such configuration.
    ConfigError
        The plug-in cannot be imported, or does not build an encoder.
    """
    if kind == S4D_KIND:
        try:
            return build_s4d(config).eval()
        except ValueError as error:
            raise BundleError(f"encoder of kind {kind}: {error}", "copy it again, or train it again") from error
    build = load_plugin(GROUP, kind)
    if build is None:
        installed = ", ".join(plugin_names(GROUP)) or "none"
        raise BundleError(
            f"no installed plug-in provides encoders of kind {kind!r}; installed ({GROUP}): {installed}",
            "install the package that provides it",
        )
    try:
        encoder = build(dict(config))
    except Exception as error:
        raise broken_plugin(GROUP, kind, f"fails at the configuration {config}", error) from error
    if not isinstance(encoder, Encoder):
        found = f"found {type(encoder).__name__}, expected an ecg_live.model.encoder.Encoder"
        raise broken_plugin(GROUP, kind, "builds no encoder", found)
    _check_shape(kind, encoder.eval())
    return encoder


@torch.no_grad()
def _check_shape(kind: str, encoder: Encoder) -> None:
    """Have an encoder embed one window of zeros."""
    try:
        found = tuple(encoder(torch.zeros(1, WINDOW_SAMPLES)).shape)
    except Exception as error:
        raise broken_plugin(GROUP, kind, f"fails at a window of (1, {WINDOW_SAMPLES})", error) from error
    if found != EMBEDDING_SHAPE:
        reason = f"found {found} for one window, expected {EMBEDDING_SHAPE}"
        raise broken_plugin(GROUP, kind, "gives embeddings of another shape", reason)
