"""Commands that make and judge models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Debug, Json, Log

Folder = Annotated[Path, typer.Option(help="Folder of the data set, or a manifest of your own files (CSV).")]
DatasetName = Annotated[
    str,
    typer.Option(
        "--dataset",
        help="wesad, swell, amigos, amigos-external, dreamer, eegmat or manifest.",
    ),
]


def models(as_json: Json = False) -> None:
    """List the bundled models: what they answer, what they were trained on, how well they do."""
    from ecg_live.cli.models import show_models

    show_models(as_json=as_json)


def train(
    dataset: DatasetName,
    data: Folder,
    out: Annotated[Path, typer.Option(help="Bundle to write; its report goes beside it (.html, .json).")],
    label: Annotated[
        list[str] | None,
        typer.Option(
            help=r"Label to learn, several times for several heads; its classes from least to most: arousal\[low,high]."
        ),
    ] = None,
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
    log: Log = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Train a model on a data set: encoder, heads, honest scores, report. It can be stopped, and goes on."""
    from ecg_live.cli.log_file import log_option, log_to
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
    single |= {"evaluate.transductive": transductive or None}
    private = [text for path in (data, out, *(pretrain or ())) for text in (str(path), path.name, path.stem)]
    with log_to(log_option(log), private):
        code = run_training(job, preset, config, single)
    raise typer.Exit(code)


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


def fetch(
    name: Annotated[str, typer.Argument(help="wesad, eegmat or cinc2017.")],
    to: Annotated[Path | None, typer.Option(help="Folder to put it in (default data/NAME).")] = None,
    url: Annotated[str | None, typer.Option(help="Another address of the same zip file, or folder.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept the licence without being asked.")] = False,
) -> None:
    """Download a public data set; a download that was stopped goes on."""
    from ecg_live.cli.fetch import fetch_data

    raise typer.Exit(fetch_data(name, to, url, yes=yes))


def sweep(
    file: Annotated[
        Path, typer.Argument(help=r"TOML file: \[run], \[grid] of settings with their values, \[settings] of all.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the runs, their table and plot.")] = Path("sweep"),
    engine: Annotated[str, typer.Option(help="What runs the cells: local or ray.")] = "local",
    jobs: Annotated[int, typer.Option(help="Cells at a time.")] = 1,
) -> None:
    """Train once for each combination of some settings' values; cells that are done are not run again."""
    from ecg_live.cli.sweep import run_sweep

    raise typer.Exit(run_sweep(file, out, engine, jobs))
