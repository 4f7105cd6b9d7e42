"""WESAD's pickles: as they were written, as they are saved again, and made to do harm."""

import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.files import open_recording
from devices.files.wesad.wesad import LabelRun, label_runs
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, EcgLiveError, FormatError, RecordingError, TruncatedError
from ecg_live.events import Marker
from tests.support.decoding import decode
from tests.support.files import wesad_files as made
from tests.support.peak_memory import SLACK, peak

MB = 1 << 20


def index(samples: np.ndarray[Any, np.dtype[np.float64]]) -> list[int]:
    return [round(v) for v in samples.tolist()]


def person(n: int = 2000) -> dict[str, Any]:
    return made.content(made.counted(n), made.labels((0, 300), (1, 700), (2, 7), (4, n - 1007)))


@pytest.mark.parametrize("write", [made.write0, made.write2])
def test_every_sample_and_every_label_as_python_2_wrote_them(
    tmp_path: Path, write: Callable[[Path, dict[str, Any]], Path]
) -> None:
    path = write(tmp_path / "S2.pkl", person())
    got = decode(path)
    assert index(got.samples) == list(range(2000))
    assert (got.info.rate, got.info.channels, got.info.duration) == (700, ("ECG",), 2000 / 700)
    assert (got.gaps, got.warnings) == ([], [])
    times = [(0, "transient"), (300, "baseline"), (1000, "stress"), (1007, "meditation")]
    assert got.markers == [Marker(at / 700, name) for at, name in times]
    ends = [300, 1000, 1007, 2000]
    runs = [LabelRun(a / 700, b / 700, code) for (a, _), b, code in zip(times, ends, (0, 1, 2, 4), strict=True)]
    assert label_runs(path) == tuple(runs)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16])
def test_copies_that_were_saved_again(tmp_path: Path, protocol: int, kind: type[Any]) -> None:
    items = person()
    items["signal"]["chest"]["ECG"] = items["signal"]["chest"]["ECG"].astype(kind)
    path = tmp_path / "S2.pkl"
    path.write_bytes(pickle.dumps({**items, "subject": "S2"}, protocol))
    assert index(decode(path).samples) == list(range(2000))
    assert [run.code for run in label_runs(path)] == [0, 1, 2, 4]


def test_other_orders_of_bytes_and_other_modules_of_numpy(tmp_path: Path) -> None:
    items = person()
    items["signal"]["chest"]["ECG"] = items["signal"]["chest"]["ECG"].astype(">f8")[:, 0]
    path = made.write2(tmp_path / "S2.pkl", items)
    path.write_bytes(path.read_bytes().replace(b"numpy.core.multi", b"numpy._core.multi"))
    assert index(decode(path).samples) == list(range(2000))


@given(n=st.integers(1, 300), size=st.integers(1, 400), codes=st.lists(st.integers(0, 7), min_size=1, max_size=300))
@settings(max_examples=25, deadline=None)
def test_any_cutting_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, n: int, size: int, codes: list[int]
) -> None:
    label = np.resize(np.array(codes), n)
    path = made.write0(tmp_path_factory.mktemp("wesad") / "S2.pkl", made.content(made.counted(n), label))
    got = decode(path, size=size)
    assert index(got.samples) == list(range(n))
    changes = [0, *(np.flatnonzero(np.diff(label)) + 1).tolist()]
    assert [round(marker.time * 700) for marker in got.markers] == changes
    assert [run.code for run in label_runs(path)] == label[changes].tolist()


def test_arrays_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    items = made.content(made.counted(100_000), made.labels((1, 50_001), (3, 49_999)))
    for write in (made.write0, made.write2):
        path = write(tmp_path / "S2.pkl", items)
        got = decode(path, size=5000)
        np.testing.assert_array_equal(got.samples, np.arange(100_000.0))
        assert label_runs(path) == (LabelRun(0, 50_001 / 700, 1), LabelRun(50_001 / 700, 100_000 / 700, 3))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    for write in (made.write0, made.write2):
        short, long = (
            write(tmp_path / f"S{n}.pkl", made.content(made.counted(n), made.labels((1, n))))
            for n in (100_000, 200_000)
        )
        decode(short, size=1000)  # what loads once is loaded
        assert peak(long) < peak(short) * 1.1 + SLACK


def test_converter_and_channel(tmp_path: Path) -> None:
    path = made.write2(tmp_path / "S2.pkl", person())
    assert decode(path).info.full_scale == (-1.5, (65535 / 65536 - 0.5) * 3)
    assert decode(path, ReadOptions(channel="ecg", unit="uV")).samples[1000] == 1.0
    with pytest.raises(ConfigError, match=r"no channel 'EDA'; there are 1 ECG"):
        open_recording(path, ReadOptions(channel="EDA"))
    with pytest.raises(ConfigError, match="700 Hz, --rate says 256"):
        open_recording(path, ReadOptions(rate=256))


def test_fewer_labels_than_samples_are_said(tmp_path: Path) -> None:
    path = made.write2(tmp_path / "S2.pkl", made.content(made.counted(50), made.labels((1, 40))))
    assert decode(path).warnings == ["S2.pkl: 50 samples of ECG and 40 labels"]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda items: items.pop("signal"), r"no signal/chest/ECG; in place of signal found label, subject"),
        (lambda items: items["signal"].pop("chest"), r"in place of chest found wrist"),
        (lambda items: items["signal"]["chest"].pop("ECG"), r"in place of ECG found ACC, Temp"),
        (lambda items: items.pop("label"), r"no label; in place of label found signal, subject"),
        (lambda items: items.update(signal=np.zeros(3)), r"in place of chest found an array"),
        (lambda items: items.update(label={}), r"label is dict, expected one column"),
        (lambda items: items.update(label=np.zeros((4, 2))), r"label is an array of shape \(4, 2\)"),
        (lambda items: items.update(label=np.zeros(0)), r"label is an array of shape \(0,\)"),
        (lambda items: items.update(label=np.array([1.0, 2.5])), r"a label is 2\.5, expected a whole number"),
        (lambda items: items.update(label=np.array([1.0, np.nan])), r"a label is nan, expected a whole number"),
        (lambda items: items.update(label=np.arange(20_001) % 2), r"changes more than 10000 times"),
    ],
)
def test_pickles_of_something_else(tmp_path: Path, change: Callable[[Any], object], match: str) -> None:
    items = person()
    change(items)
    path = made.write2(tmp_path / "S2.pkl", items)
    with pytest.raises(FormatError, match=match):
        open_recording(path, ReadOptions())


def harmful(instructions: bytes) -> bytes:
    """A pickle of a person whose labels are made by instructions."""
    items = {**person(), "label": instructions}
    return b"\x80\x02" + made.mapping2(items) + b"."


@pytest.mark.parametrize(
    ("instructions", "name"),
    [
        (b"cos\nsystem\n", "os.system"),
        (b"cposix\nsystem\nU\x04true\x85R", "posix.system"),
        (b"c__builtin__\neval\nU\x011\x85R", "__builtin__.eval"),
        (b"cbuiltins\neval\nU\x011\x85R", "builtins.eval"),
        (b"\x8c\x08builtins\x8c\x04exec\x93", "builtins.exec"),
        (b"(ios\nsystem\n", "os.system"),
        (b"cnumpy\nload\n", "numpy.load"),
        (b"cnumpy.core.multiarray\nscalar\n", "numpy.core.multiarray.scalar"),
        (b"cnumpy\ndtype.type\n", "numpy.dtype.type"),
        (b"c_codecs\ndecode\n", "_codecs.decode"),
    ],
)
def test_other_calls_are_refused_by_name(tmp_path: Path, instructions: bytes, name: str) -> None:
    path = tmp_path / "S2.pkl"
    path.write_bytes(harmful(instructions))
    with pytest.raises(FormatError, match=f"a call of '{name}'"):
        open_recording(path, ReadOptions())


def test_nothing_is_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(ran),))

    for protocol in range(6):
        data = pickle.dumps({"label": Harm()}, protocol)
        path = tmp_path / "S2.pkl"
        path.write_bytes(data)
        with pytest.raises(FormatError, match=r"a call of '\w+\.mkdir'"):
            open_recording(path, ReadOptions())
        assert not ran.exists()
        pickle.loads(data)  # noqa: S301 - that it would have run
        assert ran.exists()
        ran.rmdir()


RAGGED = np.array([[1.0], [1.0, 2.0]], dtype=object)
DOUBLED = b"}q\x00" + b"".join(b"}q%c(U\x01ah%cU\x01bh%cu" % (i, i - 1, i - 1) for i in range(1, 90))
SEVEN = np.zeros(7)


@pytest.mark.parametrize(
    "instructions",
    [
        pickle.dumps(RAGGED, 2)[2:-1],
        pickle.dumps(RAGGED, 5)[2:-1],
        pickle.dumps(np.zeros(3, "M8[s]"), 2)[2:-1],
        pickle.dumps(np.zeros(3, "c16"), 2)[2:-1],
        pickle.dumps(np.zeros(3, [("a", "f8")]), 2)[2:-1],
        pickle.dumps(np.zeros(3, "V1000000"), 2)[2:-1],
        pickle.dumps(np.array(["a" * 50]), 2)[2:-1],
        pickle.dumps(np.float64(3), 2)[2:-1],
        made.array2(SEVEN, code=b"V999999999"),
        made.array2(SEVEN, code=b"O8"),
        made.array2(SEVEN, code=b"f8,f8"),
        made.array2(SEVEN, code=b"(999999999,)f8"),
        made.array2(SEVEN, raw=bytes(55)),
        made.array2(SEVEN, raw=bytes(57)),
        made.array2(np.broadcast_to(0.0, (1 << 30,)), raw=b"12345678"),
        made.array2(SEVEN).replace(struct.pack("<i", 7), struct.pack("<i", -7), 1),
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n(J\xff\xff\xff\x7ftU\x01b\x87R",
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\nK\x00\x85U\x01b\x87R",
        b"cnumpy\ndtype\nU\x02f8\x85RK\x05b",
        b"cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R",
        b"c_codecs\nencode\nU\x01aU\x03zip\x86R",
        b"B\xff\xff\xff\xff",
        b"\x8e" + b"\xff" * 8,
        b"\x8e" + struct.pack("<Q", 1 << 40),
        b"\x96" + struct.pack("<Q", 1 << 40) + b"abc",
        b"T\xff\xff\xff\xff",
        b"\x8b\xff\xff\xff\x7f",
        b"L" + b"9" * 100_000 + b"L\n",
        b"I" + b"9" * 5000 + b"\n",
        b"U\x01ar\xff\xff\xff\xff",
        b"j\xff\xff\xff\xff",
        b"p" + b"9" * 200 + b"\n",
        b"U\x01a" + b"2" * MB,
        b"]" * MB,
        b"}" * MB,
        b"}\x94" * (MB // 2),
        b"(" * MB,
        b")\x85" * (MB // 2),
        b"c_codecs\nencode\nq\x00T" + struct.pack("<i", MB) + bytes(MB) + b"q\x01" + b"h\x00h\x01U\x06latin1\x86R" * MB,
        b"}q\x07U\x01ah\x07s",
        DOUBLED,
        b"S'abc",
        b"Sabc",
        b"S\n",
        b"0" * 9,
        b"b",
        b"R",
        b"t",
        b"u",
        b"s",
        b".",
        b"P1\n",
        b"\x82\x01",
        b"K\x01K\x02s",
        b"}q\x00h\x00h\x00s",
    ],
)  # fmt: skip
def test_pickles_that_are_made_to_do_harm(tmp_path: Path, instructions: bytes) -> None:
    path = tmp_path / "S2.pkl"
    path.write_bytes(harmful(instructions))
    tracemalloc.start()
    with pytest.raises(RecordingError) as caught:
        open_recording(path, ReadOptions())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert most < 50 * MB


@pytest.mark.parametrize("write", [made.write0, made.write2])
def test_a_pickle_cut_at_any_byte(tmp_path: Path, write: Callable[[Path, dict[str, Any]], Path]) -> None:
    whole = write(tmp_path / "S2.pkl", made.content(made.counted(3), made.labels((1, 3)))).read_bytes()
    path = tmp_path / "cut.pkl"
    for cut in range(16, len(whole), 3):
        path.write_bytes(whole[:cut])
        with pytest.raises(TruncatedError, match=f"cut at byte {cut}"):
            open_recording(path, ReadOptions())


def test_a_pickle_of_anything_else_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps({"weights": os.system}, 2))
    with pytest.raises(FormatError, match=r"model\.pkl: the format is not known .expected .*WESAD"):
        open_recording(path, ReadOptions())


@given(data=st.data())
@settings(max_examples=300, deadline=None)
@pytest.mark.filterwarnings("ignore:.*invalid:DeprecationWarning")
def test_any_damage_is_an_answer_or_one_line(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("wesad")
    write = data.draw(st.sampled_from([made.write0, made.write2]))
    path = write(folder / "S2.pkl", made.content(made.counted(4), made.labels((1, 2), (2, 2))))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(3, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        decode(path)
    except EcgLiveError as error:
        assert "\n" not in error.message  # noqa: PT017 - either is right


def test_data_that_are_fewer_than_their_shape_says(tmp_path: Path) -> None:
    items = made.content(made.counted(4), made.labels((1, 4)))
    path = made.write0(tmp_path / "S2.pkl", items)
    path.write_bytes(path.read_bytes().replace(b"L4L\nI1\n", b"L5L\nI1\n"))
    with pytest.raises(FormatError, match=r"do not fit its shape \(5, 1\)"):
        decode(path)


def test_labels_of_no_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"S2\.pkl: cannot be read: No such file"):
        label_runs(tmp_path / "S2.pkl")
    (tmp_path / "S2.pkl").write_bytes(b"(dp1\nR.")
    with pytest.raises(FormatError, match="cannot be decoded"):
        label_runs(tmp_path / "S2.pkl")
