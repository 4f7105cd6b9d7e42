"""Refuse a data set that holds one subject's recording under two names: leaving either out would leave nobody out."""

from __future__ import annotations

import hashlib

from ecg_live.errors import DatasetError
from training.data.corpus import Corpus
from training.data.fingerprints import recording_key
from training.datasets.dataset import Dataset

_REMEDY = "leave one of them out, or give both the same subject"


def refuse_copied_files(dataset: Dataset) -> None:
    """Refuse files of the same content, of which the same channel is read, under two subjects.

    Raises
    ------
    DatasetError
        Names both subjects and a file; or a file cannot be read.
    """
    owners: dict[tuple[str, str], tuple[str, str]] = {}
    for session in dataset.sessions:
        for part in session.parts:
            subject, name = owners.setdefault(recording_key(part), (session.subject, part.path.name))
            if subject != session.subject:
                raise DatasetError(
                    f"{part.path.name} of subject {session.subject} is the same recording as {name} of subject "
                    f"{subject}: scores would be of subjects that the head has learnt from",
                    _REMEDY,
                )


def refuse_copied_windows(corpus: Corpus) -> None:
    """Refuse windows that are equal to the bit under two subjects: a copy in another file format.

    Raises
    ------
    DatasetError
        Names both subjects.
    """
    owners: dict[bytes, str] = {}
    for subject, window in zip(corpus.subjects.tolist(), corpus.windows, strict=True):
        owner = owners.setdefault(hashlib.sha256(window.tobytes()).digest(), subject)
        if owner != subject:
            raise DatasetError(
                f"subjects {owner} and {subject} have the same signal: scores would be of subjects that the head has "
                "learnt from",
                _REMEDY,
            )
