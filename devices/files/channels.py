"""Choose the ECG channel, its unit and its rate: one set of rules for all decoders and LSL."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from devices.files import units
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError

ECG = "ECG"
# Rates that ECG hardware is sold with, in Hz: PLUX, BITalino, Shimmer (32768 / n), Polar, and PhysioNet's records.
USUAL_RATES_HZ = (
    50, 51.2, 64, 100, 102.4, 125, 128, 130, 200, 204.8, 240, 250, 256, 300, 320, 360, 400, 480, 500, 512, 600,
    640, 700, 720, 750, 800, 1000, 1024, 1200, 1250, 1500, 2000, 2048, 2500, 3000, 4000, 4096, 5000, 8000, 8192, 10000,
)  # fmt: skip
MIN_RATE_HZ = 50.0  # a QRS lasts about 0.1 s and reaches up to 25 Hz: a slower rate cannot show it
MAX_RATE_HZ = 100_000.0  # no ECG front end is faster
NOMINAL_RATE_TOLERANCE = 0.005  # relative; a fitted rate this near to a nominal one counts as nominal

_ECG_PATTERN = re.compile(r"(?<![a-z])(?:ecg|ekg|electrocardiogram|elektrokardiogramm)", re.IGNORECASE)
_LEAD_PATTERN = re.compile(
    r"(?:lead\s*)?(?:i|ii|iii|avr|avl|avf|v[1-9]r?|ml?[i]{1,3}|mcl\d|mv\d|d[1-3])|lead\s*[1-3]"
    r"|(?:l[al]|ra|vx)\s*-\s*(?:r[al]|la)",
    re.IGNORECASE,
)
# What is computed from an ECG, or recorded beside it by a device that is named after it: "ECGtoHR", "ECG Quality",
# "ECG1_Timestamp". These words outrank "ECG".
_DERIVED_PATTERN = re.compile(
    r"(?:(?<![a-z])(?:ecg|ekg)?(?:to)?)(hr|hrv|rr\w{0,4}|nn|nni|ibi|bpm|edr|sqi)(?![a-z])"
    r"|(h(?:eart|erz)\s*(?:rate|freq)\w*|quality|interval|r-?\s*peaks?|beats?(?![a-z])|battery|status|leads?[\s-]*off|impedance|contact"
    r"|timestamp|(?<![a-z])(?:time|temp|accel|gyro|resp|trigger|marker|event|annot|label)\w*"
    r"|(?<![a-z])(?:rate|acc|xyz|gsr|eda|ppg|spo2|sequence|sample\s*(?:no|num|number|index|count))(?![a-z]))",
    re.IGNORECASE,
)
_OTHER_KIND_PATTERN = re.compile(
    r"(?<![a-z])(eeg|eog|emg|eda|gsr|scr|scl|acc|accel\w*|xyz|gyro\w*|mag|resp\w*|temp\w*|ppg|bvp|sp[o0]2|puls\w*|pleth\w*"
    r"|hr|marker\w*|trigger\w*|stim\w*|nseq|audio|pressure|abp|cvp|bp|misc|aux\w*|counter)(?:bit)?(?![a-z])",
    re.IGNORECASE,
)


class OfferedChannel(NamedTuple):
    """A channel that can be chosen: its name and its kind (``"ECG"``, another kind, or ``""`` if unknown)."""

    name: str
    kind: str = ""


def kind_of(text: str) -> str:
    """Return the kind that a label or sensor name stands for: ``"ECG"``, another such as ``"EMG"``, or ``""``."""
    plain = text.replace("_", " ").strip()
    if beside := _DERIVED_PATTERN.search(plain):
        return (beside[1] or beside[2]).upper()
    if _ECG_PATTERN.search(plain) or _LEAD_PATTERN.fullmatch(plain):
        return ECG
    other = _OTHER_KIND_PATTERN.search(plain)
    return other[1].upper() if other else ""


def describe_channel(name: str, *descriptions: str, kind: str = "") -> OfferedChannel:
    """Find the kind of a channel, by the rule that all files and LSL share.

    Parameters
    ----------
    name : str
        Its name in messages and for the user.
    *descriptions : str
        Label, type of the channel, type of its stream, the most specific first. The first with a known kind decides.
    kind : str
        Its stated type, used where no description has a known kind.
    """
    return OfferedChannel(name, next(filter(None, map(kind_of, descriptions)), kind))


def choose_channel(channels: Sequence[OfferedChannel], options: ReadOptions, where: str) -> int:
    """Choose the channel that the user named, or else the only one that is ECG.

    Parameters
    ----------
    channels : sequence of Channel
        All channels of the file, in its order.
    options : ReadOptions
        ``channel`` is a name, in any case, or a number from 1.
    where : str
        The file's name, for the message.

    Returns
    -------
    int
        Index into ``channels``.

    Raises
    ------
    ConfigError
        There is no such channel, or none or several of the channels may be the ECG.
    """
    if options.channel is not None:
        return _channel_by_name(channels, options.channel, where)
    ecg = [i for i, channel in enumerate(channels) if channel.kind == ECG]
    if len(ecg) == 1:
        return ecg[0]
    if len(channels) == 1 and not channels[0].kind:
        return 0
    found = f"{len(ecg)} of its channels are ECG" if ecg else "none of its channels is marked as ECG"
    raise ConfigError(f"{where}: {found}: {list_channels(channels)}", "choose one with --channel NAME")


def list_channels(channels: Sequence[OfferedChannel]) -> str:
    """List all channels with their numbers and kinds, for messages."""
    return ", ".join(f"{i} {c.name or '(no name)'} [{c.kind or 'kind unknown'}]" for i, c in enumerate(channels, 1))


def _channel_by_name(channels: Sequence[OfferedChannel], wanted: str, where: str) -> int:
    names = [channel.name for channel in channels]
    folded = [name.strip().casefold() for name in names]
    hits = [i for i, name in enumerate(names) if name == wanted]
    hits = hits or [i for i, name in enumerate(folded) if name == wanted.strip().casefold()]
    if len(hits) == 1:
        return hits[0]
    if not hits and wanted.strip().isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    found = f"{len(hits)} channels are called" if hits else "there is no channel"
    raise ConfigError(
        f"{where}: {found} {wanted!r}; there are {list_channels(channels)}", "choose with --channel NUMBER"
    )


def millivolt_factor(unit: str, options: ReadOptions, where: str) -> float:
    """Return the factor from ``unit`` to mV; ``--unit`` outranks ``unit``, and without either mV is assumed.

    Raises
    ------
    ConfigError
        The unit is not V, mV, µV or nV.
    """
    text = options.unit if options.unit is not None else unit
    if is_unit_assumed(unit, options):
        return 1.0
    factor = units.to_millivolts(text)
    if factor is None:
        raise ConfigError(f"{where}: the unit is {text!r}, expected V, mV, uV or nV", "give the unit with --unit mV")
    return factor


def is_unit_assumed(unit: str, options: ReadOptions) -> bool:
    """Whether neither the source nor the user states a unit, so that mV is assumed; see `StreamInfo.unit_assumed`."""
    return options.unit is None and units.is_unit_missing(unit)


def validate_rate_option(options: ReadOptions) -> float | None:
    """Check ``--rate``, in Hz; None where the user gave none.

    Raises
    ------
    ConfigError
        It is outside the rates of ECG recordings.
    """
    if options.rate is not None and (wrong := _rate_fault(options.rate)):
        raise ConfigError(f"the rate is {options.rate:g} Hz, {wrong}", "give --rate HZ, such as --rate 1000")
    return options.rate


def check_rate(rate: float, where: str) -> None:
    """Check a rate (Hz) that a file states, or that was fitted to its timestamps.

    Raises
    ------
    FormatError
        It is outside the rates of ECG recordings.
    """
    if wrong := _rate_fault(rate):
        raise FormatError(
            f"{where}: the sampling rate is {rate:g} Hz, {wrong}", "choose another recording, or export it again"
        )


def _rate_fault(rate: float) -> str:
    """Describe the limit that a rate breaks; empty for a plausible rate."""
    if not (math.isfinite(rate) and rate > 0):
        return "expected more than 0"
    if rate < MIN_RATE_HZ:
        return f"an ECG needs at least {MIN_RATE_HZ:g} Hz"
    return f"expected at most {MAX_RATE_HZ:.0f} Hz" if rate > MAX_RATE_HZ else ""


def resolve_rate(stated: float | None, options: ReadOptions, where: str) -> float:
    """Return the rate (Hz) from the file's own (None or 0 where it states none) and ``--rate``.

    Raises
    ------
    FormatError
        The file states a rate that is not positive, and the user gave none; or it is outside the rates of ECG
        recordings.
    ConfigError
        Neither states a rate, or the two differ by more than 0.5 %.
    """
    given = validate_rate_option(options)
    is_usable = stated is not None and math.isfinite(stated) and stated > 0
    if stated is not None and is_usable:
        check_rate(stated, where)
        if given is not None and abs(given / stated - 1) > NOMINAL_RATE_TOLERANCE:
            raise ConfigError(f"{where}: the file says {stated:g} Hz, --rate says {given:g} Hz", "leave --rate out")
        return stated
    if given is not None:
        return given
    if stated is None:
        raise ConfigError(f"{where}: the file does not say its sampling rate", "give it with --rate HZ")
    raise FormatError(f"{where}: the sampling rate is {stated:g} Hz, expected more than 0", "give it with --rate HZ")


def snap_to_nominal(fitted: float) -> float:
    """Return the usual rate (Hz) within 0.5 % of a fitted one, or else the fitted one."""
    nearest = min(USUAL_RATES_HZ, key=lambda rate: abs(fitted / rate - 1))
    return nearest if abs(fitted / nearest - 1) <= NOMINAL_RATE_TOLERANCE else fitted
