"""What both stages of a training run share: its folder, its devices and processes, its progress display."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightning_fabric import Fabric

from training.data.corpus import Corpus, build_corpus
from training.datasets.dataset import Dataset
from training.parallel import Engine
from training.progress import ProgressDisplay
from training.settings import CorpusSettings


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where and how a training run works; nothing in it changes a result.

    Parameters
    ----------
    folder : Path
        Keeps windows, checkpoints, embeddings and folds for the next run.
    fabric : Fabric
        Devices and processes that train the encoder and compute embeddings.
    display : ProgressDisplay
        Shows progress.
    engine : Engine
        Cuts recordings into windows and runs folds, in parallel.
    parallel_encoders : bool
        Whether the engine may train several encoders at a time; otherwise they are trained here, one after the other.
    """

    folder: Path
    fabric: Fabric
    display: ProgressDisplay
    engine: Engine
    parallel_encoders: bool = False

    def build_corpus(self, dataset: Dataset, settings: CorpusSettings, hop: float, stage: str) -> Corpus:
        """Windows of a data set, ``hop`` seconds apart; progress is shown as ``stage`` of the data set.

        Raises
        ------
        DatasetError
            As `training.data.corpus.build_corpus`.
        """

        def report(done: int, total: int, windows: int) -> None:
            self.display.progress(f"{stage} of {dataset.title}", done, total, f"{windows} windows")

        folder = self.folder / "corpus"
        return build_corpus(dataset, folder, settings, hop=hop, report=report, engine=self.engine)
