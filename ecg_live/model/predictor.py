"""Windows in; each head's probabilities, or its reason to abstain, out."""

from __future__ import annotations

from math import inf

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import F32, F64, State
from ecg_live.model.adaptive import MIN_EARLIER_WINDOWS, RunningMean, columns, relative_to_mean
from ecg_live.model.baseline import Baseline, baseline_normalise
from ecg_live.model.bundle import Bundle
from ecg_live.model.calibrated_head import AdaptiveHead, CalibratedHead, PersonalHead
from ecg_live.model.chance import NOT_SHOWN, answering_sets
from ecg_live.model.engine.embedders import NoEmbedder, open_embedder
from ecg_live.model.features import HRV_SIZE, combine_features, hrv_features
from ecg_live.results import HeadResult, Window
from ecg_live.signal.quality import MAX_BRIDGED_SHARE

GETTING_TO_KNOW = "still getting to know you"  # why an adaptive set abstains at first
BASELINE_RUNS, BASELINE_COMPLETE = "resting baseline", "personal baseline complete"  # how details of its state begin
OUTSIDE_TRAINING_RANGE = "signal unlike the training data"  # why a head abstains


class Predictor:
    """Predict with every head of a bundle, window by window.

    Of a head's sets that answer, the personal one does so once there is a baseline, before that the adaptive one, and
    the population one where there is no other.

    Parameters
    ----------
    bundle : Bundle
    hop : float
        Seconds between windows. An encoder that declares a stream is streamed at hops of whole seconds.
    baseline : float
        Length (s) of a resting baseline at the start, 0 for none. Heads with a personal set use it then.
    show_unproven : bool
        Sets answer that the card does not show to beat chance, or to be no worse than the one before.
    embeds : bool
        False where others embed the windows, those of many wearers at once: `predict` is then given the embeddings.
    """

    def __init__(
        self,
        bundle: Bundle,
        hop: float = 1.0,
        baseline: float = 0.0,
        *,
        show_unproven: bool = False,
        embeds: bool = True,
    ) -> None:
        self.engine = open_embedder(bundle, hop) if embeds else NoEmbedder()
        self.embedding_size = bundle.card.embedding_size
        self._heads = bundle.heads
        self._answering = {
            name: card.sets if show_unproven else answering_sets(card) for name, card in bundle.card.heads.items()
        }
        self._cards = bundle.card.heads
        self._baseline: Baseline | None = None
        self.running_mean = RunningMean.unknown(self.embedding_size + HRV_SIZE)  # of the wearer's usable windows so far
        self._resumed_text = ""  # for the next event, after `resume`
        # Heads that the baseline at the start does not change.
        self.heads_without_personal_set = self.begin_baseline(baseline) if baseline else ()
        self.baseline_event: State | None = None  # of the last window
        self.features: F32 = np.full(self.embedding_size, np.nan, dtype=np.float32)  # of the last window

    def holds_personal_set(self, head: str) -> bool:
        """Whether a head has a personal set, be it one that answers or not."""
        return "personal" in self._heads[head]

    @property
    def has_adaptive_set(self) -> bool:
        """Whether a head has an adaptive set, which looks at the running mean."""
        return any("adaptive" in sets for sets in self._heads.values())

    @property
    def baseline_pending(self) -> bool:
        """Whether a baseline was begun and is not complete."""
        return self._baseline is not None and not self._baseline.complete

    @property
    def baseline(self) -> Baseline | None:
        """The baseline of the personal sets, once it is complete."""
        return None if self._baseline is None or self.baseline_pending else self._baseline

    def resume(self, baseline: Baseline | None, text: str = "") -> None:
        """Use a complete baseline of earlier, or none, in place of any other; ``text`` goes to the next event."""
        self._baseline, self._resumed_text = baseline, text

    def begin_baseline(self, seconds: float, since: float = -inf) -> tuple[str, ...]:
        """Begin a baseline with the next window that starts at ``since`` (s of raw time) or later.

        Returns
        -------
        tuple of str
            Heads without a personal set that answers: the baseline does not change them.
        """
        without = tuple(name for name, sets in self._answering.items() if "personal" not in sets)
        self._baseline = Baseline(seconds, since) if len(without) < len(self._heads) else None
        return without

    def predict(self, window: Window, embedding: F32 | None = None) -> dict[str, HeadResult]:
        """Each head's probabilities and label, or its reason to abstain; of an ``embedding`` (e,) if it is known."""
        if embedding is None:
            embedding = self.engine.features(window)[0]
        self.features = embedding.copy()  # a view would keep the whole batch alive
        features = self.features[None].astype(np.float64), hrv_features(window)[None]
        reason = _reason(window)
        self.running_mean = self.running_mean.before(window.start)
        results = {name: self._predict_head(name, features, window, reason) for name in self._heads}
        both = combine_features(*features, "both")[0]
        self.running_mean = self.running_mean.after(window.start, window.stop, both, usable=reason is None)
        self.baseline_event = self._update_baseline(window, features, usable=reason is None)
        return results

    def _predict_head(self, name: str, features: tuple[F64, F64], window: Window, reason: str | None) -> HeadResult:
        which = self._set_of(name)
        if reason is None and which not in self._answering[name]:
            reason = NOT_SHOWN
        head = self._heads[name][which]
        x = self._inputs(head, features)
        if reason is None and head.inputs == "hrv" and np.isnan(x).any():
            reason = "no plausible heart beats"
        card = self._cards[name]
        if reason is not None:
            return HeadResult(None, None, reason, which, scale=card.limits)
        if isinstance(head, AdaptiveHead) and self.running_mean.windows(head.inputs) < MIN_EARLIER_WINDOWS:
            both = combine_features(*features, "both")[0]
            left = self.running_mean.after(window.start, window.stop, both).seconds_left(window.stop, head.inputs)
            return HeadResult(None, None, GETTING_TO_KNOW, which, left, scale=card.limits)
        if card.limits is not None:
            return _rating(head.value_inside(x), card.limits, card.margins[which], which)
        found = head.probabilities_inside(x)
        if found is None:
            return HeadResult(None, None, OUTSIDE_TRAINING_RANGE, which)
        probs = dict(zip(card.classes, found, strict=True))
        return HeadResult(probs, max(probs, key=lambda label: probs[label]), set=which)

    def _set_of(self, name: str) -> str:
        """Which set of a head is asked."""
        if self._baseline is not None and self._baseline.complete and "personal" in self._answering[name]:
            return "personal"
        return "adaptive" if "adaptive" in self._answering[name] else "population"

    def _inputs(self, head: CalibratedHead, features: tuple[F64, F64]) -> F64:
        """Features (1, d) for a head."""
        x = combine_features(*features, head.inputs)
        if isinstance(head, PersonalHead) and self._baseline is not None:
            return baseline_normalise(x, self._baseline.features(head.inputs), head.spread)
        if isinstance(head, AdaptiveHead):
            own, known = columns(head.inputs), self.running_mean
            return relative_to_mean(x, known.total[own], known.count[own], head.centre)
        return x

    def _update_baseline(self, window: Window, features: tuple[F64, F64], *, usable: bool) -> State | None:
        """Add a window to a baseline that is not complete; return the event that reports it."""
        now = window.time + WINDOW_SAMPLES / MODEL_RATE_HZ
        text, self._resumed_text = self._resumed_text, ""
        if self._baseline is None or self._baseline.complete:
            return State("baseline", text, now) if text else None
        self._baseline.add_window(window, *features, usable=usable)
        if self._baseline.complete:
            return State("baseline", f"{BASELINE_COMPLETE}: {len(self._baseline)} windows", now)
        left = self._baseline.seconds_left
        return State("baseline", f"{BASELINE_RUNS}: {left:.0f} s to go", now, left)


def _rating(value: float | None, scale: tuple[float, float], margin: float, which: str) -> HeadResult:
    """A number with its interval, none of which leaves the scale; without a value the head abstains."""
    if value is None:
        return HeadResult(None, None, OUTSIDE_TRAINING_RANGE, which, scale=scale)
    low, middle, high = (float(np.clip(each, *scale)) for each in (value - margin, value, value + margin))
    return HeadResult(None, None, set=which, value=middle, interval=(low, high), scale=scale)


def _reason(window: Window) -> str | None:
    """Reason for all heads to abstain."""
    if window.quality.grade == "unusable":
        return "unusable signal: " + ", ".join(window.quality.reasons)
    if window.bridged > MAX_BRIDGED_SHARE:
        return f"{window.bridged:.1%} of the samples bridged (limit {MAX_BRIDGED_SHARE:.0%})"
    return None
