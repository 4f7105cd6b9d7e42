"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
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
        help="A recording (path or file:PATH), or a device: lsl:NAME, shimmer:NAME or ADDRESS or PORT, polar:NAME, "
        "hr:NAME; see devices."
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
Baseline = Annotated[
    str | None, typer.Option(help="Seconds of rest to begin with; heads then answer relative to them (30 to 3600).")
]
Record = Annotated[str | None, typer.Option(help="Record to this XDF file from the start (on the dashboard: key R).")]
RollMinutes = Annotated[str | None, typer.Option(help="Go on in a new file (NAME_2.xdf) after so many minutes.")]
RollMb = Annotated[str | None, typer.Option(help="Go on in a new file (NAME_2.xdf) after so many megabytes.")]
Participant = Annotated[str | None, typer.Option(help="Pseudonym of the wearer, for the recording and the profile.")]
SessionId = Annotated[str | None, typer.Option("--session", help="Name of the session, for the recording.")]
ReuseProfile = Annotated[
    bool, typer.Option("--reuse-profile", help="Begin with the scale and baseline kept of the participant.")
]
Markers = Annotated[str | None, typer.Option(help="LSL marker stream to follow, by name, or all.")]
MarkPort = Annotated[
    str | None, typer.Option(help="Take markers on this TCP port of this machine (a token is printed); see mark.")
]
LslOut = Annotated[bool, typer.Option("--lsl-out", help="Offer filtered ECG and results as LSL streams.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@app.command()
def demo(
    headless: Headless = False,
    speed: Speed = None,
    as_json: Json = False,
    seconds: Seconds = None,
    baseline: Baseline = None,
    debug: Debug = False,
) -> None:
    """Replay the bundled recording through the bundled model."""
    from ecg_live.bundled import demo_recording
    from ecg_live.cli.live import live

    options = {"headless": headless or None, "speed": speed, "json": as_json or None, "seconds": seconds}
    options |= {"baseline": baseline}
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
    }
    raise typer.Exit(live(source, options, debug=debug))


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings (.xdf).")],
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Check recordings: are they whole, is every byte as it was written, what do they hold."""
    from ecg_live.cli.recording import verify_files

    raise typer.Exit(verify_files(files, as_json=as_json))


@app.command()
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
    from ecg_live.cli import BEGAN
    from ecg_live.cli.mark import mark as note

    raise typer.Exit(note(" ".join(text), BEGAN, port=port, token=token, pid=pid, session=session))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A recording.")],
    to: Annotated[str, typer.Option(help="csv, edf, or xdf (closes an XDF file that was cut).")],
    out: Annotated[
        Path | None, typer.Option(help="File to write; for csv what the files' names begin with (beside FILE).")
    ] = None,
    channel: Channel = None,
    rate: Annotated[float | None, typer.Option(help="Sampling rate in Hz, for a file that states none.")] = None,
    unit: Unit = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Write a recording as CSV or EDF+, or close an XDF file."""
    from ecg_live.cli.export import export_file
    from ecg_live.types import Opening

    raise typer.Exit(export_file(file, to, out, Opening(channel, rate, unit), force=force))


@app.command()
def report(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="A session's recording (.xdf); of several files the first, or all."),
    ],
    out: Annotated[Path | None, typer.Option(help="Page to write (FILE.html).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a page that is there.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Make a page about a recorded session: quality, gaps, markers, heart rate and predictions over time."""
    from ecg_live.cli.report import report_session

    raise typer.Exit(report_session(files, out, force=force))


@app.command()
def forget(
    participant: Annotated[str, typer.Argument(metavar="ID", help="Whom, as run --participant named them.")],
    folders: Annotated[
        list[Path] | None, typer.Option("--in", help="Look into this folder, too, and all below it; several times.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is found without being asked.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The list as one JSON object.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Remove a participant's recordings, their exports and the profile, after listing them."""
    from ecg_live.cli.forget import forget_participant

    raise typer.Exit(forget_participant(participant, folders or [], yes=yes, dry_run=dry_run, as_json=as_json))


@app.command()
def models(as_json: Json = False) -> None:
    """List the bundled models: what they answer, what they were trained on, how well they do."""
    from ecg_live.cli.models import show_models

    show_models(as_json=as_json)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="wesad, eegmat or cinc2017.")],
    to: Annotated[Path | None, typer.Option(help="Folder to put it in (default data/NAME).")] = None,
    url: Annotated[str | None, typer.Option(help="Another address of the same zip file, or folder.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept the licence without being asked.")] = False,
) -> None:
    """Download a public data set; a download that was stopped goes on."""
    from ecg_live.cli.fetch import fetch_data

    raise typer.Exit(fetch_data(name, to, url, yes=yes))


@app.command()
def sweep(
    file: Annotated[
        Path, typer.Argument(help="TOML file: [run], [grid] of settings with their values, [settings] of all.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the runs, their table and plot.")] = Path("sweep"),
    engine: Annotated[str, typer.Option(help="What runs the cells: local or ray.")] = "local",
    jobs: Annotated[int, typer.Option(help="Cells at a time.")] = 1,
) -> None:
    """Train once for each combination of some settings' values; cells that are done are not run again."""
    from ecg_live.cli.sweep import run_sweep

    raise typer.Exit(run_sweep(file, out, engine, jobs))


@app.command()
def devices(
    as_json: Json = False,
    seconds: Annotated[str | None, typer.Option(help="How long to look (default 4).")] = None,
) -> None:
    """List what is in reach: LSL streams, Bluetooth devices, serial ports, each with the SOURCE to use."""
    from ecg_live.cli.devices import show_devices

    show_devices(seconds, as_json=as_json)


@app.command()
def simulate(
    device: Annotated[str, typer.Argument(help="lsl, shimmer or polar.")],
    file: Annotated[Path, typer.Argument(help="Recording to play.")],
    name: Annotated[str | None, typer.Option(help="What the device is called.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="LSL: begin again at the end; radio devices always do.")] = False,
    seconds: Seconds = None,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    serial: Annotated[
        bool, typer.Option("--serial", help="A Shimmer on a pseudo-terminal, without Bluetooth.")
    ] = False,
    adapter: Annotated[
        str | None, typer.Option(help="Bluetooth adapter to play on, in bumble's words, such as usb:0.")
    ] = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Play a recording as a device, for those who have none at hand: an LSL stream, a Shimmer, a Polar H10."""
    from ecg_live.cli.simulate import simulate as play

    options = {"seconds": seconds, "channel": channel, "rate": rate, "unit": unit}
    raise typer.Exit(play(device, file, name, options, loop=loop, serial=serial, adapter=adapter))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this machine: packages, display, bundled model and recording."""
    from ecg_live.cli.doctor import examine

    raise typer.Exit(examine(as_json=as_json))


Folder = Annotated[Path, typer.Option(help="Folder of the data set, or a manifest of your own files (CSV).")]
DatasetName = Annotated[
    str,
    typer.Option(
        "--dataset",
        help="wesad, swell, amigos, amigos-external, dreamer, eegmat or manifest.",
    ),
]


@app.command()
def train(
    dataset: DatasetName,
    data: Folder,
    out: Annotated[Path, typer.Option(help="Bundle to write; its report goes beside it (.html, .json).")],
    label: Annotated[list[str] | None, typer.Option(help="Label to learn, several times for several heads.")] = None,
    pretrain: Annotated[
        list[Path] | None, typer.Option(help="Recordings that the encoder learns from, without labels.")
    ] = None,
    preset: Annotated[str, typer.Option(help="fast, or paper (100 epochs, segments mixed).")] = "fast",
    config: Annotated[Path | None, typer.Option(help="TOML file of settings.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, such as pretext.epochs=2 or head.split=median.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="loso (leave one subject out) or kfold (segments mixed).")
    ] = None,
    baseline: Annotated[float | None, typer.Option(help="Seconds of a personal baseline, 0 for none.")] = None,
    transductive: Annotated[
        bool, typer.Option("--transductive", help="The encoder may see those who are scored (without labels).")
    ] = False,
    encoder: Annotated[
        Path | None, typer.Option(help="Encoder, or bundle to take it from; nothing is pretrained.")
    ] = None,
    start: Annotated[Path | None, typer.Option(help="Encoder or bundle whose weights it begins with.")] = None,
    add_head: Annotated[
        Path | None, typer.Option(help="Bundle to add heads to: its encoder, its heads and more.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the model, for its card.")] = "",
    engine: Annotated[str, typer.Option(help="Where folds run: local, or ray (a cluster).")] = "local",
    processes: Annotated[int | None, typer.Option(min=1, help="How many at a time; all cores without it.")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for windows and checkpoints (OUT.work).")] = None,
    fresh: Annotated[bool, typer.Option("--fresh/--resume", help="Start over, or go on from what is there.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Train a model on a data set: encoder, heads, honest scores, report. It can be stopped, and goes on."""
    from ecg_live.cli.train import assignments
    from ecg_live.cli.train import train as run_training

    single = assignments(setting or []) | {"evaluate.protocol": protocol, "evaluate.baseline": baseline}
    job = {
        "dataset": dataset,
        "data": data,
        "out": out,
        "labels": tuple(label or ()),
        "pretrain": tuple(pretrain or ()),
        "encoder": encoder,
        "start": start,
        "add_head": add_head,
        "name": name,
        "engine": engine,
        "processes": processes,
        "work": work,
        "fresh": fresh,
    }
    raise typer.Exit(run_training(job, preset, config, single | {"evaluate.transductive": transductive or None}))


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="Bundle to score.")],
    dataset: DatasetName,
    data: Folder,
    baseline: Annotated[float, typer.Option(help="Seconds of a personal baseline; 0 for none.")] = 60.0,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Score a bundle on a data set, as the dashboard would have shown it."""
    from ecg_live.cli.train import evaluate as run_evaluation

    raise typer.Exit(run_evaluation(model, dataset, data, baseline=baseline, as_json=as_json))


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Options of all commands."""
    if version:
        from ecg_live import __version__

        typer.echo(f"ecg-live {__version__}")
        raise typer.Exit
