"""Evaluation: splits by subject, folds, metrics with bootstrap intervals, comparisons, scores of a bundle."""
