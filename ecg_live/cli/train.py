"""``ecg-live train`` and ``ecg-live evaluate``."""

from __future__ import annotations

import json
import math
import signal
import tomllib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecg_live.cli import say
from ecg_live.cli.signals import INTERRUPTED_EXIT_CODE, CaughtSignals, interrupt
from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from training.results import LabelResult


def train(
    job: Mapping[str, Any], preset: str, config: Path | None, single: Mapping[str, object], *, quiet: bool = False
) -> int:
    """Train a model, say where it lies and how good it is; give the exit code.

    Raises
    ------
    EcgLiveError
        If settings, data or disk do not allow it.
    """
    _need_training()
    from training.pipeline import TrainJob, run_training
    from training.progress import ProgressDisplay
    from training.settings import load_settings

    given = {name: value for name, value in single.items() if value is not None}
    settings = load_settings(preset, config, given, dataset=job["dataset"])
    planned = TrainJob(**job)
    caught = CaughtSignals()
    with (
        ProgressDisplay(quiet=quiet) as show,
        caught.handled(interrupt, signal.SIGTERM),
    ):  # SIGTERM leaves a checkpoint, too
        try:
            report = run_training(planned, settings, show)
        except KeyboardInterrupt:
            say("stopped; the same command goes on from here")
            return caught.exit_code or INTERRUPTED_EXIT_CODE
    if report is not None:
        for label in report.labels:
            _tell(label)
        print(f"model   {planned.out}\nreport  {planned.out.with_suffix('.html')}")
    return 0


def evaluate(model: Path, dataset: str, data: Path, *, baseline: float, as_json: bool) -> int:
    """Score a bundle on a data set, as the dashboard would have shown it.

    Raises
    ------
    EcgLiveError
        If the bundle or the data set cannot be read, or have no label in common.
    """
    _need_training()
    from training.evaluation.score_bundle import score_bundle
    from training.progress import ProgressDisplay

    with ProgressDisplay() as show:
        found = score_bundle(model, dataset, data, baseline, show)
    if as_json:
        print(json.dumps(found, allow_nan=False))
    else:
        _table(found)
    return 0


def assignments(texts: Sequence[str]) -> dict[str, object]:
    """Settings by dotted name, from NAME=VALUE, the value as TOML writes it; a bare word is text.

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


def _need_training() -> None:
    """The packages of the extra."""
    missing = [name for name in ("filelock", "lightning_fabric", "sklearn") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"{missing[0]} is not installed", "run: python -m pip install 'ecg-live[train]'")


def _tell(label: LabelResult) -> None:
    """One line a row."""
    print(f"{label.name} ({' / '.join(label.classes)})")
    for row in label.rows:
        if row.scores.auroc is None:
            continue
        low, high = row.interval.get("auroc", (math.nan, math.nan))
        baseline = f"{row.baseline:.0f} s baseline" if row.baseline else "no baseline"
        what = "leave one subject out" if row.protocol == "loso" else "segments mixed"
        print(
            f"  {row.features:<22} {baseline:<15} AUROC {row.scores.auroc:.3f} [{low:.2f}, {high:.2f}]  "
            f"balanced accuracy {row.scores.balanced_accuracy or 0:.3f}  ({what}, {row.scores.people} people)"
        )


def _table(found: Mapping[str, Any]) -> None:
    for remark in found["remarks"]:
        print(remark)
    for row in found["rows"]:
        auroc = "none" if row["auroc"] is None else f"{row['auroc']:.3f}"
        print(
            f"{row['head']} ({row['set']}): AUROC {auroc}, balanced accuracy "
            f"{row['balanced_accuracy'] or 0:.3f}, calibration error {row['ece']:.3f}, Brier {row['brier']:.3f}; "
            f"{row['windows']} windows of {row['people']} people, {row['abstained']} more abstained"
        )
