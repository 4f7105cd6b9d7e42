"""Pretext tasks and networks of Sarkar & Etemad 2020 (doi 10.1109/TAFFC.2020.3014842), in numbers."""

from __future__ import annotations

PRETEXT_TASKS = (
    "original",
    "noise",
    "scaling",
    "negation",
    "inversion",
    "permutation",
    "time_warp",
)  # the paper's order
CONTRASTIVE_TASK = "what comes next"  # not the paper's: the accuracy of contrastive predictive coding
PRETEXT_WIDTH, PRETEXT_DROPOUT = 128, 0.6  # section 4.2 and code
EMOTION_WIDTH = 512  # ibid., section 4.3
