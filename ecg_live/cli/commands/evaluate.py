"""``ecg-live evaluate``: score a bundle on a data set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ecg_live.cli.commands.options import DatasetFolder, DatasetName, Debug, Json
from ecg_live.cli.training_extra import require_training_packages


def evaluate(
    model: Annotated[Path, typer.Argument(help="Bundle to score.")],
    dataset: DatasetName,
    data: DatasetFolder,
    baseline: Annotated[float, typer.Option(help="Seconds of a personal baseline; 0 for none.")] = 60.0,
    predictions: Annotated[
        Path | None, typer.Option(help="Write the predictions for every window to this table: .parquet or .csv.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Score a bundle on a data set, as the dashboard would have shown it.

    Example: ecg-live evaluate model.safetensors --dataset eegmat --data data/eegmat
    """
    require_training_packages()
    import torch

    from ecg_live.tables import check_table_path
    from training.evaluation.prediction_table import write_predictions
    from training.evaluation.score_bundle import score_bundle
    from training.progress import ProgressDisplay

    if predictions is not None:
        check_table_path(predictions, "--predictions")
    torch.set_num_threads(1)  # as live: a window is too small to share, and under load threads wait for each other
    with ProgressDisplay() as progress:
        found = score_bundle(model, dataset, data, baseline, progress)
    if predictions is not None:
        write_predictions(predictions, found.predictions)
    if as_json:
        print(json.dumps(found.summary, allow_nan=False))
    else:
        _print_scores(found.summary)


def _print_scores(scores: Mapping[str, Any]) -> None:
    for remark in scores["remarks"]:
        print(remark)
    for row in scores["rows"]:
        auroc = "none" if row["auroc"] is None else f"{row['auroc']:.3f}"
        print(
            f"{row['head']} ({row['set']}): AUROC {auroc}, balanced accuracy "
            f"{row['balanced_accuracy'] or 0:.3f}, calibration error {row['ece']:.3f}, Brier {row['brier']:.3f}; "
            f"{row['windows']} windows of {row['people']} subjects, {row['abstained']} more abstained"
        )
