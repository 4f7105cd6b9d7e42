"""What the benchmark's cells read: a data set's labelled windows with all features, in a file of their own."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live.atomic_write import write_whole
from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.errors import DatasetError, FormatError
from ecg_live.events import F32, F64
from training.bench.pipelines import PipelineInputs
from training.data.feature_table import FeatureTable, Ints

_ARRAYS = ("embedding", "hrv", "label", "subject", "rest", "overlaps_rest", "recording", "onset")


@dataclass(frozen=True, slots=True, eq=False)
class BenchInputs:
    """Labelled windows of one data set.

    Parameters
    ----------
    dataset, label : str
        Where they are from, and what is learnt.
    examples : FeatureTable
        The windows (n,), all of which have a label or are rest, with the embedding by the model's encoder.
    random : F64
        Embedding (n, 128) by an untrained encoder.
    windows : Path
        File of all windows of the data set, float32.
    index : Ints
        Which of them (n,) the table's are.
    """

    dataset: str
    label: str
    examples: FeatureTable
    random: F64
    windows: Path
    index: Ints

    def features(self, inputs: PipelineInputs) -> F64 | F32:
        """What a pipeline gets as X for all n windows."""
        if inputs == "windows":
            stored = np.memmap(self.windows, np.float32, "r").reshape(-1, WINDOW_SAMPLES)
            return np.asarray(stored[self.index])
        return self.random if inputs == "random encoder" else self.examples.features(inputs)


def write_inputs(path: Path, inputs: BenchInputs) -> None:
    """Write them to a file.

    Raises
    ------
    DatasetError
        It cannot be written.
    """
    table = inputs.examples
    about = {
        "dataset": inputs.dataset,
        "label": inputs.label,
        "classes": table.classes,
        "scale": table.scale,
        "rest_class": table.rest_class,
        "windows": str(inputs.windows),
    }
    arrays: dict[str, Any] = {name: getattr(table, name) for name in _ARRAYS}
    arrays |= {"stimulus": table.stimulus, "random": inputs.random, "index": inputs.index, "about": json.dumps(about)}
    if table.value is not None:
        arrays["value"] = table.value
    content = io.BytesIO()
    np.savez(content, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content.getvalue())
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "free some space, and give the same command again") from error


def read_inputs(path: Path) -> BenchInputs:
    """Read what `write_inputs` wrote.

    Raises
    ------
    FormatError
        The file is missing or broken.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = dict(found)
        about = json.loads(str(arrays["about"]))
        table = FeatureTable(
            **{name: arrays[name] for name in _ARRAYS},
            classes=tuple(about["classes"]),
            value=arrays.get("value"),
            scale=tuple(about["scale"]),
            rest_class=about["rest_class"],
            stimuli=arrays["stimulus"],
        )
        windows = Path(about["windows"])
        return BenchInputs(about["dataset"], about["label"], table, arrays["random"], windows, arrays["index"])
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise FormatError(f"{path}: no inputs of the benchmark: {error}", "give the same command again") from error
