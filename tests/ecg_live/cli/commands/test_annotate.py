"""From a session to its annotations, by the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import ecg_live
from tests.support.recorded_sessions import story
from tests.support.xdf_recordings import record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    record(tmp_path / "s.xdf", story())
    return tmp_path / "s.xdf"


def test_notes_exclusions_and_markers_by_the_command(path: Path) -> None:
    by = ("--author", "lee")
    assert ecg_live("annotate", path, "add", "--at", "12.5", "--text", "spoke", *by).stdout == "a1\n"
    stretch = ("--at", 20, "--until", 25.5, "--kind", "excluded", "--text", "electrode loose")
    assert ecg_live("annotate", path, "add", *stretch, *by).stdout == "a2\n"
    assert ecg_live("annotate", path, "move", "m2", "--at", "37", *by, "--reason", "late key").returncode == 0
    assert ecg_live("annotate", path, "delete", "m3", *by).returncode == 0
    assert ecg_live("annotate", path, "edit", "a1", "--text", "spoke aloud", *by).returncode == 0
    assert ecg_live("annotate", path, "delete", "a1", *by).returncode == 0
    assert ecg_live("annotate", path, "restore", "a1", *by).returncode == 0
    listed = [json.loads(line) for line in ecg_live("annotate", path, "--json").stdout.splitlines()]
    assert [(row["id"], row["kind"], row["onset"], row["duration"], row["text"]) for row in listed] == [
        ("a1", "note", 12.5, 0, "spoke aloud"),
        ("m1", "marker", 15.5, 0, "rest"),
        ("a2", "excluded", 20, 5.5, "electrode loose"),
        ("m2", "marker", 37, 0, "load <b>"),
        ("m3", "marker", 50.5, 0, "end"),
    ]
    assert [row["edited"] for row in listed] == [True, False, True, True, True]
    assert [row["deleted"] for row in listed] == [False] * 4 + [True]
    text = ecg_live("annotate", path, "list").stdout
    assert "20.000 to     25.500  excluded  electrode loose  (lee, 20" in text
    history = ecg_live("annotate", path, "history").stdout.splitlines()
    assert len(history) == 7
    assert "move" in history[2]
    assert "late key" in history[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("paint",), "the action is 'paint'; it is list, add"),
        (("add", "--text", "x"), "--at is missing"),
        (("add", "--at", 61, "--text", "x"), "the recording has 60.000 s"),
        (("add", "--at", 5, "--until", 4, "--text", "x"), "the end, 4 s, is not after the beginning, 5 s"),
        (("add", "--at", 5, "--kind", "blot", "--text", "x"), "--kind is 'blot'"),
        (("delete",), "the ID is missing"),
        (("delete", "a1"), "there is no annotation a1"),
        (("delete", "m9"), "there is no marker m9: 3 were recorded"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(path: Path, words: tuple[object, ...], message: str) -> None:
    done = ecg_live("annotate", path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "what to do" in done.stderr
    assert list(path.parent.iterdir()) == [path]


def test_verify_states_whose_annotations_lie_beside_a_recording(path: Path) -> None:
    ecg_live("annotate", path, "add", "--at", 1, "--text", "one")
    done = ecg_live("verify", path)
    assert done.returncode == 0
    assert "s.annotations.jsonl: 1 change of this recording's annotations" in done.stdout
    assert json.loads(ecg_live("verify", path, "--json").stdout)["annotations"]["changes"] == 1
    record(path.with_name("t.xdf"), story())
    path.with_suffix(".annotations.jsonl").rename(path.with_name("t.annotations.jsonl"))
    done = ecg_live("verify", path, path.with_name("t.xdf"))
    assert done.returncode == 4
    assert "t.annotations.jsonl: problem: t.annotations.jsonl belongs to another recording (s.xdf)" in done.stdout
