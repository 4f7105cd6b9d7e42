"""``ecg-live demo``: the bundled recording through the bundled model."""

from __future__ import annotations

import typer

from ecg_live.cli.commands.options import Baseline, Debug, Headless, Json, Log, Seconds, Speed


def demo(
    headless: Headless = False,
    speed: Speed = None,
    as_json: Json = False,
    seconds: Seconds = None,
    baseline: Baseline = None,
    log: Log = None,
    debug: Debug = False,
) -> None:
    """Replay the bundled recording through the bundled model.

    Example: ecg-live demo --headless --speed max
    """
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.cli.live import live
    from ecg_live.resources import demo_recording

    options = {
        "headless": headless or None,
        "speed": speed,
        "json": as_json or None,
        "seconds": seconds,
        "baseline": baseline,
        "log": log,
    }
    raise typer.Exit(live(str(demo_recording()), options, bundled=True, debug=debug))
