"""``--participant`` and ``--reuse-profile``: what a session takes from the wearer's profile, and leaves in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecg_live.cli import complain, say
from ecg_live.config import LiveSettings
from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.errors import ConfigError, EcgLiveError, FormatError
from ecg_live.events import StreamInfo
from ecg_live.participant_profile import KnownBaseline, KnownScale, LearntEntry, Profile, timestamp_now

if TYPE_CHECKING:
    from ecg_live.model.baseline import Baseline
    from ecg_live.model.bundle import Bundle
    from ecg_live.model.predictor import Predictor
    from ecg_live.signal.pipeline import SignalPath

MIN_SCALE_S = 60  # usable seconds that a scale rests on; from there on it forgets (z-score of the design)
EMPTY_TEXTS = {
    "reused": "nothing: there is none of this device and model (is the id right? P1 is not p1)",
    "kept": f"nothing new: no baseline was made, and a scale needs {MIN_SCALE_S} usable seconds",
}


class PreparedSession(NamedTuple):
    """What a session with ECG was fitted out with; ``device_key`` and ``encoder`` say what its entries belong to."""

    device: str
    encoder: str
    path: SignalPath
    predictor: Predictor


class ParticipantState:
    """Fit out a session's path and predictor, and keep what they learnt.

    Parameters
    ----------
    settings : LiveSettings
    uri : str
        Source.
    data : Path, optional
        Of all profiles; the user's data folder without it.

    Raises
    ------
    ConfigError
        The participant's name cannot be, or a profile shall be reused and nobody is named.
    """

    def __init__(self, settings: LiveSettings, uri: str, data: Path | None = None) -> None:
        if settings.reuse_profile and settings.participant is None:
            raise ConfigError("--reuse-profile without a participant", "name one, for example --participant P01")
        self._profile = None if settings.participant is None else Profile(settings.participant, data)
        self._settings, self._uri = settings, uri
        self._resumed: Baseline | None = None
        self._fitted: PreparedSession | None = None

    def prepare(self, info: StreamInfo, bundle: Bundle) -> tuple[SignalPath, Predictor]:
        """Make path and predictor, with what is known of the wearer where that was asked for.

        Raises
        ------
        RecordingError
            The profile cannot be read.
        """
        from ecg_live.model.predictor import Predictor
        from ecg_live.signal.pipeline import SignalPath
        from ecg_live.signal.zscore import WearerScale

        named = device_key(self._uri, info)
        known = self._profile.scale(named) if self._profile and self._settings.reuse_profile else None
        scale = None if known is None else WearerScale(known.mean, known.var, known.blocks)
        path = SignalPath(info, self._settings.hop, scale)
        predictor = Predictor(bundle, self._settings.hop, self._settings.baseline)
        self._fitted = fitted = PreparedSession(named, encoder_id(bundle), path, predictor)
        if self._profile and self._settings.reuse_profile:
            resumed = self._resume(self._profile, bundle, fitted)
            self._tell("reused", self._profile, [each for each in (known, resumed) if each])
        return path, predictor

    def save(self) -> int:
        """Keep what the session learnt of the wearer, and say so; 0, or the exit code of what hindered it."""
        if self._profile is None:
            return 0
        if self._fitted is None:
            say(f"profile of {self._profile.participant}: kept nothing: this source gives no ECG to learn from")
            return 0
        entries = list(self._learnt(self._fitted))
        try:
            for entry in entries:
                self._profile.save(entry)
        except EcgLiveError as error:
            complain(error)
            return error.exit_code
        self._tell("kept", self._profile, entries)
        return 0

    def _resume(self, profile: Profile, bundle: Bundle, fitted: PreparedSession) -> KnownBaseline | None:
        """Let the predictor have the baseline that its heads can use, if there is one."""
        from ecg_live.model.baseline import Baseline

        inputs = [card.inputs["personal"] for card in bundle.card.heads.values() if "personal" in card.sets]
        known = profile.baseline(fitted.encoder) if inputs else None
        if known is None and inputs and set(inputs) == {"hrv"}:  # heart rate is the same for any encoder
            known = next(iter(profile.baselines()), None)
        if known is None:
            return None
        embeddings = (
            known.embeddings if known.encoder == fitted.encoder else np.full((len(known.hrv), EMBEDDING_SIZE), np.nan)
        )
        try:
            self._resumed = Baseline.known(embeddings, known.hrv)
        except ValueError as error:
            remedy = "leave out --reuse-profile, and give --baseline to make it anew"
            raise FormatError(f"the profile of {profile.participant}: a baseline with {error}", remedy) from error
        fitted.predictor.resume(self._resumed, f"personal baseline of {known.date[:10]}: {len(known.hrv)} windows")
        return known

    def _learnt(self, fitted: PreparedSession) -> Iterator[LearntEntry]:
        scale, baseline = fitted.path.scale, fitted.predictor.baseline
        if scale is not None and scale.blocks >= MIN_SCALE_S:
            yield KnownScale(fitted.device, scale.mean, scale.var, scale.blocks, timestamp_now())
        if baseline is not None and baseline is not self._resumed:
            yield KnownBaseline(fitted.encoder, baseline.embeddings, baseline.hrv, timestamp_now())

    @staticmethod
    def _tell(done: str, profile: Profile, entries: Sequence[LearntEntry]) -> None:
        said = [
            f"scale of {entry.blocks} s, {entry.date[:10]} ({entry.device})"
            if isinstance(entry, KnownScale)
            else f"baseline of {len(entry.hrv)} windows, {entry.date[:10]}"
            for entry in entries
        ]
        found = "; ".join(said) or EMPTY_TEXTS[done]
        say(f"profile of {profile.participant}: {done} {found}")


def device_key(uri: str, info: StreamInfo) -> str:
    """What a scale belongs to: kind of source, lead and rate. Other amplifiers and electrodes give other amplitudes."""
    scheme, colon, _ = uri.partition(":")
    kind = scheme if colon and len(scheme) > 1 and not Path(uri).exists() else "file"
    return f"{kind} {info.channels[info.ecg]} {info.rate:g} Hz"


def encoder_id(bundle: Bundle) -> str:
    """SHA-256 of all that a bundle's embeddings depend on."""
    from ecg_live.model.tensor_file import tensors_sha256

    parts = [tensors_sha256(bundle.encoder.state_dict()), bundle.card.padding, json.dumps(bundle.card.preprocessing)]
    if bundle.card.encoder:
        parts.append(json.dumps(bundle.card.encoder, sort_keys=True))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()
