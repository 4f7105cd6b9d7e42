"""Build the session of ``demo`` and ``run``: source, signal path, predictor, sinks and marker inputs."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cancelling import check_cancelled
from ecg_live.cli import print_notice
from ecg_live.cli.participant import ParticipantState
from ecg_live.cli.signals import CaughtSignals
from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError
from ecg_live.events import AuxiliaryStream, StreamInfo
from ecg_live.protocols import Sink, Source
from ecg_live.resources import model_path

if TYPE_CHECKING:
    from ecg_live.cli.study_session import SessionStudy
    from ecg_live.markers.remote_control import RemoteControl
    from ecg_live.model.bundle import Bundle
    from ecg_live.session import Session
    from ecg_live.signal.pipeline import SignalPath
    from ecg_live.sinks.stdout_writer import StdoutWriter
    from ecg_live.wearers.group import SessionGroup

POLAR_ACCELERATION = "polar-acc"  # as --also writes it
OpenedAuxiliary = tuple[Source, tuple[AuxiliaryStream, ...]]


@dataclass(frozen=True, slots=True)
class GroupMember:
    """What a session shares with others that run together: the model, and where all JSON lines go, under its name.

    ``kept_s`` is how much output (s) a screen still finds; ``sinks`` are further ones; ``recordings`` takes the paths
    of those that were begun.
    """

    name: str
    bundle: Bundle
    lines: StdoutWriter | None
    kept_s: float
    sinks: tuple[Sink, ...] = ()
    recordings: list[Path] = field(default_factory=list)


def build_session(
    uri: str,
    settings: LiveSettings,
    participant: ParticipantState,
    caught: CaughtSignals,
    auxiliary: Sequence[OpenedAuxiliary] = (),
    *,
    watched: bool,
    member: GroupMember | None = None,
    study: SessionStudy | None = None,
    note: str | None = None,
    more_sinks: Callable[[StreamInfo], Sequence[Sink]] = lambda _: (),
) -> Session:
    """Open the source and connect it with everything that a session needs.

    Parameters
    ----------
    uri : str
        Source.
    settings : LiveSettings
    participant : ParticipantState
        Gives signal path and predictor what is known of the wearer.
    caught : CaughtSignals
        A signal ends the wait for a slow reader of JSON lines.
    auxiliary : sequence of (Source, tuple of AuxiliaryStream)
        What is recorded beside the source.
    watched : bool
        A view shows the session.
    member : GroupMember, optional
        The session is one of several that run together.
    study : SessionStudy, optional
        Runs beside the session.
    note : str, optional
        What the signal check found before the session.
    more_sinks : callable
        Makes further sinks for the source's stream.

    Raises
    ------
    EcgLiveError
        If the source or the model cannot be opened.
    """
    source = open_checked_source(uri, settings)  # first: it may not be there
    check_cancelled()  # meanwhile
    if study:
        source = study.beside(source)
    streams = _auxiliary_streams(source.info, auxiliary)

    from ecg_live.cli.recording import RecorderFactory
    from ecg_live.model.bundle import load_bundle
    from ecg_live.model.predictor import Predictor
    from ecg_live.session import Session
    from ecg_live.signal.rr_pipeline import RrPath
    from ecg_live.sinks.display_buffer import KEPT_S
    from ecg_live.sinks.jsonl import JsonLines
    from ecg_live.sinks.stdout_writer import StdoutWriter

    bundle = member.bundle if member else load_bundle(model_path(settings.model))
    sinks: list[Sink] = [*more_sinks(source.info), *(member.sinks if member else ())]
    if study:
        from ecg_live.cli.study_session import check_heads

        check_heads(study.planned.study, bundle.head_infos)
        sinks.append(study.follower())
    if member and member.lines:
        sinks.append(JsonLines(member.lines, source.info.rate, wearer=member.name))
    elif settings.json:
        pipe = StdoutWriter(sys.stdout, lambda: bool(caught), waits=source.info.speed != 1)
        sinks.append(JsonLines(pipe, source.info.rate, pipe.drain))
    path: SignalPath | RrPath
    if source.info.channels:
        path, predictor = participant.prepare(source.info, bundle, batched=member is not None)
    else:
        path = RrPath(bundle.head_infos, settings.hop)
        predictor = Predictor(
            bundle, settings.hop, settings.baseline, show_unproven=settings.show_unproven, embeds=False
        )
    if settings.lsl_out:
        from ecg_live.sinks.lsl import LslOut

        sinks.append(LslOut(source.info, bundle.head_infos, time.monotonic, path.delay, bundle.card.embedding_size))
    recorded = replace(source.info, auxiliary=streams)
    name = study.planned.study.name if study else None
    begun = member.recordings.append if member else lambda _: None
    session = Session(
        source,
        path,
        predictor,
        bundle.head_infos,
        sinks,
        time.monotonic,
        settings.seconds,
        recordings=RecorderFactory(settings, uri, recorded, bundle, time.monotonic, name, begun, note),
        record=settings.record is not None,
        watched=watched,
        kept_s=member.kept_s if member else KEPT_S,
        hrv_span=settings.hrv,
    )
    if study:
        study.connect(session)
    return session


def open_checked_source(uri: str, settings: LiveSettings) -> Source:
    """Open the source, or raise what would end the session at once."""
    from devices.read_options import ReadOptions
    from devices.uri import check_source, open_source

    options = ReadOptions(
        settings.channel,
        settings.rate,
        settings.unit,
        settings.speed,
        gain=settings.gain,
        annotations=settings.annotations,
        signal=settings.signal,
    )
    source = open_source(uri, options, time.monotonic)
    check_source(source)
    return source


def with_acceleration(uri: str, settings: LiveSettings) -> tuple[str, LiveSettings]:
    """Write ``--also polar-acc`` as a setting of a Polar's URI: its acceleration comes over the same connection.

    Raises
    ------
    ConfigError
        The source is not a Polar.
    """
    if POLAR_ACCELERATION not in settings.also:
        return uri, settings
    scheme, _, text = uri.partition(":")
    if scheme.casefold() != "polar":
        raise ConfigError(
            f"--also {POLAR_ACCELERATION} beside {uri}: it is the acceleration of the Polar that gives the ECG",
            "run polar:NAME, or name a strap of its own: --also polar:NAME,acc",
        )
    if not any(part.partition("=")[0].strip().casefold() == "acc" for part in text.split(",")):
        uri = f"{uri},acc" if text.strip() else f"{uri}acc"
    return uri, replace(settings, also=tuple(one for one in settings.also if one != POLAR_ACCELERATION))


def open_auxiliaries(settings: LiveSettings) -> list[OpenedAuxiliary]:
    """Open what ``--also`` names: all of it must be there when a session begins.

    Raises
    ------
    ConfigError
        One is a file.
    DeviceError
        One is missing, or cannot be connected.
    """
    if not settings.also:
        return []
    from devices.auxiliary import open_auxiliary

    for uri in settings.also:
        print_notice(f"looking for {uri}")
    return [open_auxiliary(uri, time.monotonic) for uri in settings.also]


def _auxiliary_streams(info: StreamInfo, auxiliary: Sequence[OpenedAuxiliary]) -> tuple[AuxiliaryStream, ...]:
    """Streams to be recorded beside the ECG; each has its own name."""
    if auxiliary and info.replay:
        raise ConfigError("--also beside a file that is replayed", "name a live source, or leave --also out")
    streams = (*info.auxiliary, *(stream for _, streams in auxiliary for stream in streams))
    names = [info.name, *(stream.name for stream in streams)]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two streams are named {name!r}", "rename one at its sender, or leave one out")
    return streams


@contextlib.contextmanager
def auxiliary_inputs(session: Session, auxiliary: Sequence[OpenedAuxiliary]) -> Iterator[None]:
    """Follow the sources beside the session's own until it ends."""
    with contextlib.ExitStack() as stack:
        if auxiliary:
            from devices.auxiliary import AuxiliaryFollower

            for source, streams in auxiliary:
                follower = AuxiliaryFollower(source, streams, session.record_auxiliary, session.report, time.monotonic)
                stack.enter_context(follower)
        yield


def _remote_control(session: Session | SessionGroup, settings: LiveSettings) -> RemoteControl:
    """Let programs start and stop a session's recordings."""
    from ecg_live.cli.recording_names import recordings_folder
    from ecg_live.markers.remote_control import RemoteControl
    from ecg_live.wearers.group import SessionGroup

    assert not isinstance(session, SessionGroup)  # noqa: S101 - `wearer_sources` refuses the option
    return RemoteControl(session.record, lambda: session.wait(0), recordings_folder(settings).absolute())


@contextlib.contextmanager
def marker_inputs(session: Session | SessionGroup, settings: LiveSettings, source: str) -> Iterator[None]:
    """Take markers of other programs into a session: from ``ecg-live mark``, a TCP port, an LSL stream.

    Raises
    ------
    ConfigError
        If the port for markers cannot be opened.
    """
    from ecg_live.markers.server import MarkerServer

    with contextlib.ExitStack() as stack:
        server = MarkerServer(
            session.mark,
            time.monotonic,
            lambda: session.wait(0),
            source,
            settings.session,
            settings.mark_port,
            lambda: session.saved,
            session.report,
            None if settings.remote_port is None else (settings.remote_port, _remote_control(session, settings)),
        )
        stack.enter_context(server)
        if server.warning:
            print_notice(server.warning)
        if settings.mark_port is not None:
            print_notice(f"markers on 127.0.0.1:{server.port}, token {server.token}")
        if settings.remote_port is not None:
            print_notice(f"remote control on 127.0.0.1:{settings.remote_port}, token {server.token}")
        if settings.markers is not None:
            from devices.lsl.markers import LslMarkers

            stack.enter_context(LslMarkers(settings.markers, session.mark, session.report, time.monotonic))
        yield
