"""Subject leakage: which scored subjects an encoder may learn from, and which it has seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecg_live.errors import ConfigError
from training.data.corpus import Corpus
from training.data.fingerprints import match_subjects, seen_subjects
from training.datasets.dataset import Dataset
from training.pretext.encoder_file import EncoderCard

UNSEEN_ONLY = "none of the scored subjects"
TRANSDUCTIVE_REMEDY = "give --transductive, and the report will say so, or an encoder that was trained without them"
SEEN_TOO = "scored subjects, too (transductive)"


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Corpora that encoders learn from, and the scored subjects among their subjects.

    Parameters
    ----------
    corpora : tuple of Corpus
        Windows without labels.
    scored_matches : tuple of mapping
        For each corpus and each of its subjects, the scored subjects that it is.
    held_out : tuple of str
        Scored subjects who need an encoder that has not seen them, sorted.
    kept_back : frozenset of str
        Scored subjects that no encoder may see.
    """

    corpora: tuple[Corpus, ...]
    scored_matches: tuple[Mapping[str, frozenset[str]], ...]
    held_out: tuple[str, ...]
    kept_back: frozenset[str] = frozenset()

    def excluded(self, subject: str | None) -> list[set[str]]:
        """For each corpus its subjects that are this scored ``subject``, or kept back; of None only the latter."""
        unseen = self.kept_back | ({subject} if subject else set())
        return [{own for own, scored in matches.items() if unseen & scored} for matches in self.scored_matches]


def find_leakage(
    corpora: Sequence[Corpus], scored: Dataset, *, unseen_only: bool, kept_back: Iterable[str] = ()
) -> TrainingData:
    """Find the scored subjects among those that an encoder would learn from.

    Parameters
    ----------
    corpora : sequence of Corpus
        What it would learn from.
    scored : Dataset
        The labelled data set.
    unseen_only : bool
        Whether scored subjects found there need an encoder of their own.
    kept_back : iterable of str
        Scored subjects that none of the encoders may see, if ``unseen_only``.

    Raises
    ------
    DatasetError
        If a recording cannot be read.
    """
    matches = tuple(match_subjects(corpus.dataset, scored) for corpus in corpora)
    found = sorted(frozenset().union(*(subjects for each in matches for subjects in each.values())))
    if not unseen_only:
        return TrainingData(tuple(corpora), matches, ())
    kept = frozenset(kept_back)
    return TrainingData(tuple(corpora), matches, tuple(each for each in found if each not in kept), kept)


def refuse_seen(path: Path, card: EncoderCard, scored: Dataset, remedy: str = TRANSDUCTIVE_REMEDY) -> None:
    """Refuse an encoder that has seen scored subjects.

    Raises
    ------
    ConfigError
        If it has; names the encoder's file, ``path``.
    """
    if seen := seen_subjects(scored, card.seen, card.files):
        raise ConfigError(
            f"{path} has seen {len(seen)} of the subjects who would be left out, {seen[0]} among them",
            remedy,
        )


def seen_note(card: EncoderCard, scored: Dataset, held_out: Sequence[str] = ()) -> str:
    """For the report: whether an encoder has seen subjects that it scores; ``held_out`` are scored by others."""
    return SEEN_TOO if set(seen_subjects(scored, card.seen, card.files)) - set(held_out) else UNSEEN_ONLY
