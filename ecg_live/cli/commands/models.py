"""``ecg-live models``: the bundled models, or a user's own, and their cards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecg_live.cli.commands.options import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ecg_live.model.card import HeadCard, ModelCard
    from ecg_live.model.features import FeatureKind

SCORE_COLUMNS = {"balanced_accuracy": "bal. acc.", "macro_f1": "F1", "ece": "ECE", "brier": "Brier"}
RATING_COLUMNS = {"rmse": "RMSE (95 %)", "ccc": "CCC (95 %)", "within": "r within (95 %)", "coverage": "covered"}
INPUT_TEXTS: Mapping[FeatureKind, str] = {
    "embedding": "the encoder's embedding",
    "hrv": "heart rate and its variability",
    "both": "the encoder's embedding, heart rate and its variability",
}


def models(
    file: Annotated[
        Path | None,
        typer.Argument(
            readable=False, help="Bundle of your own, or name of a bundled one; all bundled ones without it."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the cards of the bundled models, or of your own: what they answer, their training data, their scores.

    Example: ecg-live models
    """
    from dataclasses import asdict

    from rich.console import Console

    from ecg_live.model.bundle import load_bundle
    from ecg_live.resources import DEFAULT_MODEL, MODELS_FOLDER, model_path

    paths = [model_path(str(file))] if file else sorted({DEFAULT_MODEL, *MODELS_FOLDER.glob("*.safetensors")})
    cards = {path.stem: load_bundle(path).card for path in paths}
    if as_json:
        print(json.dumps({name: asdict(card) for name, card in cards.items()}))
        return
    console = Console()
    for name, card in cards.items():
        _print_card(console, name, card)


def _encoder(card: ModelCard) -> str:
    kind = card.encoder.get("kind")
    if (imported := card.imported) is not None:
        return (
            f"imported {imported.name} (licence {imported.licence}): {imported.window:g} s at {imported.rate:g} Hz, "
            f"scale {imported.scale}, embedding of {imported.size}"
        )
    if kind == "s4d":
        return "state space (s4d)"
    return f"plug-in {kind}" if kind else f"{card.padding} padding"


def _print_card(console: Console, name: str, card: ModelCard) -> None:
    accuracy = ", ".join(f"{task} {value:.3f}" for task, value in card.pretext.get("held_out_accuracy", {}).items())
    lines = [
        f"[bold]{name}[/]: {card.name}",
        f"encoder: {_encoder(card)}; trained on {'; '.join(card.pretext.get('data', [])) or card.data}",
        f"licence: {card.licence}; made {card.created} by {card.software}",
        *([f"pretext accuracy, held out: {accuracy}"] if accuracy or not card.imported else []),
    ]
    if tuned := card.pretext.get("fine_tuned"):
        subjects = f"{len(tuned['subjects'])} subjects of {tuned['data']}"
        lines.append(f"fine-tuned with labels: {tuned['label']} of {subjects}, {tuned['epochs']} epochs")
    console.print("\n".join(lines), highlight=False)
    for head_name, head in card.heads.items():
        console.print(f"\nhead [bold]{head_name}[/]: {_describe_answers(head)}; {head.data}", highlight=False)
        console.print(_describe_sets(head), highlight=False)
        console.print(str(head.scores.get("protocol", "")), highlight=False)
        rows = head.scores.get("rows", [])
        console.print(_rating_table(rows) if head.scale else _score_table(rows, _rows_of_sets(head)))
        console.print("\n".join(_evidence(head)), highlight=False)
        console.print("\n".join(f"- {caveat}" for caveat in head.caveats), highlight=False)
        if head.sources:
            console.print(f"files that labelled it, by SHA-256: {', '.join(head.sources)}", highlight=False)


def _describe_answers(head: HeadCard) -> str:
    """Its classes, or its scale and how wide the intervals are."""
    if not head.scale:
        return " or ".join(head.classes)
    margins = ", ".join(f"{margin:.1f} ({name} set)" for name, margin in head.margins.items())
    return f"a number from {head.scale[0]:g} to {head.scale[1]:g}; 80 % of ratings within \u00b1 {margins}"


def _describe_sets(head: HeadCard) -> str:
    """The inputs of each set of a head, and when it answers."""
    rest = f", after {head.baseline:g} s of rest with --baseline"
    return "; ".join(
        f"{name} set: {INPUT_TEXTS[head.inputs[name]]}{rest if name == 'personal' else ''}" for name in head.sets
    )


def _rows_of_sets(head: HeadCard) -> list[Mapping[str, Any]]:
    from ecg_live.model.chance import scored_row

    return [scored_row(head, name) for name in head.sets]


def _evidence(head: HeadCard) -> list[str]:
    """What the card shows of each set: on subjects left out, on those that no choice looked at; checks and digests."""
    from ecg_live.model.chance import describe_evidence, scored_row
    from ecg_live.model.score_text import check_lines, score_lines

    rest_class = str(head.scores.get("rest_class", next(iter(head.classes), "")))
    lines = ["* in the bundle"]
    for name in head.sets:
        lines.append(f"{name} set: {describe_evidence(head, name)}")
        if row := scored_row(head, name):
            lines += [f"  {line}" for line in score_lines(row, head.classes, rest_class)]
        for row in head.scores.get("kept_back", ()):
            if row.get("set") == name:
                lines.append("  on subjects that no choice looked at:")
                lines += [f"    {line}" for line in score_lines(row, head.classes, rest_class)]
    digests = [f"{file}, written before anything was scored: sha256 {digest}" for file, digest in _digests(head)]
    return [*lines, *check_lines(head.scores), *digests]


def _digests(head: HeadCard) -> list[tuple[str, str]]:
    found = head.scores.get("digests")
    return sorted(found.items()) if isinstance(found, Mapping) else []


def _score_table(rows: Sequence[Mapping[str, Any]], shipped: Sequence[Mapping[str, Any]] = ()) -> Table:
    from rich.table import Table

    from ecg_live.model.score_text import SO_FAR

    table = Table()
    for column in ("features", "baseline", "AUROC (95 %)", *SCORE_COLUMNS.values()):
        table.add_column(column)
    for row in rows:
        mark = "* " if any(row is each for each in shipped) else ""
        baseline = SO_FAR if row.get("set") == "adaptive" else row["baseline"]
        table.add_row(
            mark + row["features"], baseline, _auroc(row), *(_number(row.get(name)) for name in SCORE_COLUMNS)
        )
    return table


def _rating_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    from rich.table import Table

    table = Table()
    for column in ("features", "baseline", *RATING_COLUMNS.values()):
        table.add_column(column)
    for row in rows:
        intervals = row.get("intervals", {})
        cells = [_number(row.get(name)) + _interval(intervals.get(name)) for name in RATING_COLUMNS]
        table.add_row(row["features"], row["baseline"], *cells)
    return table


def _interval(edges: Sequence[float] | None) -> str:
    return f" ({edges[0]:.2f}-{edges[1]:.2f})" if edges else ""


def _auroc(row: Mapping[str, Any]) -> str:
    interval = row.get("interval")
    return _number(row.get("auroc")) + (f" ({interval[0]:.2f}-{interval[1]:.2f})" if interval else "")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
