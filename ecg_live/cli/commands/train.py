"""``ecg-live train``: train a model on a data set."""

from __future__ import annotations

import math
import signal
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecg_live.cli import INTERRUPTED_EXIT_CODE, print_notice
from ecg_live.cli.commands.options import DatasetFolder, DatasetName, Debug, Log
from ecg_live.cli.signals import CaughtSignals, interrupt
from ecg_live.cli.training_extra import require_training_packages
from ecg_live.errors import ConfigError, DatasetError

if TYPE_CHECKING:
    from training.results import LabelResult

PROTOCOLS = {
    "loso": "leave one subject out",
    "groupkfold": "leave groups of subjects out",
    "leave-one-stimulus-out": "leave one stimulus out",
    "kfold": "segments mixed",
    "kept back": "no choice looked at them",
}
UNSEEN_TITLE = ", subjects that no choice looked at"
MIXED_WARNING = (
    "these scores are of mixed segments: windows of the same subject are on both sides of each split, which scores "
    "high even with meaningless labels; they are no scores for new subjects (for those: --protocol loso)"
)


def train(
    dataset: DatasetName,
    data: DatasetFolder,
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
        str | None,
        typer.Option(
            help="loso (leave one subject out), groupkfold (leave groups of subjects out), leave-one-stimulus-out, or "
            "kfold (segments mixed)."
        ),
    ] = None,
    baseline: Annotated[float | None, typer.Option(help="Seconds of a personal baseline, 0 for none.")] = None,
    transductive: Annotated[
        bool, typer.Option("--transductive", help="The encoder may see the scored subjects (without labels).")
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
    predictions: Annotated[
        Path | None,
        typer.Option(help="Table of the predictions for every window: .parquet or .csv (OUT.predictions.parquet)."),
    ] = None,
    table: Annotated[
        list[Path] | None, typer.Option(help="Write scores and confusion by subject as text: .md or .tex (repeat).")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh/--resume", help="Start over, or go on from what is there.")] = False,
    log: Log = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Train a model on a data set: encoder, heads, leave-one-subject-out scores, report. It resumes after a stop.

    Example: ecg-live train --dataset eegmat --data data/eegmat --out model.safetensors
    """
    from ecg_live.cli.log_file import log_option, log_to

    options = {
        "evaluate.protocol": protocol,
        "evaluate.baseline": baseline,
        "evaluate.transductive": transductive or None,
    }
    given = assignments(setting or []) | {name: value for name, value in options.items() if value is not None}
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
        "predictions": predictions,
        "tables": tuple(table or ()),
    }
    private = [text for path in (data, out, *(pretrain or ())) for text in (str(path), path.name, path.stem)]
    with log_to(log_option(log), private):
        code = train_model(job, preset, config, given)
    raise typer.Exit(code)


def train_model(
    job: Mapping[str, Any], preset: str, config: Path | None, given: Mapping[str, object], *, quiet: bool = False
) -> int:
    """Train a model, print its path and its scores, and return the exit code.

    Parameters
    ----------
    job : mapping
        Fields of ``training.pipeline.TrainJob``.
    preset : str
        ``fast`` or ``paper``.
    config : Path, optional
        TOML file of settings.
    given : mapping
        Settings of the command line by dotted name, only those that were given.
    quiet : bool
        Show no progress.

    Raises
    ------
    EcgLiveError
        If settings, data or disk do not allow it.
    """
    require_training_packages()
    from training.pipeline import TrainJob, run_training
    from training.progress import ProgressDisplay
    from training.results import LEFT_OUT_PREFIX
    from training.settings import load_settings

    settings = load_settings(preset, config, given, dataset=job["dataset"])
    planned = TrainJob(**job)
    caught = CaughtSignals()
    with ProgressDisplay(quiet=quiet) as progress, caught.handled(interrupt, signal.SIGTERM):  # both leave a checkpoint
        try:
            report = run_training(planned, settings, progress)
        except KeyboardInterrupt:
            print_notice("stopped; the same command goes on from here")
            return caught.exit_code or INTERRUPTED_EXIT_CODE
    if report is None:
        return 0
    for label in report.labels:
        _print_scores(label)
    print(f"model   {planned.out}\nreport  {planned.out.with_suffix('.html')}")
    print(f"predictions  {planned.predictions_path}")
    if settings.evaluate.protocol == "kfold":
        print_notice(MIXED_WARNING)
    left_out = [remark for remark in report.remarks if remark.startswith(LEFT_OUT_PREFIX)]
    for remark in left_out:
        print_notice(remark)
    return DatasetError.exit_code if left_out else 0


def assignments(texts: Sequence[str]) -> dict[str, object]:
    """Parse settings NAME=VALUE into values by dotted name; a value that is not TOML is text.

    Raises
    ------
    ConfigError
        If there is no ``=``.
    """
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"--set {text}: expected NAME=VALUE", "for example --set pretext.epochs=2")
        try:
            found[name.strip()] = tomllib.loads(f"value = {value}")["value"]
        except (tomllib.TOMLDecodeError, RecursionError):
            found[name.strip()] = value.strip()
    return found


def _print_scores(label: LabelResult) -> None:
    """Print a label: a line for each row of its results, those of the bundle's sets marked; then each set in words."""
    from ecg_live.model.score_text import SO_FAR
    from training.report.sentences import chosen_rows

    if label.scale is not None:
        _print_rating_scores(label, label.scale)
        return
    print(f"{label.name} ({' / '.join(label.classes)})")
    shipped = chosen_rows(label)
    for row in label.rows:
        if row.scores.auroc is None:
            continue
        low, high = row.interval.get("auroc", (math.nan, math.nan))
        baseline = (
            f"{row.baseline:.0f} s baseline" if row.baseline else SO_FAR if row.set == "adaptive" else "no baseline"
        )
        mark = "*" if any(row is each for each in shipped.values()) else " "
        print(
            f"{mark} {row.features:<22} {baseline:<15} AUROC {row.scores.auroc:.3f} [{low:.2f}, {high:.2f}]  "
            f"balanced accuracy {row.scores.balanced_accuracy or 0:.3f}  "
            f"({PROTOCOLS.get(row.protocol, row.protocol)}, {row.scores.people} subjects)"
        )
    print(f"  * in the bundle: {', '.join(f'{features} ({name} set)' for name, features in label.chosen.items())}")
    _print_sets(label)
    _print_unproven(label)


def _print_sets(label: LabelResult) -> None:
    """Print what is known of each set: on subjects left out, and on those kept back; and the checks."""
    from training.report.card import card_row
    from training.report.sentences import chosen_rows, kept_back_rows

    for title, rows in (("", chosen_rows(label)), (UNSEEN_TITLE, kept_back_rows(label))):
        for name, row in rows.items():
            _print_set(f"{name} set{title}", card_row(row), label)
    _print_checks(label)


def _print_set(title: str, row: Mapping[str, Any], label: LabelResult) -> None:
    """Print a card's row in words."""
    from ecg_live.model.score_text import score_lines

    print(f"  {title}:")
    for line in score_lines(row, label.classes, label.rest_class):
        print(f"    {line}")


def _print_checks(label: LabelResult) -> None:
    from ecg_live.model.score_text import check_lines
    from training.report.card import card_scores

    for line in check_lines(card_scores(label)):
        print(f"  {line}")


def _print_rating_scores(label: LabelResult, scale: tuple[float, float]) -> None:
    """Print a label that is a number: a line for each row of its results; then each set in words."""
    from training.report.card import card_rating_row
    from training.report.rating_scores import chosen_rating_row
    from training.report.sentences import KEPT_BACK

    print(f"{label.name} ({scale[0]:g} to {scale[1]:g})")
    shipped = {name: row for name in label.chosen if (row := chosen_rating_row(label, name)) is not None}
    for row in label.regression:
        low, high = row.interval.get("rmse", (math.nan, math.nan))
        baseline = f"{row.baseline:.0f} s baseline" if row.baseline else "no baseline"
        protocol = PROTOCOLS.get(row.protocol, row.protocol)
        mark = "*" if any(row is each for each in shipped.values()) else " "
        ccc, within = (math.nan if each is None else each for each in (row.scores.ccc, row.scores.within))
        print(
            f"{mark} {row.features:<22} {baseline:<15} RMSE {row.scores.rmse:.2f} [{low:.2f}, {high:.2f}]  "
            f"CCC {ccc:.3f}  correlation within a subject {within:.3f}  ({protocol}, {row.scores.people} subjects)"
        )
    print("  majority: always the mean rating of the training subjects")
    print(f"  * in the bundle: {', '.join(f'{row.features} ({name} set)' for name, row in shipped.items())}")
    for name, row in shipped.items():
        _print_set(f"{name} set", card_rating_row(row), label)
    for row in label.regression:
        if row.protocol == KEPT_BACK:
            _print_set(f"{'personal' if row.baseline else 'population'} set{UNSEEN_TITLE}", card_rating_row(row), label)
    _print_checks(label)
    _print_unproven(label)


def _print_unproven(label: LabelResult) -> None:
    """Print what says that a set is not shown to beat chance."""
    from ecg_live.model.chance import SHOW_UNPROVEN

    for remark in label.remarks:
        if SHOW_UNPROVEN in remark or "not shipped" in remark:
            print(f"  {remark}")
