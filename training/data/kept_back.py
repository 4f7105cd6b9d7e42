"""Subjects that are kept back: chosen by a digest of their names before training, so that no choice looks at them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from training.datasets.dataset import Dataset

MIN_SUBJECTS = 15  # of a data set; with fewer, those kept back would be too few to say anything, and so would the rest
RULE = "subjects in the order of sha256(data set + NUL + subject); the first ones are kept back"


@dataclass(frozen=True, slots=True)
class SubjectSplit:
    """Who is kept back, and the other subjects, both sorted."""

    dataset: str
    share: float
    kept_back: tuple[str, ...]
    others: tuple[str, ...]

    def to_json(self) -> str:
        """The split as a file holds it; its SHA-256 identifies it."""
        values = {
            "dataset": self.dataset,
            "share": self.share,
            "rule": RULE,
            "kept_back": list(self.kept_back),
            "others": list(self.others),
        }
        return json.dumps(values, indent=1) + "\n"


def split_subjects(dataset: Dataset, share: float) -> SubjectSplit:
    """Keep back a share of a data set's subjects, at least one; none if the share is 0 or subjects are fewer than 15.

    It depends on names only, not on signals, labels or the order of files.
    """
    subjects = dataset.subjects
    count = max(1, round(share * len(subjects))) if share and len(subjects) >= MIN_SUBJECTS else 0
    kept = frozenset(sorted(subjects, key=lambda subject: _digest(dataset.name, subject))[:count])
    return SubjectSplit(
        dataset.name,
        share,
        tuple(each for each in subjects if each in kept),
        tuple(each for each in subjects if each not in kept),
    )


def _digest(dataset: str, subject: str) -> str:
    return hashlib.sha256(f"{dataset}\0{subject}".encode()).hexdigest()
