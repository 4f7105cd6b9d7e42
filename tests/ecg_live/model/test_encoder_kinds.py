"""Encoders of a plug-in: a package outside of ours, with its entry points in a folder of the path."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="encoders are PyTorch modules")

from ecg_live import plugins, windows  # noqa: E402 - after the check
from ecg_live.errors import BundleError, ConfigError  # noqa: E402
from ecg_live.model.bundle import Bundle, load_bundle, save_bundle  # noqa: E402
from ecg_live.model.encoder_kinds import build_encoder  # noqa: E402
from ecg_live.model.engine.embedders import StreamingEmbedder, WindowEmbedder  # noqa: E402
from ecg_live.model.engine.open_engine import open_engine  # noqa: E402
from ecg_live.model.predictor import Predictor  # noqa: E402
from ecg_live.model.torch_weights import module_arrays  # noqa: E402
from tests.support.plugin_site import Site, install, page_example  # noqa: E402
from tests.support.random_bundles import random_bundle  # noqa: E402
from tests.support.synthetic_signals import ecg  # noqa: E402

BLOCKS = '''
"""An encoder that streams: one feature map for each 64 samples."""
import torch
from torch import nn
from ecg_live.model.encoder import Encoder

class BlockStream:
    def __init__(self, encoder):
        self.encoder = encoder
    def reset(self):
        pass
    def push(self, x):
        with torch.no_grad():
            return self.encoder.maps(x[None])[0]

class BlockEncoder(Encoder):
    maps_per_window = 40
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 128, 64, stride=64)
    def maps(self, x):
        return self.conv(x[:, None])
    def forward(self, x):
        return self.maps(x).amax(dim=2)
    def stream(self):
        return BlockStream(self)

class LeakyStream(BlockStream):
    calls = 0
    def push(self, x):
        self.calls += 1
        return super().push(x) + self.calls

class LeakyEncoder(BlockEncoder):
    def stream(self):
        return LeakyStream(self)

class ShortEncoder(BlockEncoder):
    def forward(self, x):
        return super().forward(x)[:, :100]
'''
ENTRIES = """[ecg_live.encoders]
acme-spectrum = acme.encoder:build
acme-blocks = acme.blocks:build
acme-leaky = acme.blocks:build_leaky
acme-short = acme.blocks:build_short
acme-none = acme.blocks:build_none
"""
BUILDERS = """
def build(config): return BlockEncoder()
def build_leaky(config): return LeakyEncoder()
def build_short(config): return ShortEncoder()
def build_none(config): return "an encoder"
"""
SPECTRUM: dict[str, Any] = {"kind": "acme-spectrum", "config": {"bins": 400}}
BLOCK: dict[str, Any] = {"kind": "acme-blocks", "config": {}}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    install(tmp_path / "site", "acme", ENTRIES, encoder=page_example("acme/encoder.py"), blocks=BLOCKS + BUILDERS)
    monkeypatch.syspath_prepend(tmp_path / "site")
    plugins._installed.cache_clear()
    yield Site(tmp_path / "site", tmp_path / "bundle.safetensors")
    plugins._installed.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme"]:
        del sys.modules[name]


def bundle_with(encoder: dict[str, Any]) -> Bundle:
    whole = random_bundle()
    built = build_encoder(encoder["kind"], encoder["config"])
    return replace(whole, card=replace(whole.card, encoder=encoder), encoder=module_arrays(built))


@pytest.mark.parametrize(("encoder", "engine"), [(SPECTRUM, WindowEmbedder), (BLOCK, StreamingEmbedder)])
def test_a_bundle_rebuilds_a_plug_ins_encoder_and_runs_it(site: Site, encoder: dict[str, Any], engine: type) -> None:
    made = bundle_with(encoder)
    save_bundle(made, site.file)
    loaded = load_bundle(site.file)
    assert loaded.card.encoder == encoder
    live, alone = Predictor(loaded), WindowEmbedder(open_engine(made))
    assert isinstance(live.engine, engine)
    found = windows(ecg(14.0, 256)[:, 0], 256.0, hop=1.0)
    assert len(found) == 5
    for window in found:
        np.testing.assert_allclose(live.engine.features(window), alone.features(window), rtol=1e-5, atol=1e-6)
        assert all(head.probs is not None for head in live.predict(window).values())


def test_a_missing_plug_in_is_named_in_one_line(site: Site) -> None:
    save_bundle(bundle_with(BLOCK), site.file)
    (site.path / "acme-1.0.dist-info" / "entry_points.txt").write_text("", encoding="utf-8")
    plugins._installed.cache_clear()
    with pytest.raises(BundleError, match=r"bundle.safetensors: no installed plug-in .* kind 'acme-blocks'") as found:
        load_bundle(site.file)
    assert "\n" not in str(found.value)
    assert found.value.remedy == "install the package that provides it"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("acme-spectrum", "of acme fails at the configuration {}: KeyError: 'bins'"),
        ("acme-short", r"another shape: found \(1, 100\) for one window, expected \(1, 128\)"),
        ("acme-none", "builds no encoder: found str, expected an ecg_live.model.encoder.Encoder"),
    ],
)
@pytest.mark.usefixtures("site")
def test_a_plug_in_that_fails_is_named(kind: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as found:
        build_encoder(kind, {})
    assert f"the plug-in {kind!r} (ecg_live.encoders) of acme" in str(found.value)


def suite(site: Site, kind: str) -> tuple[int, str]:
    words = ["-p", "ecg_live.contracts.options", "-p", "no:cacheprovider", "--pyargs", "ecg_live.contracts"]
    config = '{"bins": 400}' if kind == "acme-spectrum" else "{}"
    options = ["--encoder-kind", kind, "--encoder-config", config]
    done = site.python("-m", "pytest", "-c", os.devnull, "-q", *words, *options)
    return done.returncode, done.stdout


def test_the_contract_suite_passes_for_the_manuals_encoder(site: Site) -> None:
    code, out = suite(site, "acme-spectrum")
    assert (code, "3 passed" in out) == (0, True), out


def test_the_contract_suite_finds_a_stream_that_remembers_a_segment(site: Site) -> None:
    code, out = suite(site, "acme-leaky")
    assert code == 1
    assert "FAILED" in out
    assert "test_a_stream_gives_the_embeddings_of_windows" in out
    assert "3 passed" in out or "2 passed" in out
