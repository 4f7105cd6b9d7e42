"""Data sets: subjects, sessions and labels of public data sets and users' own, read by ``devices.files``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from ecg_live.errors import ConfigError, DatasetError, EcgLiveError
from ecg_live.plugins import broken_plugin, load_plugin, plugin_names
from training.datasets.dataset import Dataset

__all__ = ["DATASETS", "open_dataset", "open_unlabelled"]

# Modules and functions that load them from a folder; imported on first use.
DATASETS: Mapping[str, str] = {
    "wesad": "training.datasets.wesad:load",
    "swell": "training.datasets.swell:load",
    "amigos": "training.datasets.amigos:load",
    "amigos-external": "training.datasets.amigos_external:load",
    "dreamer": "training.datasets.dreamer:load",
    "eegmat": "training.datasets.eegmat:load",
    "flightcrews": "training.datasets.flightcrews:load",
    "case": "training.datasets.case:load",
    "deap": "training.datasets.deap:load",
    "drivedb": "training.datasets.drivedb:load",
    "ecg-spider-clip": "training.datasets.spider_clips:load",
    "cinc2017": "training.datasets.recordings:load_cinc2017",
    "recordings": "training.datasets.recordings:load",
    "manifest": "training.datasets.manifest:load",
    "sessions": "training.datasets.sessions:load",
}
ANY_RECORDINGS = "recordings"  # of any layout, without labels
# Glob patterns of files that identify a data set.
_LAYOUT_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "wesad": ("S*/S*.pkl", "S*/S*_respiban.txt", "*/S*/S*.pkl", "*/S*/S*_respiban.txt"),
    "swell": ("**/*.S00", "**/*.s00"),
    "amigos": tuple(f"{'*/' * depth}Data_Preprocessed_P*.mat" for depth in range(4)),
    "dreamer": ("DREAMER.mat", "*/DREAMER.mat"),
    "eegmat": ("Subject*_1.edf", "*/Subject*_1.edf"),
    "flightcrews": ("stress_1hz.csv",),
    "case": tuple(f"{place}physiological/sub_*.csv" for place in ("", "interpolated/", "*/interpolated/")),
    "deap": ("s[0-9][0-9].mat", "data_preprocessed_matlab/s[0-9][0-9].mat"),
    "drivedb": ("drive[0-9]*.hea", "*/drive[0-9]*.hea"),
    "ecg-spider-clip": ("VP*/BitalinoECG.txt", "*/VP*/BitalinoECG.txt"),
    "cinc2017": ("**/A[0-9][0-9][0-9][0-9][0-9].hea",),
}


def open_dataset(name: str, folder: Path) -> Dataset:
    """Load a data set by its name on the command line.

    Raises
    ------
    ConfigError
        There is no data set of that name.
    DatasetError
        The folder is missing, or does not hold it.
    RecordingError
        A file that all of it depends on cannot be read.
    """
    plugin = None if name in DATASETS else load_plugin("ecg_live.datasets", name)
    if name not in DATASETS and plugin is None:
        known = ", ".join((*DATASETS, *plugin_names("ecg_live.datasets")))
        raise ConfigError(f"the data set is {name!r}; known are {known}", "choose one of them")
    if not folder.exists():
        raise DatasetError(f"{folder}: no such folder", "check the path")
    if not folder.is_dir() and name != "manifest":
        raise DatasetError(f"{folder} is a file, expected a folder", "give the folder that holds the data set")
    if plugin is not None:
        return _by_plugin(name, plugin, folder)
    module, function = DATASETS[name].split(":")
    loaded: Dataset = getattr(import_module(module), function)(folder)
    return loaded


def _by_plugin(name: str, load: Callable[[Path], object], folder: Path) -> Dataset:
    """A data set that a plug-in loads."""
    try:
        loaded = load(folder)
    except (EcgLiveError, OSError):
        raise
    except Exception as error:
        raise broken_plugin("ecg_live.datasets", name, "fails", error) from error
    if not isinstance(loaded, Dataset):
        raise broken_plugin("ecg_live.datasets", name, "fails", f"it gave {type(loaded).__name__}, expected Dataset")
    return loaded


def open_unlabelled(folder: Path) -> Dataset:
    """Load whatever a folder holds, without its labels: a data set that its files identify, or else any recordings.

    Raises
    ------
    DatasetError
        The folder is missing, or holds nothing that can be opened.
    RecordingError
        A file that all of it depends on cannot be read.
    """
    found = (name for name, layout in _LAYOUT_PATTERNS.items() if any(_holds(folder, pattern) for pattern in layout))
    name = next(found, ANY_RECORDINGS)
    try:
        dataset = open_dataset(name, folder)
    except DatasetError:  # what labels it, such as the marker of a drive, may be missing: it is not needed
        if name == ANY_RECORDINGS:
            raise
        dataset = open_dataset(ANY_RECORDINGS, folder)
    sessions = tuple(replace(session, annotations=()) for session in dataset.sessions)
    return replace(dataset, sessions=sessions, labels={})


def _holds(folder: Path, pattern: str) -> bool:
    return next(folder.glob(pattern), None) is not None
