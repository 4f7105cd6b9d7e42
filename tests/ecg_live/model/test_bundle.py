"""The bundle file: what it keeps, and all it refuses."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from ecg_live.errors import BundleError, IncompatibleBundle, ModelError
from ecg_live.model.bundle import BUNDLE_FILE, Bundle, load_bundle, save_bundle
from ecg_live.model.calibrated_head import PersonalHead
from ecg_live.model.features import FeatureKind
from ecg_live.model.tensor_file import (
    TENSOR_FILE_SCHEMA,
    TENSORS_ONLY_SCHEMA,
    Array,
    content_sha256,
    tensors_sha256,
)
from ecg_live.model.torch_weights import as_arrays
from ecg_live.resources import DEFAULT_MODEL
from tests.support.random_bundles import random_bundle

Change = Callable[[dict[str, Tensor], dict[str, Any]], None]
GARBAGE = [None, 3, "x", [], {}, [1], {"a": 1}, -1, 1e400, True, [None], 10**12, [10**9], ["a", "a"]]
FIELDS = ("classes", "hidden", "dropout", "sets", "scores", "caveats", "data", "inputs", "baseline", "split")
HEAD = [f"card.heads.emotion.{name}" for name in FIELDS]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "whole.safetensors"
    save_bundle(random_bundle(personal={"mental_load": "hrv"}), path)
    return path


def parts(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    with safe_open(path, framework="pt") as file:
        meta = file.metadata()
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(meta[BUNDLE_FILE.key])  # noqa: SIM118 - no mapping


def refused(path: Path, kind: type[ModelError] = BundleError) -> ModelError:
    """It must be refused in one line that names the file, and say what to do."""
    with pytest.raises(kind) as caught:
        load_bundle(path)
    assert type(caught.value) is kind
    assert str(path) in caught.value.message
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert caught.value.exit_code == 4
    return caught.value


def outcome(path: Path) -> Bundle | ModelError:
    """It is loaded, or refused in one line; anything else fails the test."""
    try:
        return load_bundle(path)
    except ModelError as error:
        if "\n" in str(error) or not error.remedy:
            pytest.fail(f"refused without a line or a remedy: {error}")
        return error


def rewritten(whole: Path, out: Path, change: Change, *, sealed: bool) -> Path:
    """A bundle with something changed; ``sealed`` gives it a checksum that fits."""
    tensors, meta = parts(whole)
    change(tensors, meta)
    if sealed:
        del meta["sha256"]
        if all(value.dtype != torch.bfloat16 for value in tensors.values()):  # NumPy has no such type
            meta["sha256"] = content_sha256(as_arrays(tensors), meta)
    path = out / "changed.safetensors"
    path.write_bytes(save(tensors, {BUNDLE_FILE.key: json.dumps(meta)}))
    return path


def arrays(bundle: Bundle) -> list[Mapping[str, Array]]:
    return [bundle.encoder, *(head.arrays() for sets in bundle.heads.values() for head in sets.values())]


def saved(bundle: Bundle, folder: Path) -> Path:
    path = folder / "bundle.safetensors"
    save_bundle(bundle, path)
    return path


@pytest.mark.parametrize("personal", [{}, {"mental_load": "hrv"}, {"mental_load": "both", "emotion": "embedding"}])
def test_round_trip_to_the_bit(tmp_path_factory: pytest.TempPathFactory, personal: dict[str, FeatureKind]) -> None:
    before, tmp_path = random_bundle(personal=personal), tmp_path_factory.mktemp("again")
    whole = saved(before, tmp_path_factory.mktemp("whole"))
    after = load_bundle(whole)
    assert json.dumps(parts(whole)[1]["card"], sort_keys=True)
    assert after.card == before.card
    assert [info.classes for info in after.head_infos] == [card.classes for card in before.card.heads.values()]
    for one, other in zip(arrays(before), arrays(after), strict=True):
        assert list(one) == list(other)
        for name, value in one.items():
            assert (value.dtype, value.tobytes()) == (other[name].dtype, other[name].tobytes())
    assert {name: {s: type(h) for s, h in sets.items()} for name, sets in before.heads.items()} == {
        name: {s: type(h) for s, h in sets.items()} for name, sets in after.heads.items()
    }
    x = np.random.default_rng(0).standard_normal((1, 128))
    answers = [bundle.heads["emotion"]["population"](x) for bundle in (before, after)]
    assert np.array_equal(answers[0], answers[1])
    save_bundle(after, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.safetensors"]


def test_tensor_names(whole: Path) -> None:
    assert {name.split(".")[0] for name in parts(whole)[0]} == {"encoder", "heads"}
    assert {".".join(n.split(".")[:3]) for n in parts(whole)[0] if n.startswith("heads")} == {
        "heads.mental_load.population",
        "heads.mental_load.personal",
        "heads.emotion.population",
    }


def test_the_tensors_of_a_personal_set(tmp_path: Path) -> None:
    tensors, _ = parts(saved(random_bundle(personal={"mental_load": "both"}), tmp_path))
    own = {name.split(".", 3)[3]: value for name, value in tensors.items() if name.startswith("heads.mental_load.pers")}
    assert own.keys() == {"mean", "sd", "whiten", "limit", "temperature", "net.0.weight", "net.0.bias", "spread"}
    assert (own["spread"].dtype, own["spread"].shape, own["net.0.weight"].shape) == (torch.float64, (131,), (2, 131))


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("spread", None, "found nothing"),
        ("spread", torch.ones(128).double(), "should be float64 (3,), found float64 (128,)"),
        ("spread", torch.ones(3), "should be float64 (3,), found float32 (3,)"),
        ("spread", torch.tensor([1.0, float("nan"), 1.0]).double(), "not finite"),
        ("spread", torch.tensor([1.0, -1.0, 1.0]).double(), "deviation of 0 or less"),
        ("sd", torch.zeros(3), "deviation of 0 or less"),
        ("temperature", torch.tensor(0.0), "temperature"),
        ("net.0.weight", torch.zeros(2, 128), "should be float32 (2, 3), found float32 (2, 128)"),
    ],
)
def test_a_personal_set_that_cannot_be(
    whole: Path, tmp_path: Path, name: str, value: Tensor | None, found: str
) -> None:
    def change(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
        key = f"heads.mental_load.personal.{name}"
        tensors.pop(key) if value is None else tensors.update({key: value})

    assert found in refused(rewritten(whole, tmp_path, change, sealed=True)).message


@pytest.mark.parametrize(
    "change",
    [
        {"sets": ["population", "personal", "personal"]},
        {"sets": ["personal"]},
        {"sets": ["population", "stranger"]},
        {"sets": ["population"]},
        {"inputs": {"population": "embedding"}},
        {"inputs": {"population": "embedding", "personal": "eeg"}},
        {"inputs": {"population": "embedding", "personal": ["hrv"]}},
        {"split": "quartile"},
        {"baseline": 0.0},
        {"baseline": -60.0},
        {"baseline": float("inf")},
        {"sets": ["population"], "inputs": {"population": "embedding"}},
    ],
    ids=str,
)
def test_a_card_whose_sets_contradict_each_other(whole: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    def apply(_: dict[str, Tensor], meta: dict[str, Any]) -> None:
        meta["card"]["heads"]["mental_load"].update(change)

    refused(rewritten(whole, tmp_path, apply, sealed=True))


def test_a_bundle_made_before_there_were_inputs_personal_sets_and_splits(tmp_path: Path) -> None:
    def change(_: dict[str, Tensor], meta: dict[str, Any]) -> None:
        for card in meta["card"]["heads"].values():
            del card["inputs"], card["baseline"], card["split"]

    old = load_bundle(rewritten(saved(random_bundle(), tmp_path), tmp_path, change, sealed=True))
    assert old.card == random_bundle().card
    for bundle in (old, load_bundle(DEFAULT_MODEL)):
        for name, card in bundle.card.heads.items():
            if card.sets == ("population",):
                assert (card.baseline, len(bundle.heads[name])) == (0.0, 1)
            assert not isinstance(bundle.heads[name]["population"], PersonalHead)


def test_a_bundle_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match="File exists"):
        save_bundle(random_bundle(), tmp_path / "file" / "a.safetensors")


def test_missing_folder_and_empty(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.safetensors").message
    assert "not a regular file" in refused(tmp_path).message
    empty = tmp_path / "empty.safetensors"
    empty.touch()
    refused(empty)


@pytest.mark.parametrize("keep", [1, 7, 8, 100, 2000, 0.5, 0.999, -1])
def test_cut_short(whole: Path, tmp_path: Path, keep: float) -> None:
    data = whole.read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(data[: int(keep * len(data)) if 0 < keep < 1 else int(keep)])
    assert "cut" in refused(cut).remedy


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_never_loaded(tmp_path: Path, protocol: int) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
            return Path.touch, (tmp_path / "sprung",)

    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps(Trap(), protocol))
    refused(path)
    torch.save({"trap": torch.zeros(1)}, path)
    assert "pickle" in refused(path).message
    torch.save({"trap": torch.zeros(1)}, path, _use_new_zipfile_serialization=False)
    assert "pickle" in refused(path).message
    assert not (tmp_path / "sprung").exists()


def test_a_plain_safetensors_file(tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    for tensors, meta in (
        ({"a": torch.zeros(3)}, None),
        ({}, {"format": "pt"}),
        ({"a": torch.zeros(3).bfloat16()}, {}),
    ):
        path.write_bytes(save(tensors, meta))
        assert "but holds no bundle" in refused(path).message


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, "3", "null", "[]", "{}", '{"schema": 2}', '{"schema": "1"}'])
def test_metadata_of_another_kind(tmp_path: Path, text: str) -> None:
    path = tmp_path / "meta.safetensors"
    path.write_bytes(save({"a": torch.zeros(3)}, {BUNDLE_FILE.key: text}))
    refused(path)


def test_another_schema_is_named(whole: Path, tmp_path: Path) -> None:
    path = rewritten(whole, tmp_path, lambda _, meta: meta.update(schema=99), sealed=True)
    assert "schema 99; this version reads 1 and 2" in refused(path).message


@pytest.mark.parametrize(
    ("key", "value"),
    [("rate", 128), ("window", 2048), ("highpass", {"order": 5}), ("zscore", None), ("resampler", {}), ("notch", 50)],
)
def test_another_signal_path_is_named(whole: Path, tmp_path: Path, key: str, value: object) -> None:
    def change(_: dict[str, Tensor], meta: dict[str, Any]) -> None:
        meta["card"]["preprocessing"][key] = value

    assert f"made for {key} " in refused(rewritten(whole, tmp_path, change, sealed=True), IncompatibleBundle).message


def test_tampered_with(whole: Path, tmp_path: Path) -> None:
    def change(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
        tensors["encoder.convs.0.bias"][3] += 1e-7

    assert "checksum" in refused(rewritten(whole, tmp_path, change, sealed=False)).message


@pytest.mark.parametrize("at", range(7))
def test_one_bit_of_the_metadata(whole: Path, tmp_path: Path, at: int) -> None:
    """A class name, a score, a licence: whatever bit of the JSON is flipped, the file is refused or means the same."""
    content = bytearray(whole.read_bytes())
    start, stop = content.index(b"ecg_live"), 8 + int.from_bytes(content[:8], "little")
    path, card = tmp_path / "flipped.safetensors", load_bundle(whole).card
    for place in range(start + at, stop, 7 * 11):
        content[place] ^= 1 << at
        path.write_bytes(content)
        content[place] ^= 1 << at
        found = outcome(path)
        assert isinstance(found, ModelError) or found.card == card


def test_swapped_class_names(whole: Path, tmp_path: Path) -> None:
    def change(_: dict[str, Tensor], meta: dict[str, Any]) -> None:
        meta["card"]["heads"]["mental_load"]["classes"].reverse()

    assert "checksum" in refused(rewritten(whole, tmp_path, change, sealed=False)).message


def test_a_bundle_of_the_first_schema_is_read(whole: Path, tmp_path: Path) -> None:
    tensors, meta = parts(whole)
    meta |= {"schema": TENSORS_ONLY_SCHEMA, "sha256": tensors_sha256(as_arrays(tensors))}
    path = tmp_path / "first.safetensors"
    path.write_bytes(save(tensors, {BUNDLE_FILE.key: json.dumps(meta)}))
    assert load_bundle(path).card == load_bundle(whole).card
    meta["schema"] = TENSOR_FILE_SCHEMA
    path.write_bytes(save(tensors, {BUNDLE_FILE.key: json.dumps(meta)}))
    assert "checksum" in refused(path).message


def test_a_card_nested_deeply(whole: Path, tmp_path: Path) -> None:
    def change(_: dict[str, Tensor], meta: dict[str, Any]) -> None:
        meta["card"]["heads"]["mental_load"]["scores"] = {"deep": json.loads("[" * 400 + "]" * 400)}

    assert "more than 32 levels" in refused(rewritten(whole, tmp_path, change, sealed=True)).message


NAME = "encoder.convs.0.weight"


@pytest.mark.parametrize(
    ("tensor", "found"),
    [
        (torch.full((32, 1, 1, 32), float("nan")), "not finite"),
        (torch.full((32, 1, 1, 32), -float("inf")), "not finite"),
        (torch.zeros(32, 1, 32), "should be float32 (32, 1, 1, 32), found float32 (32, 1, 32)"),
        (torch.full((32, 1, 1, 32), 1e300, dtype=torch.float64), "should be float32 (32, 1, 1, 32), found float64"),
        (torch.zeros(32, 1, 1, 32).half(), "found float16"),
        (torch.zeros(32, 1, 1, 32).bfloat16(), "found bfloat16"),
        (None, "found nothing"),
    ],
)
def test_weights_that_cannot_be(whole: Path, tmp_path: Path, tensor: Tensor | None, found: str) -> None:
    def change(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
        tensors.pop(NAME) if tensor is None else tensors.update({NAME: tensor})

    message = refused(rewritten(whole, tmp_path, change, sealed=True)).message
    assert found in message
    assert NAME in message


@pytest.mark.parametrize("value", GARBAGE)
@pytest.mark.parametrize(
    "where", ["card", "card.heads", "card.heads.emotion", "card.padding", "card.preprocessing", *HEAD]
)
def test_a_garbled_card(whole: Path, tmp_path: Path, where: str, value: object) -> None:
    def change(_: dict[str, Tensor], meta: dict[str, Any]) -> None:
        *path, last = where.split(".")
        for step in path:
            meta = meta[step]
        meta[last] = value

    found = outcome(rewritten(whole, tmp_path, change, sealed=True))
    if isinstance(found, Bundle):  # some of these are what a card may say
        assert where.rsplit(".", maxsplit=1)[-1] in {"heads", "scores", "caveats", "data", "dropout", "hidden"}


@pytest.mark.parametrize("name", ["name", "padding", "heads", "preprocessing", "licence"])
def test_a_card_that_lacks_something(whole: Path, tmp_path: Path, name: str) -> None:
    path = rewritten(whole, tmp_path, lambda _, meta: meta["card"].pop(name), sealed=True)
    assert name in refused(path).message


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=400), prefix=st.sampled_from((b"", b"PK\x03\x04", b"\x80\x04", b"\x08\0\0\0\0\0\0\0{}")))
def test_random_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, prefix: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "random.safetensors"
    path.write_bytes(prefix + data)
    refused(path)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_anywhere_is_a_model_error_or_none(whole: Path, data: st.DataObject) -> None:
    content = bytearray(whole.read_bytes())
    length = int.from_bytes(content[:8], "little")
    header = st.integers(0, 8 + length - 1)
    for at in data.draw(st.lists(header | st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    del content[data.draw(st.just(len(content)) | st.integers(0, len(content))) :]
    path = whole.with_name("damaged.safetensors")
    path.write_bytes(content)
    found = outcome(path)
    if isinstance(found, Bundle):  # only words that carry no weight can have changed
        assert tensors_sha256(as_arrays(parts(path)[0])) == tensors_sha256(as_arrays(parts(whole)[0]))
        assert found.card.preprocessing == random_bundle().card.preprocessing
