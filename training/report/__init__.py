"""Report of a training run: an HTML page, the same as JSON, and the scores for the model's card."""

from training.report.card import card_scores
from training.report.files import read_report, write_report

__all__ = ["card_scores", "read_report", "write_report"]
