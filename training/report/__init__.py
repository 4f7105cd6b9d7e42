"""What a training run found out: one HTML file for people, JSON for programs, a few rows for the model's card."""

from __future__ import annotations

from pathlib import Path

from ecg_live.atomic_write import write_whole
from ecg_live.errors import DatasetError
from training.report.card import card_scores
from training.report.page import page
from training.report.store import read_report, to_json
from training.results import TrainingReport

__all__ = ["card_scores", "read_report", "write_report"]


def write_report(report: TrainingReport, html: Path, json: Path) -> None:
    """Write a report as JSON, then as HTML, each at once or not at all; same report, same bytes.

    Raises
    ------
    DatasetError
        If a file cannot be written; what was there before stays.
    """
    _write(json, to_json(report))
    _write(html, page(report))


def _write(path: Path, content: str) -> None:
    try:
        write_whole(path, content.encode())
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "choose a place that can be written to") from error
