"""Resolve LSL streams: list those in reach, and find the one that a URI names."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import pylsl

from ecg_live.cancelling import check_cancelled
from ecg_live.errors import ConfigError, DeviceError, DeviceNotFound

FORGET_AFTER_S = 2.0  # without an answer, a stream is no longer in reach
LSL_PORTS = "UDP port 16571 and TCP and UDP ports from 16572 on"  # liblsl's defaults: multicast, services, data
_POLL_INTERVAL_S = 0.05
_MAX_LISTED_STREAMS = 8  # in a message

ResolvedStream = pylsl.StreamInfo  # without the description


@dataclass(frozen=True, slots=True)
class LslTimeouts:
    """How long each step may take, in seconds.

    ``find``: until a stream answers. ``others``: from then on, for more streams of the same name (pylsl: "shorter than
    0.5 s may return a subset"). ``no_data``: silence before the stream is reported as lost. ``reconnect``: from the
    last data until the session ends; by default never. ``first_data``: the same for a stream that ended before its
    first sample. The last three have the values of radio devices.
    """

    find: float = 4.0
    others: float = 0.5
    no_data: float = 2.0
    reconnect: float = math.inf
    first_data: float = 30.0


@dataclass(frozen=True, slots=True)
class StreamQuery:
    """Required identity of a stream; an empty field matches any."""

    name: str = ""
    type: str = ""
    source_id: str = ""
    host: str = ""
    uid: str = ""

    def matches(self, found: ResolvedStream) -> bool:
        """Whether a stream has this identity, ignoring case."""
        actual = (found.name(), found.type(), found.source_id(), found.hostname(), found.uid())
        required = (self.name, self.type, self.source_id, self.host, self.uid)
        return all(
            not want or want.casefold() == value.casefold() for want, value in zip(required, actual, strict=True)
        )

    def __str__(self) -> str:
        given = ", ".join(f"{field.name} {value!r}" for field in fields(self) if (value := getattr(self, field.name)))
        return f"with {given}" if given else "at all"


def parse_query(spec: str) -> StreamQuery:
    """Parse ``NAME`` or ``name=...,type=...,source_id=...,host=...,uid=...``.

    Raises
    ------
    ConfigError
        A key is unknown, or given twice.
    """
    known = [field.name for field in fields(StreamQuery)]
    if spec.partition("=")[0].strip().casefold() not in known:
        return StreamQuery(name=spec.strip())
    given: dict[str, str] = {}
    for part in spec.split(","):
        key, equals, value = part.partition("=")
        key = key.strip().casefold()
        if not equals or key not in known or key in given:
            raise ConfigError(f"lsl:{spec}: cannot read {part!r}", f"write {','.join(f'{k}=...' for k in known)}")
        given[key] = value.strip()
    return StreamQuery(**given)


def uri_for(found: ResolvedStream, among: Sequence[ResolvedStream] = ()) -> str:
    """Return the shortest URI that names this stream alone among others."""
    keys = {"name": found.name(), "type": found.type(), "source_id": found.source_id(), "host": found.hostname()}
    name = found.name()
    name_is_plain = name and name == name.strip() and "=" not in name
    if name_is_plain and not _matches_another(parse_query(name), found, among):
        return f"lsl:{name}"
    chosen: dict[str, str] = {}
    for key, value in keys.items():
        if value and "," not in value:
            chosen[key] = value
            if not _matches_another(StreamQuery(**chosen), found, among):
                break
    else:
        chosen["uid"] = found.uid()
    return "lsl:" + ",".join(f"{key}={value}" for key, value in chosen.items())


def _matches_another(wanted: StreamQuery, found: ResolvedStream, among: Sequence[ResolvedStream]) -> bool:
    return any(other.uid() != found.uid() and wanted.matches(other) for other in among)


def resolve_streams(wanted: Callable[[ResolvedStream], bool], timeouts: LslTimeouts) -> list[ResolvedStream]:
    """Return all streams in reach, ``others`` after one with ``wanted`` true has answered, or after ``find``.

    Raises
    ------
    SearchCancelled
        Nobody wants to know any more.
    """
    resolver = pylsl.ContinuousResolver(forget_after=FORGET_AFTER_S)
    deadline = time.monotonic() + timeouts.find
    while not any(map(wanted, resolver.results())):
        if time.monotonic() >= deadline:
            return distinct(resolver.results())
        check_cancelled()
        time.sleep(_POLL_INTERVAL_S)
    time.sleep(timeouts.others)
    return distinct(resolver.results())


def distinct(found: Sequence[ResolvedStream]) -> list[ResolvedStream]:
    """Return each stream once: a stream that answers over two networks is resolved twice."""
    return list({(one.source_id(), one.hostname(), one.uid()): one for one in found}.values())


def find_stream(wanted: StreamQuery, timeouts: LslTimeouts) -> tuple[ResolvedStream, list[ResolvedStream]]:
    """Find the one stream that a query names, and its twins: other streams of the same identity.

    Raises
    ------
    DeviceNotFound
        No such stream answers.
    ConfigError
        Several streams match.
    """
    streams = resolve_streams(wanted.matches, timeouts)
    matching = [one for one in streams if wanted.matches(one)]
    matching = [one for one in matching if is_regular(one)] or matching  # a marker stream may have the same name
    if not matching and not streams:
        remedy = f"start the outlet on this network, and have firewalls on both machines let {LSL_PORTS} pass"
        raise DeviceNotFound(f"no LSL stream {wanted}: none answers at all", remedy)
    if not matching:
        raise DeviceNotFound(
            f"no LSL stream {wanted}; there are: {listing(streams, streams)}",
            f"choose one of them; if yours is missing, have firewalls let {LSL_PORTS} pass",
        )
    if len(matching) > 1:
        raise ConfigError(
            f"{len(matching)} LSL streams {wanted}: {listing(matching, streams)}", "choose one of these sources"
        )
    found = matching[0]
    return found, [one for one in streams if one.uid() != found.uid() and same_identity(one, found)]


def is_regular(found: ResolvedStream) -> bool:
    """Whether a stream may be a signal: numeric, with a nominal rate."""
    return found.channel_format() not in (pylsl.cf_string, pylsl.cf_undefined) and found.nominal_srate() > 0


def same_identity(one: ResolvedStream, other: ResolvedStream) -> bool:
    """Whether two streams have the same source id, host, name and type."""
    return all(getattr(one, field)() == getattr(other, field)() for field in ("source_id", "hostname", "name", "type"))


def listing(streams: Sequence[ResolvedStream], among: Sequence[ResolvedStream]) -> str:
    """List streams by URI, type and host, for a message."""
    shown = [
        f"{uri_for(one, among)} [{one.type() or 'no type'}, on {one.hostname()}]"
        for one in streams[:_MAX_LISTED_STREAMS]
    ]
    more = f" and {len(streams) - _MAX_LISTED_STREAMS} more" if len(streams) > _MAX_LISTED_STREAMS else ""
    return ", ".join(shown) + more


def check_loopback() -> str:
    """Resolve a stream of this process; return a line with the version of liblsl.

    Raises
    ------
    DeviceError
        The stream is not found.
    """
    version = pylsl.library_version()
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("ecg-live doctor", "Test", 1, 0.0, pylsl.cf_int32, uuid.uuid4().hex))
    uid = outlet.get_info().uid()
    streams = resolve_streams(lambda one: one.uid() == uid, LslTimeouts(find=2.0, others=0.0))
    if not any(one.uid() == uid for one in streams):
        raise DeviceError("a stream of this machine is not found on it", f"have its firewall let {LSL_PORTS} pass")
    return f"liblsl {version // 100}.{version % 100}; a stream of this machine is found"
