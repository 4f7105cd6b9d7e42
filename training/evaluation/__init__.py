"""Scores: folds over subjects, metrics with intervals, comparisons."""
