"""Nobody is scored as a stranger by an encoder that has seen them, and the report says who is not."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from ecg_live.errors import ConfigError
from ecg_live.model.tensor_file import tensors_sha256
from tests.support.small_training_run import manifest, quick, strangers
from training.data.corpus import Corpus, build_corpus
from training.data.fingerprints import fingerprints
from training.datasets import open_dataset, open_unlabelled
from training.parallel import local_engine
from training.pretext.embedding import cached_embedding, random_encoder
from training.pretext.encoder_file import read_encoder
from training.pretext.encoder_job import ENCODER_NAME, plan_encoder, train_or_load
from training.pretext.leakage import SEEN_TOO, UNSEEN_ONLY, TrainingData, find_leakage
from training.pretext.pretrained import read_initial
from training.pretext.stage import Encoders, load_encoder, train_encoders
from training.pretext.train_step import launch_fabric
from training.progress import ProgressDisplay
from training.run_context import RunContext
from training.settings import TrainSettings

LOSO, SEEN, MIXED = quick(), quick(evaluate__transductive=True), quick(evaluate__protocol="kfold")


@pytest.fixture
def place(tmp_path: Path) -> RunContext:
    display = ProgressDisplay(io.StringIO())
    return RunContext(tmp_path / "work", launch_fabric(LOSO.pretext), display, local_engine(1))


@pytest.fixture
def labelled(tmp_path: Path, place: RunContext) -> Corpus:
    return corpus(manifest(tmp_path / "own"), place)


def corpus(path: Path, place: RunContext) -> Corpus:
    """The windows of a manifest."""
    return build_corpus(open_dataset("manifest", path), place.folder / "corpus", LOSO.corpus, engine=local_engine(1))


def training_data(
    labelled: Corpus, folders: tuple[Path, ...], place: RunContext, settings: TrainSettings
) -> TrainingData:
    """What encoders learn from: folders of recordings, or the labelled ones without any."""
    datasets = [open_unlabelled(folder) for folder in folders] or [labelled.dataset]
    hop = settings.corpus.pretext_hop
    corpora = [place.build_corpus(each, settings.corpus, hop, "pretext windows") for each in datasets]
    return find_leakage(corpora, labelled.dataset, unseen_only=settings.evaluate.unseen_encoders)


def trained(
    labelled: Corpus,
    folders: tuple[Path, ...],
    place: RunContext,
    settings: TrainSettings = LOSO,
    start: Path | None = None,
) -> Encoders:
    padding, unseen_only = settings.pretext.padding, settings.evaluate.unseen_encoders
    initial = read_initial(start, labelled, padding, unseen_only=unseen_only) if start else None
    data = training_data(labelled, folders, place, settings)
    made = train_encoders(data, labelled, initial, settings.pretext, place)
    assert made is not None
    return made


def file_of(place: RunContext) -> Path:
    """The encoder that has just been made first."""
    return min(place.folder.glob(f"pretext/*/{ENCODER_NAME}"), key=lambda path: path.stat().st_mtime_ns)


def test_copies_in_a_folder_are_left_out_when_their_wearer_is_scored(
    labelled: Corpus, place: RunContext, tmp_path: Path
) -> None:
    folder = strangers(tmp_path / "par", *sorted((tmp_path / "own").glob("p[01]_*.csv")))
    made = trained(labelled, (folder,), place)
    assert made.seen_note == UNSEEN_ONLY
    assert made.log is not None
    assert made.log.people_seen == UNSEEN_ONLY
    everybody = made.embedding(None)
    assert [np.array_equal(made.embedding(who), everybody) for who in ("p0", "p1", "p2")] == [False, False, True]
    data = training_data(labelled, (folder,), place, LOSO)
    assert data.held_out == ("p0", "p1")
    task = plan_encoder(data, "p0", None, LOSO.pretext, place.folder)
    own = fingerprints(labelled.dataset)
    assert own["p0"].isdisjoint(task.card.files)
    assert own["p1"] < set(task.card.files)
    assert len(task.card.seen["recordings"]) == 3


def test_an_encoder_that_has_seen_the_files_is_refused_whatever_they_were_called(
    labelled: Corpus, place: RunContext, tmp_path: Path
) -> None:
    folder = strangers(tmp_path / "par", *sorted((tmp_path / "own").glob("p1_*.csv")))
    trained(labelled, (folder,), place, SEEN)
    path = file_of(place)
    with pytest.raises(ConfigError, match="has seen 1 of the subjects who would be left out, p1 among them"):
        load_encoder(path, labelled, place, unseen_only=True)
    with pytest.raises(ConfigError, match="has seen 1 of the subjects"):
        trained(labelled, (), place, start=path)
    assert load_encoder(path, labelled, place, unseen_only=False).seen_note == SEEN_TOO
    other = corpus(manifest(tmp_path / "other", 1), place)
    strangers_only = replace(labelled, dataset=other.dataset)
    assert load_encoder(path, strangers_only, place, unseen_only=True).seen_note == UNSEEN_ONLY


def test_subjects_that_the_encoder_has_seen_is_worked_out_again_by_every_run(
    labelled: Corpus, place: RunContext, tmp_path: Path
) -> None:
    def people(settings: TrainSettings, folders: tuple[Path, ...] = (), start: Path | None = None) -> str:
        made = trained(labelled, folders, place, settings, start)
        assert made.log is not None
        assert made.log.people_seen == made.seen_note
        return made.seen_note

    assert [people(each) for each in (LOSO, SEEN, MIXED, LOSO)] == [UNSEEN_ONLY, SEEN_TOO, SEEN_TOO, UNSEEN_ONLY]
    seen, folder = file_of(place), strangers(tmp_path / "par")
    assert people(LOSO, (folder,)) == UNSEEN_ONLY
    assert people(SEEN, (folder,), seen) == SEEN_TOO


def test_folders_and_what_came_before_all_count_as_seen_and_their_licences_as_used(
    labelled: Corpus, place: RunContext, tmp_path: Path
) -> None:
    trained(labelled, (), place, SEEN)
    seen = file_of(place)
    made = trained(labelled, (strangers(tmp_path / "a"), strangers(tmp_path / "b")), place, SEEN, seen)
    assert made.card.seen == {"manifest": ("p0", "p1", "p2"), "recordings": ("stranger.csv",)}
    assert made.card.made["licences"] == ["the user's own", "unknown"]
    assert set().union(*fingerprints(labelled.dataset).values()) < set(made.card.files)
    assert [each.dataset.title for each in made.corpora] == ["Recordings in a", "Recordings in b"]


def test_an_encoder_of_another_scale_is_refused(labelled: Corpus, place: RunContext, tmp_path: Path) -> None:
    offline = quick(corpus__scale="offline")
    trained(labelled, (strangers(tmp_path / "par"),), place, offline)
    assert read_encoder(file_of(place))[1].scale == "offline"
    with pytest.raises(ConfigError, match=r"scale offline; the settings say streaming .*corpus.scale=offline"):
        load_encoder(file_of(place), labelled, place, unseen_only=True)


def test_encoders_of_folds_are_the_same_however_many_learn_at_a_time(
    labelled: Corpus, place: RunContext, tmp_path: Path
) -> None:
    said = io.StringIO()
    parallel = replace(place, engine=local_engine(2), display=ProgressDisplay(said), parallel_encoders=True)
    two = trained(labelled, (), parallel)
    assert "pretext without one subject each: 3 of 3" in said.getvalue()
    one = trained(labelled, (), replace(place, folder=tmp_path / "elsewhere", parallel_encoders=True))
    for person in ("p0", "p1", "p2"):
        assert np.array_equal(one.embedding(person), two.embedding(person))
    lost = max(place.folder.glob(f"pretext/*/{ENCODER_NAME}"), key=lambda path: path.stat().st_mtime_ns)
    before = {path: path.stat().st_mtime_ns for path in place.folder.glob(f"pretext/*/{ENCODER_NAME}") if path != lost}
    lost.unlink()
    trained(labelled, (), replace(place, parallel_encoders=True))
    assert lost.exists()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_of_two_runs_at_once_one_learns_and_the_other_waits_for_it(labelled: Corpus, place: RunContext) -> None:
    data = find_leakage([labelled], labelled.dataset, unseen_only=True)
    task = plan_encoder(data, None, None, LOSO.pretext, place.folder)
    second, learns = [], threading.Event()

    def wait() -> None:
        encoder, _ = train_or_load(task, place.fabric, lambda _at: learns.set())
        second.append(tensors_sha256(encoder.state_dict()))

    other = threading.Thread(target=wait)

    def meanwhile(_at: object) -> None:
        if not other.ident:
            other.start()
            learns.wait(0.5)

    encoder, _ = train_or_load(task, place.fabric, meanwhile)
    other.join()
    assert not learns.is_set()
    assert second == [tensors_sha256(encoder.state_dict())]


def test_features_that_another_run_is_making_are_waited_for(labelled: Corpus, place: RunContext) -> None:
    encoder, found = random_encoder(), []
    cached_embedding(encoder, labelled, place)
    (path,) = place.folder.glob("features/*.npy")
    path.unlink()
    other = threading.Thread(target=lambda: found.append(cached_embedding(encoder, labelled, place)))
    with FileLock(path.with_suffix(".lock")):
        other.start()
        other.join(0.5)
        np.save(path, np.full((len(labelled.windows), 128), 3.0))
    other.join()
    assert (found[0] == 3).all()


@pytest.mark.parametrize("spoilt", [b"", b"no array", "cut", "short"])
def test_features_that_were_damaged_are_made_again(labelled: Corpus, place: RunContext, spoilt: bytes | str) -> None:
    encoder = random_encoder()
    wanted = cached_embedding(encoder, labelled, place)
    (path,) = place.folder.glob("features/*.npy")
    if spoilt == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif spoilt == "short":
        np.save(path, wanted[:-1])
    else:
        path.write_bytes(bytes(spoilt))  # type: ignore[arg-type]  # the others are text
    np.testing.assert_array_equal(cached_embedding(encoder, labelled, place), wanted)
