"""MATLAB 5 files, against scipy's reader: on files that scipy wrote, and on those that MATLAB itself wrote for it."""

import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from scipy.io import loadmat, savemat

from devices.files.matlab.format5 import read_variables
from ecg_live.errors import FormatError
from tests.support.files.mat_files import cells

MATLAB = Path(scipy.__file__).parent / "io" / "matlab" / "tests" / "data"
PRECISE = ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8", "i8", "u8"]
arrays = st.sampled_from(PRECISE).flatmap(
    lambda kind: nps.arrays(
        kind, st.tuples(st.integers(0, 4), st.integers(0, 4)), elements={"allow_nan": False} if kind[0] == "f" else None
    )
)
names = st.text("abcXYZ_12", min_size=1, max_size=12).map("n{}".format)
values = st.recursive(
    arrays,
    lambda inner: st.lists(inner, max_size=4).map(cells) | st.dictionaries(names, inner, min_size=1, max_size=4),
    max_leaves=12,
)


def check(got: Any, wanted: Any) -> None:
    """Ours against scipy's, whatever is inside."""
    if not isinstance(wanted, np.ndarray):  # a single struct
        check(got, np.array([wanted], dtype=wanted.dtype))
    elif wanted.dtype.names:
        assert len(got) == wanted.size
        for ours, theirs in zip(got, wanted.reshape(-1, order="F"), strict=True):
            assert list(ours) == list(wanted.dtype.names)
            for name in ours:
                check(ours[name], theirs[name])
    elif wanted.dtype == object and wanted.size:
        assert len(got) == wanted.size
        for ours, theirs in zip(got, wanted.reshape(-1, order="F"), strict=True):
            check(ours, theirs)
    elif wanted.dtype.kind in "USc":  # text, complex numbers
        assert got is None
    elif wanted.size == 0:
        assert got is None or len(got) == 0 or got.size == 0
    else:
        assert got.shape == wanted.shape
        np.testing.assert_array_equal(got, wanted)


@settings(deadline=None, max_examples=80)
@given(st.dictionaries(names, values, min_size=1, max_size=3), st.booleans())
def test_what_scipy_wrote(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, Any], packed: bool) -> None:
    path = tmp_path_factory.mktemp("any") / "a.mat"
    savemat(path, variables, do_compression=packed)
    theirs = loadmat(path)
    ours = read_variables(path, list(variables))
    assert list(ours) == list(variables)
    for name in variables:
        check(ours[name], theirs[name])


@pytest.mark.skipif(not MATLAB.is_dir(), reason="scipy was installed without its tests' files")
@pytest.mark.parametrize("version", ["6.1_SOL2", "6.5.1_GLNX86", "7.1_GLNX86", "7.4_GLNX86"])
@pytest.mark.parametrize(
    "kind", ["double", "matrix", "minus", "cell", "cellnest", "struct", "structnest", "structarr", "3dmatrix"]
)
def test_what_matlab_wrote(kind: str, version: str) -> None:
    path = MATLAB / f"test{kind}_{version}.mat"
    name = f"test{kind}"
    check(read_variables(path, [name])[name], loadmat(path)[name])


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    for packed in (False, True):
        savemat(tmp_path / "a.mat", {"one": np.ones((900, 2)), "two": np.arange(3.0)}, do_compression=packed)
        assert list(read_variables(tmp_path / "a.mat", ["two", "three"])) == ["two"]
        with pytest.raises(FormatError, match="found one, two, expected one of three, four"):
            read_variables(tmp_path / "a.mat", ["three", "four"])


@pytest.mark.parametrize("packed", [False, True])
def test_fields_that_are_skipped(tmp_path: Path, packed: bool) -> None:
    inner = {"EEG": np.ones((70000, 2)), "ECG": np.arange(5.0)}
    people = {"people": cells([inner, {"EEG": {"x": 1.0}, "ECG": np.arange(3.0)}]), "after": 7.0}
    savemat(tmp_path / "a.mat", {"x": people}, do_compression=packed)
    found: Any = read_variables(tmp_path / "a.mat", ["x"], skip=["EEG"])["x"]
    (first,), (second,) = found[0]["people"]
    assert (first["EEG"], second["EEG"]) == (None, None)
    assert (first["ECG"].ravel().tolist(), second["ECG"].ravel().tolist()) == ([0, 1, 2, 3, 4], [0, 1, 2])
    assert found[0]["after"].item() == 7


def element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def matrix(kind: int, shape: tuple[int, ...], *content: bytes) -> bytes:
    flags = element(6, struct.pack("<II", kind, 0))
    dims = element(5, struct.pack(f"<{len(shape)}i", *shape))
    return element(14, flags + dims + element(1, b"x") + b"".join(content))


@pytest.mark.parametrize(
    "bad",
    [
        matrix(6, (2, 2), element(9, bytes(8))),
        matrix(6, (-1, -1), element(9, bytes(8))),
        matrix(6, (2**31 - 1,) * 8, element(9, bytes(8))),
        matrix(6, (), element(9, bytes(8))),
        matrix(1, (1000000, 1000000)),
        matrix(1, (1, 1), element(9, bytes(8))),
        matrix(1, (1, 1), struct.pack("<II", 14, 4096)),
        matrix(2, (1, 1), element(5, struct.pack("<i", 0)), element(1, b"abc\0")),
        matrix(6, (1, 1), struct.pack("<II", 9, 0xFFFFFFF8)),
        matrix(6, (1, 1)),
        matrix(1, (1, 1), matrix(6, (4, 1), element(9, bytes(32)))[:-32]) + bytes(32),
        element(9, bytes(8)),
        element(15, b"no zlib"),
        b"\0" * 5,
    ],
    ids=range(14),
)  # fmt: skip
def test_bytes_that_make_no_sense(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + bad)
    with pytest.raises(FormatError, match="cannot be decoded"):
        read_variables(path, ["x"])


def test_cells_within_cells_without_end(tmp_path: Path) -> None:
    data = b""
    for _ in range(3000):
        data = matrix(1, (1, 1), data)
    (tmp_path / "a.mat").write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + data)
    with pytest.raises(FormatError, match="RecursionError"):
        read_variables(tmp_path / "a.mat", ["x"])


def bomb(path: Path, content: bytes, size: int | None = None) -> Path:
    """A packed variable ``a`` with the content of an array, which may state another size."""
    body = content if size is None else content + bytes(max(0, size - len(content)))
    packed = zlib.compress(struct.pack("<II", 14, size or len(content)) + body, 9)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    path.write_bytes(head + struct.pack("<II", 15, len(packed)) + packed)
    return path


def headed(kind: int, *shape: int) -> bytes:
    return struct.pack("<6I", 6, 8, kind, 0, 5, 4 * len(shape)) + struct.pack(f"<{len(shape)}i", *shape) + (
        struct.pack("<I4s", 1 << 16 | 1, b"a")
    )  # fmt: skip


@pytest.mark.parametrize("kind", [1, 2])
def test_more_cells_than_there_is_room_for_are_refused_before_they_are_made(tmp_path: Path, kind: int) -> None:
    path = bomb(tmp_path / "a.mat", headed(kind, 1 << 20, 1 << 10))
    with pytest.raises(FormatError, match="1073741824 cells or structs in 0 bytes"):
        read_variables(path, ["a"])


def test_cells_of_a_variable_that_packs_too_well_are_not_unpacked(tmp_path: Path) -> None:
    """40 million empty cells in 300 kB."""
    path = bomb(tmp_path / "a.mat", headed(1, 40_000_000, 1), 320_000_048)
    assert path.stat().st_size < 400_000
    tracemalloc.start()
    with pytest.raises(FormatError, match=r"a variable of 320000048 bytes, at most .* can be packed"):
        read_variables(path, ["a"])
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_an_array_that_is_larger_than_its_variable_is_not_unpacked(tmp_path: Path) -> None:
    content = headed(6, 1 << 26, 1) + struct.pack("<II", 9, 1 << 29) + bytes(64)
    with pytest.raises(FormatError, match="bytes of data, at most"):
        read_variables(bomb(tmp_path / "a.mat", content), ["a"])


def test_what_packs_as_signals_do_is_read(tmp_path: Path) -> None:
    flat = np.zeros((1 << 20, 1))  # 8 MB of nothing, a thousandfold packed
    savemat(tmp_path / "a.mat", {"a": flat}, do_compression=True)
    (got,) = read_variables(tmp_path / "a.mat", ["a"]).values()
    assert isinstance(got, np.ndarray)
    assert got.shape == flat.shape
