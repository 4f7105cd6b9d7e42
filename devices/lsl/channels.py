"""Channels of an LSL stream: which one is the ECG, their units, and which others are kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pylsl

from devices.files import channels
from devices.files.units import is_unit_missing, to_millivolts
from devices.lsl.resolve import is_regular, uri_for
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError
from ecg_live.events import F64, StreamInfo

PULSE_TYPES = {"PPG", "BVP", "PULSE", "PLETH", "PLETHYSMOGRAPH"}  # kinds of channels
_MAX_LISTED_CHANNELS = 12  # in a message


class LslLayout(NamedTuple):
    """``columns`` of the stream that are kept, and ``factors`` that convert them to mV."""

    info: StreamInfo
    columns: tuple[int, ...]
    factors: F64


def read_layout(found: pylsl.StreamInfo, options: ReadOptions) -> LslLayout:
    """Choose columns, units and rate from a stream's full description.

    Raises
    ------
    ConfigError
        Its samples are text or irregular, or its rate, ECG channel or unit are ambiguous.
    """
    uri = uri_for(found)
    rate = _rate(found, options, uri)
    offered, units = _describe_channels(found)
    chosen = _choose_ecg(offered, options, uri)
    if is_unit_missing(units[chosen]) and options.unit is None:
        raise ConfigError(f"{uri}: channel {offered[chosen].name} states no unit", "give it with --unit mV (or V, uV)")
    factors = {chosen: channels.millivolt_factor(units[chosen], options, uri)}
    for column, unit in enumerate(units):
        if column != chosen and (factor := to_millivolts(unit)):
            factors[column] = factor
    columns = tuple(sorted(factors))
    info = StreamInfo(
        rate,
        tuple(offered[column].name for column in columns),
        name=found.name(),
        source_id=found.source_id() or found.uid(),
        ecg=columns.index(chosen),
        signal="ppg" if offered[chosen].kind.upper() in PULSE_TYPES else "ecg",
    )
    return LslLayout(info, columns, np.array([factors[column] for column in columns]))


def _rate(found: pylsl.StreamInfo, options: ReadOptions, uri: str) -> float:
    stated, given = found.nominal_srate(), channels.validate_rate_option(options)
    if found.channel_format() in (pylsl.cf_string, pylsl.cf_undefined):
        raise ConfigError(f"{uri}: its samples are text, not numbers", "follow markers with --markers NAME")
    if not is_regular(found):
        if given is None:
            raise ConfigError(
                f"{uri}: its rate is 0, so its samples come at no regular times",
                "choose another stream, or give --rate HZ if they are regular after all",
            )
        return given
    if not channels.MIN_RATE_HZ <= stated <= channels.MAX_RATE_HZ:
        raise ConfigError(
            f"{uri}: its rate is {stated:g} Hz, an ECG has {channels.MIN_RATE_HZ:g} to {channels.MAX_RATE_HZ:g} Hz",
            "choose another stream; ecg-live devices lists them",
        )
    return stated if given is None else given  # `RateCheck` compares it with the samples: a stated rate may be wrong


def channel_texts(found: pylsl.StreamInfo) -> tuple[list[str], list[str], list[str]]:
    """Labels, types and units of all channels; empty where the stream states none."""
    count = found.channel_count()
    labels, kinds, units = (
        [(text or "").strip() for text in (texts or [])][:count]
        for texts in (found.get_channel_labels(), found.get_channel_types(), found.get_channel_units())
    )
    for texts in (labels, kinds, units):
        texts.extend([""] * (count - len(texts)))
    return labels, kinds, units


def _describe_channels(found: pylsl.StreamInfo) -> tuple[list[channels.OfferedChannel], list[str]]:
    """Return the channels to choose from, and their units as stated."""
    labels, kinds, units = channel_texts(found)
    if len(labels) == 1:
        labels[0] = labels[0] or found.name()
    offered = []
    for number, (label, kind) in enumerate(zip(labels, kinds, strict=True), 1):
        name, whole = label or f"channel {number}", found.type()
        offered.append(channels.describe_channel(name, label, kind, whole, found.name(), kind=kind or whole))
    return offered, units


def _choose_ecg(offered: list[channels.OfferedChannel], options: ReadOptions, uri: str) -> int:
    try:
        return channels.choose_channel(offered, options, uri)
    except ConfigError as error:
        if len(offered) <= _MAX_LISTED_CHANNELS:
            raise
        listed = (
            f"{channels.list_channels(offered[:_MAX_LISTED_CHANNELS])} and {len(offered) - _MAX_LISTED_CHANNELS} more"
        )
        chosen = options.channel
        problem = "it is not plain which is the ECG" if chosen is None else f"none is called {chosen!r}"
        raise ConfigError(f"{uri}: of {len(offered)} channels {problem}: {listed}", error.remedy) from error
