"""A CSV manifest of one's own files."""

from math import inf
from pathlib import Path

import numpy as np
import pytest

from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from tests.support.files import edf_files
from tests.support.files.mat_files import dreamer_subject, write_dreamer
from training.datasets import open_dataset
from training.datasets.dataset import Annotation, Classes, Rating, RecordingPart
from training.datasets.manifest import load

HEAD = "file,channel,subject,start_s,stop_s,stress\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of 8 s, one with two channels, one of another rate."""
    (tmp_path / "more").mkdir()
    edf_files.write(tmp_path / "a.edf", edf_files.counts())
    edf_files.write(tmp_path / "more" / "b.edf", edf_files.counts("ECG I"), edf_files.counts("ECG II"))
    edf_files.write(tmp_path / "c.edf", edf_files.counts(rate=500))
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_files_subjects_stretches_and_labels(folder: Path) -> None:
    write(
        folder,
        "\ufefffile,channel,subject,start_s,stop_s,Valence[1-9],task,arousal,rest\n"
        "a.edf,,anna,4,8,2,talk,1.5,0\n"
        "a.edf,,anna,0,4,7.5,sit,,yes\n"
        "\n"
        'more/b.edf,ECG II,bert,,,NaN,"stand, still",3,\n'
        "more/../a.edf,,anna,3.99,4,,sit,2,\n".replace("3.99,4", "8,"),
    )
    with pytest.raises(DatasetError, match="line 6: start_s is 8, but the recording lasts 8 s"):
        load(folder)
    text = (folder / "manifest.csv").read_text(encoding="utf-8")
    write(folder, text.replace("more/../a.edf,,anna,8,", "more/b.edf,1,anna,2,"))
    dataset = open_dataset("manifest", folder)
    assert dataset.labels == {
        "Valence": Rating(1, 9),
        "task": Classes(("sit", "stand, still", "talk"), by_letter=True),
        "arousal": Rating(1.5, 3),
    }
    anna, bert = dataset.sessions
    b = folder / "more" / "b.edf"
    assert (anna.subject, anna.parts) == (
        "anna",
        (RecordingPart(folder / "a.edf"), RecordingPart(b, ReadOptions(channel="1"))),
    )
    assert anna.annotations == (
        Annotation(0, 0, 4, {"Valence": 7.5, "task": "sit"}, rest=True),
        Annotation(0, 4, 8, {"Valence": 2, "task": "talk", "arousal": 1.5}),
        Annotation(1, 2, inf, {"task": "sit", "arousal": 2}),
    )
    assert (bert.subject, bert.parts) == ("bert", (RecordingPart(b, ReadOptions(channel="ECG II")),))
    assert bert.annotations == (Annotation(0, 0, inf, {"task": "stand, still", "arousal": 3}),)
    assert dataset.remarks == ()
    assert open_dataset("manifest", folder / "manifest.csv").sessions == dataset.sessions


@pytest.mark.parametrize(
    ("header", "texts", "names"),
    [
        ("arousal", ("high", "low"), ("low", "high")),
        ('"mood[glad,blue]"', ("blue", "glad"), ("glad", "blue")),
        ('"arousal[high,low]"', ("high", "low"), ("high", "low")),
    ],
)
def test_classes_go_from_least_to_most(
    folder: Path, header: str, texts: tuple[str, str], names: tuple[str, ...]
) -> None:
    write(folder, HEAD.replace("stress", header) + f"a.edf,,x,0,4,{texts[0]}\na.edf,,x,4,8,{texts[1]}\n")
    (meaning,) = load(folder).labels.values()
    assert meaning == Classes(names)


def test_semicolons_and_decimal_commas(folder: Path) -> None:
    write(folder, "file;subject;start_s;stop_s;stress\na.edf;x;0,5;2,5;1,5\na.edf;x;3;4;2\n")
    (sitting,) = load(folder).sessions
    assert sitting.annotations == (Annotation(0, 0.5, 2.5, {"stress": 1.5}), Annotation(0, 3, 4, {"stress": 2}))


def test_another_rate_is_another_sitting(folder: Path) -> None:
    write(folder, HEAD + "a.edf,,x,,,1\nc.edf,,x,,,2\nmore/b.edf,1,x,,,3\n")
    sittings = load(folder).sessions
    assert [[part.path.name for part in sitting.parts] for sitting in sittings] == [["a.edf"], ["c.edf"], ["b.edf"]]
    assert [sitting.annotations[0].part for sitting in sittings] == [0, 0, 0]


def test_how_a_file_is_opened(folder: Path) -> None:
    (folder / "plain.csv").write_text("ECG\n" + "1\n2\n" * 600)
    film = np.full((2560, 2), 2060.0)
    scores = {f"Score{name}": [1.0] for name in ("Valence", "Arousal", "Dominance")}
    write_dreamer(folder / "d.mat", [dreamer_subject([film], [], scores)] * 2)
    write(
        folder,
        "file,part,rate,unit,subject,start_s,stop_s,stress\n"
        "plain.csv,,200,uV,x,0,5,1\nd.mat,2,,,y,0,5,2\nd.mat,1,,,z,0,5,2\n",
    )
    parts = [sitting.parts[0] for sitting in load(folder).sessions]
    assert [part.opening for part in parts] == [
        ReadOptions(rate=200, unit="uV"),
        ReadOptions(part="2"),
        ReadOptions(part="1"),
    ]


def test_what_is_said_twice_or_too_long_is_remarked(folder: Path) -> None:
    write(folder, HEAD + "a.edf,,x,0,4,1\na.edf,,x,0,4,1\na.edf,,x,4,20,1\n")
    dataset = load(folder)
    assert dataset.remarks == (
        "manifest.csv, line 3: the same as line 2; left out",
        "manifest.csv, line 4: stop_s is 20, but the recording ends at 8 s",
    )
    assert len(dataset.sessions[0].annotations) == 2


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "found 0 lines"),
        (HEAD, "found 1 lines, expected a header and rows"),
        ("file,subject,start_s,stress\na.edf,x,0,1\n", "the header lacks stop_s"),
        ("file,subject,start_s,stop_s\na.edf,x,0,1\n", "no column is a label"),
        (HEAD.replace("stress", "File") + "a.edf,,x,0,4,1\n", "a column has no name, or two have one"),
        (HEAD.replace("stress", "a,,b") + "a.edf,,x,0,4,1,2,3\n", "a column has no name, or two have one"),
        (HEAD.replace("stress", "a[1-9],a") + "a.edf,,x,0,4,1,2\n", "two columns are called a"),
        (HEAD.replace("stress", "a[9-1]") + "a.edf,,x,0,4,1\n", "the scale has no extent"),
        (HEAD.replace("stress", '"a[low,high]"') + "a.edf,,x,0,4,1\n", "names classes, and holds numbers"),
        (HEAD.replace("stress", '"a[low,high]"') + "a.edf,,x,0,4,mid\n", "the classes of a are mid"),
        (HEAD + "a.edf,,x,0,4\n", "line 2: found 5 cells, expected 6"),
        (HEAD + "a.edf,,x,0,4,\n", "the column stress is empty"),
        (HEAD + "a.edf,,x,0,4,1\na.edf,,x,4,5,oops\n", "line 3: stress is 'oops', expected a number"),
        (HEAD + "a.edf,,x,0,4,sit\na.edf,,x,4,5,3\n", "line 3: stress is 3, a number, among names such as 'sit'"),
        (HEAD + "a.edf,,x,0,4,1\na.edf,,x,4,5,inf\n", "line 3: stress is 'inf', expected a number"),
        (HEAD.replace("ss", "ss[1-5]") + "a.edf,,x,0,4,6\n", r"line 2: stress\[1-5\] is 6, expected 1 to 5"),
        (HEAD.replace("ss", "ss[1-5]") + "a.edf,,x,0,4,low\n", "line 2: .* is 'low', expected a number"),
        (HEAD + "a.edf,,x,zero,4,1\n", "line 2: start_s is 'zero', expected a number"),
        (HEAD + "a.edf,,x,4,4,1\n", "line 2: start_s is 4 and stop_s 4, expected 0 <= start_s < stop_s"),
        (HEAD + "a.edf,,x,-1,4,1\n", "line 2: start_s is -1"),
        (HEAD + "a.edf,,x,0,5,1\na.edf,,x,4,6,2\n", "line 3: 4 s is within line 2, 0 to 5 s"),
        (HEAD + "a.edf,,x,0,5,1\na.edf,,x,0,5,2\n", "line 3: 0 s is within line 2, 0 to 5 s"),
        (HEAD + "a.edf,,x,,,1\na.edf,,x,1,2,2\n", "line 3: 1 s is within line 2, 0 to inf s"),
        (HEAD + "a.edf,,x,0,4,1\na.edf,,y,4,8,1\n", "line 3: a.edf has subject y here, and x in a line before"),
        (HEAD + "none.edf,,x,0,4,1\n", r"line 2: .*none\.edf: no such file"),
        (HEAD + "more/b.edf,,x,0,4,1\n", "line 2: b.edf: 2 of its channels are ECG"),
        (HEAD + "manifest.csv,,x,0,4,1\n", "line 2: manifest.csv"),
        (HEAD + "a.edf,V9,x,0,4,1\n", "line 2: a.edf: there is no channel 'V9'"),
        (HEAD + "a\0.edf,,x,0,4,1\n", "line 2"),
        (HEAD + ",,x,0,4,1\n", "line 2: file is empty"),
        (HEAD + "a.edf,,,0,4,1\n", "line 2: subject is empty"),
        (HEAD.replace("channel", "rest") + "a.edf,maybe,x,0,4,1\n", "line 2: rest is 'maybe', expected 1 or 0"),
        (HEAD.replace("channel", "part") + "a.edf,2,x,0,4,1\n", "line 2: a.edf: holds one recording"),
        (HEAD + '"a.edf,,x,0,4,1\n', "not a table of text"),
    ],
)
def test_errors_name_file_and_line(folder: Path, text: str, match: str) -> None:
    write(folder, text)
    with pytest.raises(DatasetError, match=match) as caught:
        load(folder)
    assert "manifest.csv" in caught.value.message
    assert caught.value.remedy


def test_a_stimulus_is_no_label(folder: Path) -> None:
    write(folder, "file,subject,start_s,stop_s,stress,stimulus\na.edf,anna,0,4,no,film 1\na.edf,anna,4,8,yes,\n")
    dataset = load(folder)
    assert list(dataset.labels) == ["stress"]
    assert [each.stimulus for each in dataset.sessions[0].annotations] == ["film 1", ""]


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no manifest\.csv"):
        load(tmp_path)
    (tmp_path / "manifest.csv").write_bytes(b"\xff\xfe\0\0")
    with pytest.raises(DatasetError, match="not a table of text"):
        load(tmp_path)
