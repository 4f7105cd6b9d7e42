"""The commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="ecg-live",
    help="Watch a wearer's ECG turn into a calibrated, quality-gated estimate of affect. Research use only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Source = Annotated[
    str,
    typer.Argument(
        help="A recording: a path or file:PATH (OpenSignals .txt/.h5, Shimmer or other CSV, EDF, WFDB, XDF)."
    ),
]
Model = Annotated[str | None, typer.Option(help="Bundle to predict with (.safetensors); the bundled one without it.")]
Channel = Annotated[str | None, typer.Option(help="ECG channel, by name or number (1 is the first).")]
Rate = Annotated[str | None, typer.Option(help="Sampling rate in Hz, for a file that states none.")]
Unit = Annotated[str | None, typer.Option(help="Unit of the samples (V, mV, uV), for a file that states none.")]
Headless = Annotated[bool, typer.Option("--headless", help="No dashboard: show the session in the terminal.")]
Speed = Annotated[str | None, typer.Option(help="Replay speed: a multiple of real time, or max.")]
Json = Annotated[
    bool, typer.Option("--json", help="Write one JSON object a line to standard output, and nothing else.")
]
Seconds = Annotated[str | None, typer.Option(help="End after so many seconds of wall time.")]
Hop = Annotated[str | None, typer.Option(help="Seconds from one prediction to the next (default 1).")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@app.command()
def demo(
    headless: Headless = False,
    speed: Speed = None,
    as_json: Json = False,
    seconds: Seconds = None,
    debug: Debug = False,
) -> None:
    """Replay the bundled recording through the bundled model."""
    from ecg_live.bundled import demo_recording
    from ecg_live.cli.live import live

    options = {"headless": headless or None, "speed": speed, "json": as_json or None, "seconds": seconds}
    raise typer.Exit(live(str(demo_recording()), options, own=True, debug=debug))


@app.command()
def run(
    source: Source,
    model: Model = None,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    headless: Headless = False,
    speed: Speed = None,
    as_json: Json = False,
    seconds: Seconds = None,
    hop: Hop = None,
    debug: Debug = False,
) -> None:
    """Run a session on a source of ECG."""
    from ecg_live.cli.live import live

    options = {
        "model": model,
        "channel": channel,
        "rate": rate,
        "unit": unit,
        "headless": headless or None,
        "speed": speed,
        "json": as_json or None,
        "seconds": seconds,
        "hop": hop,
    }
    raise typer.Exit(live(source, options, debug=debug))


@app.command()
def models(as_json: Json = False) -> None:
    """List the bundled models: what they answer, what they were trained on, how well they do."""
    from ecg_live.cli.models import show_models

    show_models(as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this machine: packages, display, bundled model and recording."""
    from ecg_live.cli.doctor import examine

    raise typer.Exit(examine(as_json=as_json))


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Options of all commands."""
    if version:
        from ecg_live import __version__

        typer.echo(f"ecg-live {__version__}")
        raise typer.Exit
