"""Data sets by name, and by what lies in a folder."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import ConfigError, DatasetError
from tests.support.files import edf_files, mat_files
from tests.support.files.challenge_files import challenge
from training.datasets import DATASETS, open_dataset, open_unlabelled


def write(name: str, folder: Path) -> None:
    """A small data set."""
    folder.mkdir()
    if name == "eegmat":
        for part in (1, 2):
            edf_files.write(folder / f"Subject00_{part}.edf", edf_files.counts())
    elif name == "dreamer":
        scores = {f"Score{name}": [3.0] for name in ("Valence", "Arousal", "Dominance")}
        person = mat_files.dreamer_subject([np.full((600, 2), 2060.0)], [], scores)
        mat_files.write_dreamer(folder / "DREAMER.mat", [person])
    elif name == "amigos":
        (folder / "Data_Preprocessed_P01").mkdir()
        path = folder / "Data_Preprocessed_P01" / "Data_Preprocessed_P01.mat"
        mat_files.write_amigos(path, [np.ones((900, 17))], [mat_files.rated(1, 2, 3, 4, 5)])
    elif name == "cinc2017":
        challenge(folder, "A00001")
    else:
        edf_files.write(folder / "a.edf", edf_files.counts())


@pytest.mark.parametrize("name", ["eegmat", "dreamer", "amigos", "cinc2017", "recordings"])
def test_a_folder_gives_away_what_it_holds(tmp_path: Path, name: str) -> None:
    write(name, tmp_path / "data")
    known, bare = open_dataset(name, tmp_path / "data"), open_unlabelled(tmp_path / "data")
    assert (known.name, bare.name) == (name, name)
    assert open_unlabelled(tmp_path).sessions[0].parts == bare.sessions[0].parts  # from the folder above
    assert [sitting.parts for sitting in bare.sessions] == [sitting.parts for sitting in known.sessions]
    assert bare.labels == {}
    assert not any(sitting.annotations for sitting in bare.sessions)


def test_names_and_folders_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'seed'; known are wesad, swell, amigos, .*dreamer, .*manifest"):
        open_dataset("seed", tmp_path)
    (tmp_path / "file").touch()
    for name, match in (("none", "no such folder"), ("file", "is a file, expected a folder")):
        with pytest.raises(DatasetError, match=match):
            open_dataset("eegmat", tmp_path / name)
        with pytest.raises(DatasetError, match=match):
            open_unlabelled(tmp_path / name)
    (tmp_path / "file").unlink()
    with pytest.raises(DatasetError, match="no recording that can be opened"):
        open_unlabelled(tmp_path)


@pytest.mark.parametrize("name", DATASETS)
def test_every_name_has_a_loader(name: str) -> None:
    module, function = DATASETS[name].split(":")
    assert callable(getattr(import_module(module), function))
