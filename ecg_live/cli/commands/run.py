"""``ecg-live run``: a session on a source of ECG."""

from __future__ import annotations

import typer

from ecg_live.cli.commands.options import (
    Also,
    Annotations,
    Baseline,
    Channel,
    Debug,
    Gain,
    Headless,
    Hop,
    HrvSpan,
    Json,
    Log,
    LslOut,
    Markers,
    MarkPort,
    Model,
    OneFile,
    Participants,
    Rate,
    Record,
    Recordings,
    RemotePort,
    Resume,
    ReuseProfile,
    RollMb,
    RollMinutes,
    Seconds,
    SessionId,
    ShowUnproven,
    Signal,
    Sources,
    Speed,
    StudyFile,
    Synchrony,
    Unit,
)


def run(
    sources: Sources = None,
    study: StudyFile = None,
    resume: Resume = False,
    model: Model = None,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    annotations: Annotations = None,
    gain: Gain = None,
    signal: Signal = None,
    headless: Headless = False,
    speed: Speed = None,
    as_json: Json = False,
    seconds: Seconds = None,
    hop: Hop = None,
    hrv: HrvSpan = None,
    baseline: Baseline = None,
    record: Record = None,
    recordings: Recordings = None,
    roll_minutes: RollMinutes = None,
    roll_mb: RollMb = None,
    participant: Participants = None,
    session: SessionId = None,
    reuse_profile: ReuseProfile = False,
    markers: Markers = None,
    mark_port: MarkPort = None,
    remote_port: RemotePort = None,
    lsl_out: LslOut = False,
    show_unproven: ShowUnproven = False,
    also: Also = None,
    one_file: OneFile = False,
    synchrony: Synchrony = None,
    log: Log = None,
    debug: Debug = False,
) -> None:
    """Run a session on a source of ECG, or sessions of several wearers at once.

    Example: ecg-live run recordings/supine_1min.txt --record session.xdf --participant P01
    """
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    sources = sources or []
    from ecg_live.cli.live import live
    from ecg_live.errors import ConfigError

    options = {
        "model": model,
        "channel": channel,
        "rate": rate,
        "unit": unit,
        "annotations": annotations,
        "gain": gain,
        "signal": signal,
        "headless": headless or None,
        "speed": speed,
        "json": as_json or None,
        "seconds": seconds,
        "hop": hop,
        "hrv": hrv,
        "baseline": baseline,
        "record": record,
        "recordings": recordings,
        "roll_minutes": roll_minutes,
        "roll_mb": roll_mb,
        "participant": participant[0] if participant and len(participant) == 1 >= len(sources) else None,
        "session": session,
        "reuse_profile": reuse_profile or None,
        "markers": markers,
        "mark_port": mark_port,
        "remote_port": remote_port,
        "lsl_out": lsl_out or None,
        "show_unproven": show_unproven or None,
        "also": also or None,
        "one_file": one_file or None,
        "synchrony": synchrony,
        "log": log,
    }
    if study is not None:
        if len(sources) > 1 or len(participant or ()) > 1:
            raise ConfigError("--study beside several wearers", "run one wearer, or leave --study out")
        from ecg_live.cli.study_session import plan_session

        planned = plan_session(study, sources[0] if sources else None, options, resume=resume)
        raise typer.Exit(live(planned.source, planned.options, study=planned, debug=debug))
    if resume:
        raise ConfigError("--resume without a study", "name its file with --study")
    if not sources:
        raise ConfigError("no source", "name one: ecg-live run SOURCE; ecg-live devices lists what is in reach")
    if len(sources) == 1 and (one_file or synchrony):
        option = "--one-file" if one_file else "--synchrony"
        raise ConfigError(f"{option} with one source", f"name several wearers, or leave {option} out")
    if len(sources) == 1 and len(participant or ()) <= 1:
        raise typer.Exit(live(sources[0], options, debug=debug))
    from ecg_live.cli.live_wearers import live_wearers

    raise typer.Exit(live_wearers(sources, participant or (), options, debug=debug))
