"""``ecg-live evaluate``: score bundles on data sets, and compare them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecg_live.cli import print_notice
from ecg_live.cli.commands.options import Debug, Json
from ecg_live.cli.training_extra import require_training_packages
from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from training.evaluation.score_bundles import Comparison, Evaluations


def evaluate(
    models: Annotated[
        list[Path], typer.Argument(readable=False, metavar="MODEL...", help="Bundles to score, and to compare.")
    ],
    dataset: Annotated[
        list[str],
        typer.Option(
            "--dataset",
            help="wesad, swell, amigos, amigos-external, dreamer, eegmat or manifest; several, each with its --data.",
        ),
    ],
    data: Annotated[list[Path], typer.Option(help="Folder of the data set, or a manifest of your own files (CSV).")],
    baseline: Annotated[float, typer.Option(help="Seconds of a personal baseline; 0 for none.")] = 60.0,
    predictions: Annotated[
        Path | None, typer.Option(help="Write the predictions for every window to this table: .parquet or .csv.")
    ] = None,
    table: Annotated[
        list[Path] | None,
        typer.Option(help="Write scores, paired tests and confusion by subject as text: .md or .tex (repeat)."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Score bundles on data sets, as the dashboard would have shown them; several are compared by paired tests.

    Example: ecg-live evaluate model.safetensors --dataset eegmat --data data/eegmat
    """
    require_training_packages()
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()  # as live: a window is too small to share, and under load threads wait for each other
    from ecg_live.tables import check_replaceable, check_table_path
    from training.evaluation.prediction_table import PLACE_COLUMNS, write_predictions
    from training.evaluation.score_bundles import score_bundles
    from training.progress import ProgressDisplay
    from training.report.text_tables import check_text_path, write_text_tables

    if len(dataset) != len(data):
        raise ConfigError(f"{len(dataset)} --dataset and {len(data)} --data", "give each data set its folder")
    if predictions is not None:
        check_table_path(predictions, "--predictions")
        check_replaceable(predictions, PLACE_COLUMNS)
    for path in table or ():
        check_text_path(path)
    with ProgressDisplay() as progress:
        found = score_bundles(models, list(zip(dataset, data, strict=True)), baseline, progress)
    if predictions is not None:
        write_predictions(predictions, [*found.predictions, *found.ratings])
    for path in table or ():
        write_text_tables(path, _tables(found))
    single = len(models) == len(dataset) == 1
    if as_json:
        print(json.dumps(found.summaries[0] if single else _as_json(found), allow_nan=False))
        return
    for remark in found.remarks:
        print_notice(remark)
    for summary in found.summaries:
        _print_scores(summary, "" if single else f"{summary['model']}, {summary['dataset']}: ")
    for comparison in found.comparisons:
        _print_comparison(comparison)


def _tables(found: Evaluations) -> list[Any]:
    from training.report.rating_tables import rating_bundle_table
    from training.report.score_tables import bundle_table, comparison_table, confusion_table, data_set_matrix

    tests = [(f"{each.head} ({each.set}), {each.dataset}", each.test) for each in found.comparisons]
    several = len({each["dataset"] for each in found.summaries}) > 1
    rated = any("rmse" in row for each in found.summaries for row in each["rows"])
    return [
        bundle_table(found.summaries),
        *([rating_bundle_table(found.summaries)] if rated else []),
        *([data_set_matrix(found.summaries)] if several else []),
        comparison_table(tests),
        *map(confusion_table, found.predictions),
    ]


def _as_json(found: Evaluations) -> dict[str, Any]:
    comparisons = [
        {"dataset": each.dataset, "head": each.head, "set": each.set, **_finite(asdict(each.test))}
        for each in found.comparisons
    ]
    return {"evaluations": found.summaries, "comparisons": comparisons, "remarks": found.remarks}


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with None for NaN, which JSON does not know."""
    return {name: _finite_value(value) for name, value in values.items()}


def _finite_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_finite_value(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_scores(scores: Mapping[str, Any], before: str) -> None:
    from ecg_live.model.score_text import score_lines

    for remark in scores["remarks"]:
        print(f"{before}{remark}")
    for row in scores["rows"]:
        size = f"{row['windows']} windows of {row['people']} subjects, {row['abstained']} more abstained"
        if "rmse" in row:
            ccc, within = ("none" if row[name] is None else f"{row[name]:.3f}" for name in ("ccc", "within"))
            print(
                f"{before}{row['head']} ({row['set']}): RMSE {row['rmse']:.3f}, CCC {ccc}, correlation within "
                f"a subject {within}, {row['coverage']:.0%} within the 80 % interval; {size}"
            )
            continue
        auroc = "none" if row["auroc"] is None else f"{row['auroc']:.3f}"
        print(
            f"{before}{row['head']} ({row['set']}): AUROC {auroc}, balanced accuracy "
            f"{row['balanced_accuracy'] or 0:.3f}, calibration error {row['ece']:.3f}, Brier {row['brier']:.3f}; {size}"
        )
        for line in score_lines(row, row["classes"], row["rest_class"]):
            print(f"  {line}")


def _print_comparison(comparison: Comparison) -> None:
    from training.report.score_tables import SCORE_NAMES, p_text, signed

    test = comparison.test
    low, high = map(signed, test.interval)
    p, holm, wilcoxon, wilcoxon_holm = (
        p_text(each) or "none" for each in (test.p, test.p_holm, test.p_wilcoxon, test.p_wilcoxon_holm)
    )
    print(
        f"{comparison.dataset}, {comparison.head} ({comparison.set}): {SCORE_NAMES[test.score]} of {test.first} minus "
        f"{test.second}: {signed(test.difference)} [{low}, {high}], p {p} (Holm {holm}); within subjects "
        f"{signed(test.within)}, Wilcoxon p {wilcoxon} (Holm {wilcoxon_holm}); "
        f"{test.windows} windows of {test.subjects} subjects"
    )
