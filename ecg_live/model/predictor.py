"""From windows to what each head says of them, or why it says nothing."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ecg_live.model.bundle import Bundle
from ecg_live.model.encoder import FEATURES, EncoderStream
from ecg_live.model.head import Head
from ecg_live.signal.quality import BRIDGED
from ecg_live.types import BLOCK, RATE, WIDTH, HeadResult, Window

OUTPUTS = 591  # of a valid encoder for one window
STRIDE = 4  # input samples per output


class Streaming:
    """Features of overlapping windows through a ``valid`` encoder in steps of 256 samples, each computed once."""

    def __init__(self, bundle: Bundle) -> None:
        self._stream = EncoderStream(bundle.encoder)
        self._segment, self._stop = -1, 0  # the segment's samples that went in
        self._maps = torch.empty(FEATURES, 0)

    def features(self, window: Window) -> Tensor:
        """Features (1, 128) of the next window of a segment; ``first`` a multiple of 256."""
        if window.segment != self._segment or not window.first <= self._stop <= window.first + WIDTH:
            self._stream.reset()
            self._segment, self._stop, self._maps = window.segment, window.first, self._maps[:, :0]
        data = torch.from_numpy(window.data)[self._stop - window.first :]
        new = [self._stream.push(step) for step in torch.split(data, BLOCK)]
        self._stop = window.first + WIDTH
        self._maps = torch.cat((self._maps, *new), dim=1)[:, -OUTPUTS:]
        return self._maps.amax(dim=1)[None]


class Whole:
    """Features window by window; for any encoder and any hop."""

    def __init__(self, bundle: Bundle) -> None:
        self._encoder = bundle.encoder

    @torch.no_grad()
    def features(self, window: Window) -> Tensor:
        """Features (1, 128) of any window."""
        return self._encoder(torch.from_numpy(window.data)[None])  # type: ignore[no-any-return]  # nn.Module's call


class Predictor:
    """Ask every head of a bundle about each window, in order.

    Parameters
    ----------
    bundle : Bundle
    hop : float
        Seconds between windows. A ``valid`` encoder at whole seconds is streamed.
    """

    def __init__(self, bundle: Bundle, hop: float = 1.0) -> None:
        streams = bundle.encoder.padding == "valid" and hop * RATE % BLOCK == 0
        self.engine: Streaming | Whole = Streaming(bundle) if streams else Whole(bundle)
        self._heads: Mapping[str, Head] = bundle.heads
        self._classes = {info.name: info.classes for info in bundle.infos}

    @torch.no_grad()
    def predict(self, window: Window) -> dict[str, HeadResult]:
        """Each head's probabilities and label, or its reason to abstain."""
        features = self.engine.features(window)
        reason = _reason(window)
        return {name: self._ask(name, head, features, reason) for name, head in self._heads.items()}

    def _ask(self, name: str, head: Head, features: Tensor, reason: str | None) -> HeadResult:
        if reason is None and bool(head.outside(features)):
            reason = "signal unlike the training data"
        if reason is not None:
            return HeadResult(None, None, reason)
        probs = dict(zip(self._classes[name], head(features)[0].tolist(), strict=True))
        return HeadResult(probs, max(probs, key=lambda label: probs[label]))


def _reason(window: Window) -> str | None:
    """Why no head should answer."""
    if window.quality.grade == "unusable":
        return "unusable signal: " + ", ".join(window.quality.reasons)
    if window.bridged > BRIDGED:
        return f"{window.bridged:.1%} of the samples bridged (limit {BRIDGED:.0%})"
    return None
