"""From windows to what each head says of them, or why it says nothing."""

from __future__ import annotations

from math import inf

import numpy as np
import torch
from torch import Tensor

from ecg_live.constants import BLOCK_SAMPLES, EMBEDDING_SIZE, MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import F32, F64, State
from ecg_live.model.baseline import Baseline, baseline_normalise
from ecg_live.model.bundle import Bundle
from ecg_live.model.calibrated_head import CalibratedHead, PersonalHead
from ecg_live.model.features import combine_features, hrv_features
from ecg_live.results import HeadResult, Window
from ecg_live.signal.quality import MAX_BRIDGED_SHARE


class StreamingEmbedder:
    """Embeddings of overlapping windows through an encoder's stream in steps of 256 samples, each computed once."""

    def __init__(self, bundle: Bundle) -> None:
        self._stream = bundle.encoder.stream()
        self._maps_per_window = bundle.encoder.maps_per_window
        self._segment = -1
        self._stop = 0  # index after the segment's last sample that the stream has
        self._maps = torch.empty(EMBEDDING_SIZE, 0)

    def features(self, window: Window) -> Tensor:
        """Features (1, 128) of the next window of a segment; ``first`` a multiple of 256."""
        if window.segment != self._segment or not window.first <= self._stop <= window.first + WINDOW_SAMPLES:
            self._stream.reset()
            self._segment, self._stop, self._maps = window.segment, window.first, self._maps[:, :0]
        data = torch.from_numpy(window.data)[self._stop - window.first :]
        new = [self._stream.push(step) for step in torch.split(data, BLOCK_SAMPLES) if len(step)]
        self._stop = window.first + WINDOW_SAMPLES
        self._maps = torch.cat((self._maps, *new), dim=1)[:, -self._maps_per_window :]
        return self._maps.amax(dim=1)[None]


class WindowEmbedder:
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
        Seconds between windows. An encoder that declares a stream is streamed at hops of whole seconds.
    baseline : float
        Seconds of rest to begin with, 0 for none. Once they are over, heads with a personal set answer with it.
    """

    def __init__(self, bundle: Bundle, hop: float = 1.0, baseline: float = 0.0) -> None:
        streams = bundle.encoder.maps_per_window > 0 and hop * MODEL_RATE_HZ % BLOCK_SAMPLES == 0
        self.engine: StreamingEmbedder | WindowEmbedder = (
            StreamingEmbedder(bundle) if streams else WindowEmbedder(bundle)
        )
        self._heads = bundle.heads
        self._classes = {info.name: info.classes for info in bundle.head_infos}
        self._baseline: Baseline | None = None
        self._told = ""  # of a baseline that was resumed
        self.heads_without_personal_set = (
            self.begin_baseline(baseline) if baseline else ()
        )  # heads that a baseline was asked for in vain
        self.baseline_event: State | None = None  # on the baseline, from the last window
        self.features: F32 = np.full(EMBEDDING_SIZE, np.nan, dtype=np.float32)  # of the last window

    @property
    def baseline_pending(self) -> bool:
        """Whether a baseline was asked for and is not complete."""
        return self._baseline is not None and not self._baseline.complete

    @property
    def baseline(self) -> Baseline | None:
        """The baseline that heads answer relative to, once it is complete."""
        return None if self._baseline is None or self.baseline_pending else self._baseline

    def resume(self, baseline: Baseline, told: str = "") -> None:
        """Take a baseline of before as complete, in place of one there may be; ``told`` goes with the next window."""
        self._baseline, self._told = baseline, told

    def begin_baseline(self, seconds: float, since: float = -inf) -> tuple[str, ...]:
        """Begin a baseline with the next window that starts at ``since`` (s of raw time) or later.

        Returns
        -------
        tuple of str
            The heads that it changes nothing for.
        """
        without = tuple(name for name, sets in self._heads.items() if "personal" not in sets)
        self._baseline = Baseline(seconds, since) if len(without) < len(self._heads) else None
        return without

    @torch.no_grad()
    def predict(self, window: Window) -> dict[str, HeadResult]:
        """Each head's probabilities and label, or its reason to abstain."""
        embedding = self.engine.features(window)
        self.features = embedding[0].numpy().copy()  # a tensor that is kept pins 0.3 MB of freed heap around it
        features = self.features[None].astype(np.float64), hrv_features(window)[None]
        reason = _reason(window)
        results = {name: self._ask(name, features, reason) for name in self._heads}
        self.baseline_event = self._gather(window, features, usable=reason is None)
        return results

    def _ask(self, name: str, features: tuple[F64, F64], reason: str | None) -> HeadResult:
        personal = self._baseline is not None and self._baseline.complete and "personal" in self._heads[name]
        which = "personal" if personal else "population"
        head = self._heads[name][which]
        x = self._inputs(head, features)
        known = torch.from_numpy(x).float()
        if reason is None and head.inputs == "hrv" and np.isnan(x).any():
            reason = "no plausible heart beats"
        if reason is None and bool(head.outside(known)):
            reason = "signal unlike the training data"
        if reason is not None:
            return HeadResult(None, None, reason, which)
        probs = dict(zip(self._classes[name], head(known)[0].tolist(), strict=True))
        return HeadResult(probs, max(probs, key=lambda label: probs[label]), set=which)

    def _inputs(self, head: CalibratedHead, features: tuple[F64, F64]) -> F64:
        """Features (1, d) as a head takes them."""
        x = combine_features(*features, head.inputs)
        if isinstance(head, PersonalHead) and self._baseline is not None:
            return baseline_normalise(x, self._baseline.features(head.inputs), head.spread.numpy())
        return x

    def _gather(self, window: Window, features: tuple[F64, F64], *, usable: bool) -> State | None:
        """Let a baseline that is not complete have a window, and tell what came of it."""
        now = window.time + WINDOW_SAMPLES / MODEL_RATE_HZ
        told, self._told = self._told, ""
        if self._baseline is None or self._baseline.complete:
            return State("baseline", told, now) if told else None
        self._baseline.add_window(window, *features, usable=usable)
        if self._baseline.complete:
            return State("baseline", f"personal baseline complete: {len(self._baseline)} windows", now)
        left = self._baseline.seconds_left
        return State("baseline", f"resting baseline: {left:.0f} s to go", now, left)


def _reason(window: Window) -> str | None:
    """Why no head should answer."""
    if window.quality.grade == "unusable":
        return "unusable signal: " + ", ".join(window.quality.reasons)
    if window.bridged > MAX_BRIDGED_SHARE:
        return f"{window.bridged:.1%} of the samples bridged (limit {MAX_BRIDGED_SHARE:.0%})"
    return None
