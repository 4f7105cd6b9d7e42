"""Stage one: encoders for the labelled windows, loaded or trained, and the embeddings that they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from ecg_live.events import F64
from training.data.corpus import Corpus
from training.data.feature_table import Mask
from training.networks import FrozenEncoder, TrainableEncoder
from training.pretext.embedding import cached_embedding
from training.pretext.encoder_file import EncoderCard
from training.pretext.encoder_job import (
    EncoderJob,
    LogValues,
    parse_log,
    plan_encoder,
    train_in_subprocess,
    train_or_load,
)
from training.pretext.leakage import TrainingData, seen_note
from training.pretext.loop import PretextProgress
from training.pretext.pretrained import read_pretrained
from training.results import PretextLog
from training.run_context import RunContext
from training.settings import EncoderKind, PretextSettings


@dataclass(frozen=True, slots=True, eq=False)
class Encoders:
    """What stage one hands to stage two.

    Parameters
    ----------
    encoder : ConvEncoder, S4DEncoder or ImportedEncoder
        The one to ship.
    card : EncoderCard
        How it was made.
    log : PretextLog, optional
        How its training went; None for one that was loaded.
    embeddings : mapping
        Features (n, 128) of all labelled windows: under None by ``encoder``, under a subject by an encoder that has
        never seen the subject.
    seen_note : str
        For the report: whether the encoders have seen subjects that they score.
    corpora : tuple of Corpus
        Recordings without labels that they learnt from.
    held_out : mapping
        The encoders that have never seen a subject, by that subject.
    """

    encoder: FrozenEncoder
    card: EncoderCard
    log: PretextLog | None
    embeddings: Mapping[str | None, F64]
    seen_note: str
    corpora: tuple[Corpus, ...] = ()
    held_out: Mapping[str, TrainableEncoder] = field(default_factory=dict)

    @property
    def frozen(self) -> Encoders:
        """Those that learnt without labels: these, unless they were fine-tuned."""
        return self

    @property
    def remarks(self) -> tuple[str, ...]:
        """For a label's report."""
        return ()

    def encoder_without(self, subject: str | None) -> FrozenEncoder:
        """The encoder that has never seen this subject."""
        return self.encoder if subject is None else self.held_out.get(subject, self.encoder)

    def fold_embedding(self, subject: str | None, test: Mask) -> F64:  # noqa: ARG002 - of encoders that learn labels
        """Features (n, 128) of all labelled windows for the fold that leaves this subject, or ``test`` (m,), out."""
        return self.embedding(subject)

    def embedding(self, subject: str | None = None) -> F64:
        """Features (n, 128) of all labelled windows, by an encoder that has never seen this subject."""
        return self.embeddings.get(subject, self.embeddings[None])


def load_encoder(path: Path, scored: Corpus, context: RunContext, *, unseen_only: bool) -> Encoders:
    """An encoder from a file of its own or from a bundle.

    Parameters
    ----------
    path : Path
        The file.
    scored : Corpus
        The labelled windows.
    context : RunContext
        Keeps the embedding.
    unseen_only : bool
        Whether to refuse an encoder that has seen scored subjects.

    Raises
    ------
    ModelError
        If the file holds no encoder.
    ConfigError
        If it has seen scored subjects, or windows of another scale.
    """
    encoder, card = read_pretrained(path, scored, unseen_only=unseen_only)
    embeddings: dict[str | None, F64] = {None: cached_embedding(encoder, scored, context)}
    return Encoders(encoder, card, None, embeddings, seen_note(card, scored.dataset))


def train_encoders(
    data: TrainingData,
    scored: Corpus,
    initial: tuple[TrainableEncoder, EncoderCard] | None,
    settings: PretextSettings,
    context: RunContext,
    kind: EncoderKind = "cnn",
) -> Encoders | None:
    """Train the encoder to ship, and one for each subject held out; those that an earlier run trained are loaded.

    Parameters
    ----------
    data : TrainingData
        What they learn from, and the subjects held out.
    scored : Corpus
        The labelled windows.
    initial : encoder and EncoderCard, optional
        An encoder to start from; its card's subjects count as seen.
    settings : PretextSettings
        How they learn.
    context : RunContext
        Where they learn, and what keeps them.
    kind : str
        Of the encoders.

    Returns
    -------
    Encoders or None
        None in all processes but the first.

    Raises
    ------
    DatasetError, ConfigError, ModelError
        If windows or settings do not allow it, or training fails.
    """
    subjects = (None, *data.held_out)
    jobs = [plan_encoder(data, subject, initial, settings, context.folder, kind) for subject in subjects]
    encoder, log = _train_encoder(jobs[0], context)
    others = _train_all(jobs[1:], context)
    if not context.fabric.is_global_zero:
        return None
    embeddings: dict[str | None, F64] = {None: cached_embedding(encoder, scored, context)}
    for subject, other in zip(data.held_out, others, strict=True):
        embeddings[subject] = cached_embedding(other, scored, context)
    card = jobs[0].card
    note = seen_note(card, scored.dataset, data.held_out)
    extra = tuple(corpus for corpus in data.corpora if corpus.dataset is not scored.dataset)
    card = replace(card, made={**card.made, "log": log})
    held_out = dict(zip(data.held_out, others, strict=True))
    return Encoders(encoder, card, parse_log(log, note), embeddings, note, extra, held_out)


def _train_encoder(job: EncoderJob, context: RunContext) -> tuple[TrainableEncoder, LogValues]:
    def report(progress: PretextProgress) -> None:
        accuracy = " ".join(f"{name} {value:.2f}" for name, value in progress.accuracy.items())
        context.display.progress(job.name, progress.step, progress.steps, f"loss {progress.loss:.4f}; {accuracy}")

    return train_or_load(job, context.fabric, report)


def _train_all(jobs: Sequence[EncoderJob], context: RunContext) -> list[TrainableEncoder]:
    """The encoders of jobs, trained in parallel where the context allows it; each is kept when it is done."""
    missing = [job for job in jobs if not job.is_done] if context.parallel_encoders else []
    if missing:
        stage, done = "pretext without one subject each", len(jobs) - len(missing)
        context.display.progress(stage, done, len(jobs))
        with closing(context.engine.map(train_in_subprocess, missing)) as names:
            for number, name in enumerate(names, done + 1):
                context.display.progress(stage, number, len(jobs), name)
    return [_train_encoder(job, context)[0] for job in jobs]
