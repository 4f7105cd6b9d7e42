"""Commands of a session: demo, run, mark."""

from __future__ import annotations

from typing import Annotated

import typer

from ecg_live.cli.commands.options import (
    Annotations,
    Baseline,
    Channel,
    Debug,
    Gain,
    Headless,
    Hop,
    Json,
    Log,
    LslOut,
    Markers,
    MarkPort,
    Model,
    Participant,
    Rate,
    Record,
    ReuseProfile,
    RollMb,
    RollMinutes,
    Seconds,
    SessionId,
    Source,
    Speed,
    Unit,
)


def demo(
    headless: Headless = False,
    speed: Speed = None,
    as_json: Json = False,
    seconds: Seconds = None,
    baseline: Baseline = None,
    log: Log = None,
    debug: Debug = False,
) -> None:
    """Replay the bundled recording through the bundled model."""
    from ecg_live.cli.live import live
    from ecg_live.resources import demo_recording

    options = {"headless": headless or None, "speed": speed, "json": as_json or None, "seconds": seconds}
    options |= {"baseline": baseline, "log": log}
    raise typer.Exit(live(str(demo_recording()), options, own=True, debug=debug))


def run(
    source: Source,
    model: Model = None,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    annotations: Annotations = None,
    gain: Gain = None,
    headless: Headless = False,
    speed: Speed = None,
    as_json: Json = False,
    seconds: Seconds = None,
    hop: Hop = None,
    baseline: Baseline = None,
    record: Record = None,
    roll_minutes: RollMinutes = None,
    roll_mb: RollMb = None,
    participant: Participant = None,
    session: SessionId = None,
    reuse_profile: ReuseProfile = False,
    markers: Markers = None,
    mark_port: MarkPort = None,
    lsl_out: LslOut = False,
    log: Log = None,
    debug: Debug = False,
) -> None:
    """Run a session on a source of ECG."""
    from ecg_live.cli.live import live

    options = {
        "model": model,
        "channel": channel,
        "rate": rate,
        "unit": unit,
        "annotations": annotations,
        "gain": gain,
        "headless": headless or None,
        "speed": speed,
        "json": as_json or None,
        "seconds": seconds,
        "hop": hop,
        "baseline": baseline,
        "record": record,
        "roll_minutes": roll_minutes,
        "roll_mb": roll_mb,
        "participant": participant,
        "session": session,
        "reuse_profile": reuse_profile or None,
        "markers": markers,
        "mark_port": mark_port,
        "lsl_out": lsl_out or None,
        "log": log,
    }
    raise typer.Exit(live(source, options, debug=debug))


def mark(
    text: Annotated[list[str], typer.Argument(help="What to note.")],
    session: Annotated[str | None, typer.Option(help="Session, by the name that run --session gave it.")] = None,
    pid: Annotated[int | None, typer.Option(help="Session, by its process id.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Session, by its --mark-port.")] = None,
    token: Annotated[
        str | None, typer.Option(help="What the session printed; found by itself on most machines.")
    ] = None,
) -> None:
    """Note a marker in a session that runs in another terminal."""
    from ecg_live.cli import PROCESS_START_S
    from ecg_live.cli.mark import mark as note

    raise typer.Exit(note(" ".join(text), PROCESS_START_S, port=port, token=token, pid=pid, session=session))
