"""``--participant`` and ``--reuse-profile``: read a participant's profile before a session, update it afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecg_live.cli import print_error, print_notice
from ecg_live.config import LiveSettings
from ecg_live.constants import EARLIER_BASELINE
from ecg_live.errors import ConfigError, EcgLiveError, FormatError
from ecg_live.events import StreamInfo
from ecg_live.participant_profile import KnownBaseline, KnownLevel, KnownScale, LearntEntry, Profile, timestamp_now

if TYPE_CHECKING:
    from ecg_live.cli.cut_session import CutSession
    from ecg_live.model.baseline import Baseline
    from ecg_live.model.bundle import Bundle
    from ecg_live.model.predictor import Predictor
    from ecg_live.signal.pipeline import SignalPath

MIN_SCALE_S = 60  # usable seconds that a stored scale needs: the memory of `ecg_live.signal.zscore`
MIN_LEVEL_WINDOWS = 6  # of 10 s, that a stored level needs
EMPTY_TEXTS = {
    "reused": "nothing: there is none of this device and model (is the id right? P1 is not p1)",
    "kept": f"nothing new: no baseline was made, and a scale needs {MIN_SCALE_S} usable seconds",
}


class PreparedSession(NamedTuple):
    """Path and predictor of a session with ECG; ``device`` and ``encoder`` are the keys of its profile entries."""

    device: str
    encoder: str
    path: SignalPath
    predictor: Predictor


class ParticipantState:
    """Prepare a session's path and predictor from a profile, and save what they learnt.

    Parameters
    ----------
    settings : LiveSettings
    uri : str
        Source.
    data : Path, optional
        Folder of all profiles; the user's data folder without it.
    cut : CutSession, optional
        What the session goes on with.

    Raises
    ------
    ConfigError
        The participant's id is not valid, or a profile shall be reused without a participant.
    """

    def __init__(
        self, settings: LiveSettings, uri: str, data: Path | None = None, cut: CutSession | None = None
    ) -> None:
        if settings.reuse_profile and settings.participant is None:
            raise ConfigError("--reuse-profile without a participant", "name one, for example --participant P01")
        self._profile = None if settings.participant is None else Profile(settings.participant, data)
        self._settings = settings
        self._uri = uri
        self._cut = cut
        self._resumed: Baseline | None = None
        self._fitted: PreparedSession | None = None

    def prepare(self, info: StreamInfo, bundle: Bundle, *, batched: bool = False) -> tuple[SignalPath, Predictor]:
        """Make path and predictor, from the profile if ``--reuse-profile`` is set; the path perhaps for a batch.

        Raises
        ------
        RecordingError
            The profile cannot be read.
        IncompatibleBundle
            The stream is of another kind of signal than the model's.
        """
        from ecg_live.model.card import check_signal
        from ecg_live.model.predictor import Predictor
        from ecg_live.signal.pipeline import SignalPath
        from ecg_live.signal.zscore import WearerScale

        check_signal(bundle.card, info.signal, info.name or "the stream")
        named = device_key(self._uri, info)
        known = self._profile.scale(named) if self._profile and self._settings.reuse_profile else None
        scale = None if known is None else WearerScale(known.mean, known.var, known.blocks)
        path = SignalPath(info, self._settings.hop, scale, batched=batched)
        settings = self._settings
        predictor = Predictor(
            bundle, settings.hop, settings.baseline, show_unproven=settings.show_unproven, embeds=not batched
        )
        fitted = PreparedSession(named, encoder_id(bundle), path, predictor)
        if self._profile and self._settings.reuse_profile:
            resumed = self._resume(self._profile, bundle, fitted), self._resume_level(self._profile, bundle, fitted)
            self._report("reused", self._profile, [each for each in (known, *resumed) if each])
        if self._cut is not None:
            fitted = self._go_on(self._cut, info, bundle, fitted)
        self._fitted = fitted
        return fitted.path, predictor

    def _go_on(self, cut: CutSession, info: StreamInfo, bundle: Bundle, fitted: PreparedSession) -> PreparedSession:
        """Give path and predictor what a session knew of its wearer when it was cut."""
        from ecg_live.recorded.wearer_state import WearerState
        from ecg_live.signal.pipeline import SignalPath

        predictor, lead = fitted.predictor, (info.channels[info.ecg], info.rate)
        before = WearerState(predictor.running_mean, fitted.path.scale, predictor.baseline, lead)
        known = cut.learn_again(bundle, before, self._settings.channel)
        predictor.running_mean = known.level
        if known.baseline is not before.baseline:
            windows = 0 if known.baseline is None else len(known.baseline)
            text = f"{EARLIER_BASELINE} this session before it was cut: {windows} windows" if windows else ""
            predictor.resume(known.baseline, text)
        scale = known.scale if known.lead == lead else None
        return fitted._replace(path=SignalPath(info, self._settings.hop, scale))

    def save(self) -> int:
        """Save what the session learnt of the wearer, and report it; return 0, or the exit code of an error."""
        if self._profile is None:
            return 0
        if self._fitted is None:
            print_notice(
                f"profile of {self._profile.participant}: kept nothing: this source gives no ECG to learn from"
            )
            return 0
        entries = list(self._learnt(self._fitted))
        try:
            for entry in entries:
                self._profile.save(entry)
        except EcgLiveError as error:
            print_error(error)
            return error.exit_code
        self._report("kept", self._profile, entries)
        return 0

    def _resume(self, profile: Profile, bundle: Bundle, fitted: PreparedSession) -> KnownBaseline | None:
        """Give the predictor a stored baseline that its heads can use, if there is one."""
        from ecg_live.model.baseline import Baseline

        inputs = [card.inputs["personal"] for card in bundle.card.heads.values() if "personal" in card.sets]
        known = profile.baseline(fitted.encoder) if inputs else None
        if known is None and inputs and set(inputs) == {"hrv"}:  # heart rate is the same for any encoder
            known = next(iter(profile.baselines()), None)
        if known is None:
            return None
        size = fitted.predictor.embedding_size
        embeddings = known.embeddings if known.encoder == fitted.encoder else np.full((len(known.hrv), size), np.nan)
        try:
            self._resumed = Baseline.known(embeddings, known.hrv)
        except ValueError as error:
            remedy = "leave out --reuse-profile, and give --baseline to make a new one"
            raise FormatError(f"the profile of {profile.participant}: a baseline with {error}", remedy) from error
        fitted.predictor.resume(self._resumed, f"{EARLIER_BASELINE} {known.date[:10]}: {len(known.hrv)} windows")
        return known

    @staticmethod
    def _resume_level(profile: Profile, bundle: Bundle, fitted: PreparedSession) -> KnownLevel | None:
        """Give the predictor a stored level that its adaptive sets can use, if there is one."""
        from ecg_live.model.adaptive import RunningMean, columns
        from ecg_live.model.features import HRV_SIZE

        inputs = {card.inputs["adaptive"] for card in bundle.card.heads.values() if "adaptive" in card.sets}
        known = profile.level(fitted.encoder) if inputs else None
        if known is None and inputs == {"hrv"}:  # heart rate is the same for any encoder
            known = next(iter(profile.levels()), None)
        if known is None:
            return None
        features = fitted.predictor.embedding_size + HRV_SIZE
        own = columns("both" if known.encoder == fitted.encoder else "hrv")
        total, count = np.zeros(features), np.zeros(features)
        if total[own].shape != known.total[own].shape:
            raise FormatError(
                f"the profile of {profile.participant}: a level of {len(known.total)} features, expected {features}",
                "leave out --reuse-profile: this session keeps a new one",
            )
        total[own], count[own] = known.total[own], known.count[own]
        fitted.predictor.running_mean = RunningMean(total, count).kept()
        return known

    def _learnt(self, fitted: PreparedSession) -> Iterator[LearntEntry]:
        scale, baseline = fitted.path.scale, fitted.predictor.baseline
        if scale is not None and scale.blocks >= MIN_SCALE_S:
            yield KnownScale(fitted.device, scale.mean, scale.var, scale.blocks, timestamp_now())
        if baseline is not None and baseline is not self._resumed:
            yield KnownBaseline(fitted.encoder, baseline.embeddings, baseline.hrv, timestamp_now())
        level = fitted.predictor.running_mean.kept()
        if fitted.predictor.has_adaptive_set and level.count.min() >= MIN_LEVEL_WINDOWS:
            yield KnownLevel(fitted.encoder, level.total, level.count, timestamp_now())

    @staticmethod
    def _report(done: str, profile: Profile, entries: Sequence[LearntEntry]) -> None:
        texts = [_entry_text(entry) for entry in entries]
        found = "; ".join(texts) or EMPTY_TEXTS[done]
        print_notice(f"profile of {profile.participant}: {done} {found}")


def _entry_text(entry: LearntEntry) -> str:
    day = entry.date[:10]
    if isinstance(entry, KnownScale):
        return f"scale of {entry.blocks} s, {day} ({entry.device})"
    if isinstance(entry, KnownLevel):
        return f"level of {entry.count.max():.0f} windows, {day}"
    return f"baseline of {len(entry.hrv)} windows, {day}"


def device_key(uri: str, info: StreamInfo) -> str:
    """Key of a scale: kind of source, lead and rate. Other amplifiers and electrodes give other amplitudes."""
    scheme, colon, _ = uri.partition(":")
    kind = scheme if colon and len(scheme) > 1 and not Path(uri).exists() else "file"
    return f"{kind} {info.channels[info.ecg]} {info.rate:g} Hz"


def encoder_id(bundle: Bundle) -> str:
    """SHA-256 of all that determines a bundle's embeddings."""
    from ecg_live.model.tensor_file import tensors_sha256

    parts = [tensors_sha256(bundle.encoder), bundle.card.padding, json.dumps(bundle.card.preprocessing)]
    if bundle.card.encoder:
        parts.append(json.dumps(bundle.card.encoder, sort_keys=True))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()
