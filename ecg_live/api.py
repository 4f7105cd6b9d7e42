"""The Python interface: read a recording; its windows, features and predictions, as a live session makes them."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.errors import ConfigError, RecordingError
from ecg_live.events import F64, Chunk, Gap, Marker, StreamInfo
from ecg_live.resources import DEFAULT_MODEL
from ecg_live.results import HeadInfo, HeadResult, Window
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.pipeline import windows as path_windows
from ecg_live.signal.unit_check import UnitCheck

if TYPE_CHECKING:
    from ecg_live.model.bundle import Bundle
    from ecg_live.model.card import ModelCard

READ_BLOCK_S = 60.0
MAX_SAMPLES = 1 << 30  # 8 GiB of memory; 12 days at 1000 Hz
FEATURE_NAMES = (
    *(f"embedding_{number}" for number in range(EMBEDDING_SIZE)),
    "heart_rate",
    "log_sdnn",
    "log_rmssd",
)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording in memory.

    Parameters
    ----------
    info : StreamInfo
        Description of the stream: rate, channel, full scale, name.
    samples : ndarray of float64 (n,)
        ECG in mV, NaN in gaps. Sample k has the time k / rate in s.
    markers : tuple of Marker
        ``time`` in s from the first sample, and ``text``.
    gaps : tuple of Gap
        Sample index of their ``start``, samples ``lost``, ``cause``.
    remarks : tuple of str
        Warnings of the reader: an incomplete last row, an implausible unit.
    error : RecordingError, optional
        Why a damaged file ends here; only where it was read with ``partial=True``.
    """

    info: StreamInfo
    samples: F64
    markers: tuple[Marker, ...] = ()
    gaps: tuple[Gap, ...] = ()
    remarks: tuple[str, ...] = ()
    error: RecordingError | None = None

    @property
    def rate(self) -> float:
        """Sampling rate in Hz."""
        return self.info.rate

    @property
    def channel(self) -> str:
        """Name of the ECG channel."""
        return self.info.channels[0]

    @property
    def duration(self) -> float:
        """Length in s, gaps included."""
        return len(self.samples) / self.info.rate

    def chunks(self) -> Iterator[Chunk]:
        """Yield the samples as chunks of a minute; NaN stays, the signal path finds the gaps."""
        size = max(1, round(READ_BLOCK_S * self.info.rate))
        for start in range(0, len(self.samples), size):
            yield Chunk(self.samples[start : start + size, None], start, start / self.info.rate)


SignalLike = Recording | npt.ArrayLike


def read(
    path: str | os.PathLike[str],
    *,
    channel: str | int | None = None,
    rate: float | None = None,
    unit: str | None = None,
    gain: float = 1000.0,
    part: str | int | None = None,
    annotations: str | None = None,
    partial: bool = False,
) -> Recording:
    """Read the ECG of a recording of any known format.

    Parameters
    ----------
    path : path-like
        The file; for WFDB its header or the record's path.
    channel : str or int, optional
        Which channel is the ECG, by name or number (1 is the first).
    rate : float, optional
        Hz, for a file that states none.
    unit : str, optional
        ``V``, ``mV`` or ``uV``, for a file that states none.
    gain : float
        Of a PLUX ECG sensor: 1000, or 1019 as in PLUX's own export.
    part : str or int, optional
        Part of a file that holds several recordings, such as DREAMER.mat.
    annotations : str, optional
        Annotations beside a WFDB record that become markers (``atr``).
    partial : bool
        Of a file that is damaged in its middle, return the part before the damage, with the error.

    Raises
    ------
    RecordingError
        The file is missing, is not a recording, or is damaged and ``partial`` is false.
    ConfigError
        Channel, rate, unit or part is missing, or is not what the file has.

    Warns
    -----
    UserWarning
        For each of `Recording.remarks`.

    Examples
    --------
    >>> import ecg_live
    >>> recording = ecg_live.read(ecg_live.demo_recording())
    >>> recording.rate, recording.channel, recording.samples.dtype.name
    (1000.0, 'PORT1_CHN1', 'float64')
    >>> recording.gaps, recording.markers
    ((), ())
    """
    opening = ReadOptions(
        channel=None if channel is None else str(channel),
        rate=rate,
        unit=unit,
        gain=gain,
        part=None if part is None else str(part),
        annotations=annotations,
    )
    with closing(open_recording(Path(path), opening)) as source:
        gathered = _RecordingBuilder(source.info)
        error = None
        try:
            for item in source.chunks(max(1, round(READ_BLOCK_S * source.info.rate))):
                gathered.add(item)
        except RecordingError as broken:
            if not partial:
                raise
            error = broken
    recording = replace(gathered.recording(), error=error)
    for remark in recording.remarks:
        warnings.warn(remark, stacklevel=2)
    return recording


class _RecordingBuilder:
    """Collects the items of a reader into a `Recording`."""

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._units = UnitCheck(info)
        self._parts: list[F64] = []
        self._markers: list[Marker] = []
        self._gaps: list[Gap] = []
        self._remarks: list[str] = []

    def add(self, item: object) -> None:
        if isinstance(item, Chunk):
            self._fit(item.stop)
            samples = item.samples[:, self._info.ecg]
            self._parts.append(samples)
            self._remarks += [state.detail for state in self._units.push(samples, item.time)]
        elif isinstance(item, Gap):
            self._fit(item.stop)
            self._parts.append(np.full(item.lost, np.nan))
            self._gaps.append(item)
        elif isinstance(item, Marker):
            self._markers.append(replace(item, raw=item.time))
        elif detail := getattr(item, "detail", ""):
            self._remarks.append(detail)

    def recording(self) -> Recording:
        remarks = (*self._remarks, *(state.detail for state in self._units.flush()))
        samples = np.concatenate(self._parts) if self._parts else np.empty(0)
        info = replace(self._info, channels=(self._info.channels[self._info.ecg],), ecg=0)
        return Recording(info, samples, tuple(self._markers), tuple(self._gaps), remarks)

    def _fit(self, stop: int) -> None:
        if stop > MAX_SAMPLES:
            raise RecordingError(
                f"{self._info.name}: with its gaps it is at least {stop} samples long; {MAX_SAMPLES} fit into memory",
                "stream it: ecg-live run FILE --headless --json",
            )


def windows(signal: SignalLike, rate: float | None = None, hop: float = 10.0) -> list[Window]:
    """Windows of 10 s at 256 Hz, normalised, as the live signal path makes them.

    Parameters
    ----------
    signal : Recording or array-like (n,)
        ECG; samples in mV, NaN where a gap is.
    rate : float, optional
        Hz, of samples that come without a recording.
    hop : float
        Seconds from one window to the next: above 0, at most 10.

    Returns
    -------
    list of Window
        Each with ``data`` float32 (2560,), ``start`` and ``stop`` (s), ``quality`` (``grade`` and ``reasons``),
        ``heart_rate`` (bpm), ``rmssd`` (ms) and ``beats`` (s). Windows never span a gap of more than 40 ms.

    Raises
    ------
    ConfigError
        The shape, rate or hop cannot be.

    Examples
    --------
    >>> import ecg_live
    >>> recording = ecg_live.read(ecg_live.demo_recording())
    >>> window = ecg_live.windows(recording)[1]
    >>> window.start, window.stop, window.data.shape, window.quality.grade
    (10.0, 20.0, (2560,), 'good')
    """
    recording = _recording(signal, rate)
    return list(path_windows(recording.chunks(), SignalPath(recording.info, hop)))


def features(signal: SignalLike, rate: float | None = None, hop: float = 10.0) -> F64:
    """Features of each window: the bundled encoder's embedding, heart rate and its variability.

    Parameters
    ----------
    signal, rate, hop
        As for `windows`; row k belongs to window k.

    Returns
    -------
    ndarray of float64 (n, 131)
        Columns as in ``FEATURE_NAMES``: 128 of the embedding; median heart rate (bpm), log SDNN and log RMSSD (of
        ms), which are NaN where no plausible beats are. Rows of unusable windows are there as well: see
        ``windows(...)[k].quality``.

    Examples
    --------
    >>> import ecg_live
    >>> x = ecg_live.features(ecg_live.read(ecg_live.demo_recording()))
    >>> x.shape[1] == len(ecg_live.FEATURE_NAMES)
    True
    """
    return load_model().features(signal, rate, hop)


class Model:
    """A trained model; made by `load_model`.

    Parameters
    ----------
    bundle : Bundle
        Encoder, heads and card.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    @property
    def card(self) -> ModelCard:
        """What it was trained on, its licence and scores."""
        return self._bundle.card

    @property
    def heads(self) -> tuple[HeadInfo, ...]:
        """Name and classes of each head."""
        return self._bundle.head_infos

    def features(self, signal: SignalLike, rate: float | None = None, hop: float = 10.0) -> F64:
        """Features (n, e + 3) of each window by this model's encoder; see `ecg_live.features`."""
        from ecg_live.model.features import input_size  # noqa: PLC0415 - takes a moment to load
        from ecg_live.model.window_features import FeatureExtractor  # noqa: PLC0415 - takes a moment to load

        extractor = FeatureExtractor(self._bundle, hop)
        rows = np.empty((0, input_size("both", self.card.embedding_size)))
        found = [extractor.vector(window) for window in windows(signal, rate, hop)]
        return np.vstack((rows, *found))

    def predict(
        self,
        signal: SignalLike,
        rate: float | None = None,
        *,
        hop: float = 1.0,
        baseline: float = 0.0,
        show_unproven: bool = False,
    ) -> list[dict[str, Any]]:
        """Predict as ``ecg-live run`` does: the same windows, the same numbers.

        Parameters
        ----------
        signal, rate, hop
            As for `windows`.
        baseline : float
            Seconds of rest that the recording begins with, for heads with a personal set; 0 for none.
        show_unproven : bool
            Heads answer that are not shown to beat chance.

        Returns
        -------
        list of dict
            One for each window and head, for ``pandas.DataFrame``: ``start`` and ``stop`` (s), ``quality``,
            ``reasons``, ``heart_rate`` (bpm), ``rmssd`` (ms), ``head``, ``set``, ``label``, ``abstain`` (reason or
            None) and ``p_CLASS`` for each class; of a head that gives a number, ``value``, ``interval_low`` and
            ``interval_high``. Numbers that are missing are NaN.

        Raises
        ------
        ConfigError
            The shape, rate, hop or baseline cannot be.
        IncompatibleBundle
            The recording is of another kind of signal than the model's.

        Examples
        --------
        >>> import ecg_live
        >>> recording = ecg_live.read(ecg_live.demo_recording())
        >>> record = ecg_live.load_model().predict(recording, hop=10.0)[1]  # it abstains in the first
        >>> record["start"], record["stop"], record["head"], record["quality"]
        (10.0, 20.0, 'mental_load', 'good')
        >>> round(record["p_rest"] + record["p_load"], 6)
        1.0
        """
        from ecg_live.model.card import check_signal  # noqa: PLC0415 - takes a moment to load
        from ecg_live.model.predictor import Predictor  # noqa: PLC0415 - likewise

        if not (math.isfinite(baseline) and baseline >= 0):
            raise ConfigError(f"a baseline of {baseline:g} s; it must be 0 or more", "0 is none, 60 is usual")
        if isinstance(signal, Recording):
            check_signal(self._bundle.card, signal.info.signal, signal.info.name or "the recording")
        predictor = Predictor(self._bundle, hop, baseline, show_unproven=show_unproven)
        heads = {head.name: head for head in self.heads}
        records: list[dict[str, Any]] = []
        for window in windows(signal, rate, hop):
            for name, result in predictor.predict(window).items():
                answer = {"head": name, "set": result.set, "label": result.label, "abstain": result.abstain}
                records.append(_place(window) | answer | _numbers(heads[name], result))
        return records


def load_model(path: str | os.PathLike[str] | None = None) -> Model:
    """Load a bundle, or the bundled model.

    Raises
    ------
    ModelError
        The file is missing, damaged, no bundle, or made for another signal path.

    Examples
    --------
    >>> import ecg_live
    >>> ecg_live.load_model().heads
    (HeadInfo(name='mental_load', classes=('rest', 'load'), scale=None),)
    """
    from ecg_live.model.bundle import load_bundle  # noqa: PLC0415 - takes a moment to load

    return Model(load_bundle(DEFAULT_MODEL if path is None else Path(path)))


def _recording(signal: SignalLike, rate: float | None) -> Recording:
    """Samples as a recording."""
    if isinstance(signal, Recording):
        if rate is not None and rate != signal.rate:
            raise ConfigError(f"rate {rate:g} Hz of a recording with {signal.rate:g} Hz", "leave the rate out")
        return signal
    samples = np.asarray(signal, dtype=np.float64)
    if samples.ndim != 1:
        raise ConfigError(f"samples of shape {samples.shape}, expected (n,)", "choose one channel: x[:, 0]")
    if rate is None or not (math.isfinite(rate) and rate > 0):
        found = "no rate" if rate is None else f"a rate of {rate:g} Hz"
        raise ConfigError(f"samples with {found}, expected more than 0 Hz", "give the sampling rate: rate=256")
    return Recording(StreamInfo(float(rate), ("ECG",)), samples)


def _place(window: Window) -> dict[str, Any]:
    """Fields of a record that describe its window."""
    return {
        "start": window.start,
        "stop": window.stop,
        "quality": window.quality.grade,
        "reasons": ", ".join(window.quality.reasons),
        "heart_rate": math.nan if window.heart_rate is None else window.heart_rate,
        "rmssd": math.nan if window.rmssd is None else window.rmssd,
    }


def _numbers(head: HeadInfo, result: HeadResult) -> dict[str, float]:
    """Fields of a record that hold a head's numbers."""
    if head.scale is None:
        return {f"p_{label}": p for label, p in (result.probs or dict.fromkeys(head.classes, math.nan)).items()}
    low, high = result.interval or (math.nan, math.nan)
    value = math.nan if result.value is None else result.value
    return {"value": value, "interval_low": low, "interval_high": high}
