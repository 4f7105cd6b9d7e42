"""Which LSL streams are in reach, and which of them the user means."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import pylsl

from ecg_live.errors import ConfigError, DeviceError, DeviceNotFound

FORGET_AFTER_S = 2.0  # s until a stream that no longer answers is gone
LSL_PORTS = "UDP port 16571 and TCP and UDP ports from 16572 on"  # liblsl's defaults: multicast, services, data
_POLL_INTERVAL_S = 0.05  # s
_MAX_LISTED_STREAMS = 8  # streams in a message

ResolvedStream = pylsl.StreamInfo  # as resolved: without its description


@dataclass(frozen=True, slots=True)
class LslTimeouts:
    """How long each step may take, in seconds.

    ``first``: until a stream answers. ``others``: from then on, for others of the same name (pylsl: "shorter than 0.5 s
    may return a subset"). ``silent``: without data until that is told. ``lost``: from the last data until the session
    ends. The latter two as with radio devices, and so is ``unseen``: the same for a stream that is gone before it has
    sent anything.
    """

    first: float = 4.0
    others: float = 0.5
    silent: float = 2.0
    lost: float = 600.0
    unseen: float = 30.0


@dataclass(frozen=True, slots=True)
class StreamQuery:
    """What a stream must be; an empty field matches any."""

    name: str = ""
    type: str = ""
    source_id: str = ""
    host: str = ""
    uid: str = ""

    def matches(self, found: ResolvedStream) -> bool:
        """Whether a stream is one of those that are meant; the case of letters does not count."""
        has = (found.name(), found.type(), found.source_id(), found.hostname(), found.uid())
        wanted = (self.name, self.type, self.source_id, self.host, self.uid)
        return all(not want or want.casefold() == have.casefold() for want, have in zip(wanted, has, strict=True))

    def __str__(self) -> str:
        given = ", ".join(f"{field.name} {value!r}" for field in fields(self) if (value := getattr(self, field.name)))
        return f"with {given}" if given else "at all"


def parse_query(spec: str) -> StreamQuery:
    """Read ``NAME`` or ``name=...,type=...,source_id=...,host=...,uid=...``.

    Raises
    ------
    ConfigError
        A key is unknown, or comes twice.
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
    """What to write to mean this stream alone: its name where that is enough."""
    keys = {"name": found.name(), "type": found.type(), "source_id": found.source_id(), "host": found.hostname()}
    name = found.name()
    plain = name and name == name.strip() and "=" not in name
    if plain and not _matches_another(parse_query(name), found, among):
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


def resolve_streams(wanted: Callable[[ResolvedStream], bool], patience: LslTimeouts) -> list[ResolvedStream]:
    """All streams in reach, once a wanted one has answered and others had time to; or when the time is up."""
    resolver = pylsl.ContinuousResolver(forget_after=FORGET_AFTER_S)
    until = time.monotonic() + patience.first
    while not any(map(wanted, resolver.results())):
        if time.monotonic() >= until:
            return distinct(resolver.results())
        time.sleep(_POLL_INTERVAL_S)
    time.sleep(patience.others)
    return distinct(resolver.results())


def distinct(found: Sequence[ResolvedStream]) -> list[ResolvedStream]:
    """Each stream once: one that answers over two networks is listed twice."""
    return list({(one.source_id(), one.hostname(), one.uid()): one for one in found}.values())


def find_stream(wanted: StreamQuery, patience: LslTimeouts) -> tuple[ResolvedStream, list[ResolvedStream]]:
    """Find the one stream that is meant, and its twins: others that share its identity.

    Raises
    ------
    DeviceNotFound
        No such stream answers.
    ConfigError
        Several do.
    """
    there = resolve_streams(wanted.matches, patience)
    hits = [one for one in there if wanted.matches(one)]
    hits = [one for one in hits if is_regular(one)] or hits  # markers may bear the same name
    if not hits and not there:
        remedy = f"start the outlet on this network, and have firewalls on both machines let {LSL_PORTS} pass"
        raise DeviceNotFound(f"no LSL stream {wanted}: none answers at all", remedy)
    if not hits:
        raise DeviceNotFound(
            f"no LSL stream {wanted}; there are: {listing(there, there)}",
            f"choose one of them; if yours is missing, have firewalls let {LSL_PORTS} pass",
        )
    if len(hits) > 1:
        raise ConfigError(f"{len(hits)} LSL streams {wanted}: {listing(hits, there)}", "choose one of these sources")
    return hits[0], [one for one in there if one.uid() != hits[0].uid() and same_identity(one, hits[0])]


def is_regular(found: ResolvedStream) -> bool:
    """Whether a stream may be a signal: numbers, at a rate."""
    return found.channel_format() not in (pylsl.cf_string, pylsl.cf_undefined) and found.nominal_srate() > 0


def same_identity(one: ResolvedStream, other: ResolvedStream) -> bool:
    """Whether two streams come from the same program on the same machine, as far as they tell."""
    return all(getattr(one, field)() == getattr(other, field)() for field in ("source_id", "hostname", "name", "type"))


def listing(streams: Sequence[ResolvedStream], among: Sequence[ResolvedStream]) -> str:
    """Name streams by the sources to write."""
    shown = [
        f"{uri_for(one, among)} [{one.type() or 'no type'}, on {one.hostname()}]"
        for one in streams[:_MAX_LISTED_STREAMS]
    ]
    return ", ".join(shown) + (
        f" and {len(streams) - _MAX_LISTED_STREAMS} more" if len(streams) > _MAX_LISTED_STREAMS else ""
    )


def check_loopback() -> str:
    """Say which liblsl this is, and that a stream of this process is found by it.

    Raises
    ------
    DeviceError
        It is not.
    """
    version = pylsl.library_version()
    made = pylsl.StreamOutlet(pylsl.StreamInfo("ecg-live doctor", "Test", 1, 0.0, pylsl.cf_int32, uuid.uuid4().hex))
    uid = made.get_info().uid()
    if not any(
        one.uid() == uid for one in resolve_streams(lambda one: one.uid() == uid, LslTimeouts(first=2.0, others=0.0))
    ):
        raise DeviceError("a stream of this machine is not found on it", f"have its firewall let {LSL_PORTS} pass")
    return f"liblsl {version // 100}.{version % 100}; a stream of this machine is found"
