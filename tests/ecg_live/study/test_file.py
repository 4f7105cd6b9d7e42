"""A study file: what it holds, and that each fault names its line and key."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.errors import ConfigError
from ecg_live.study.file import load_study
from ecg_live.study.plan import Block, KeyMarker, SelfReport, Study

WHOLE = """\
name = "Lab stress"
source = "polar:"
required_streams = ["Stimuli"]
model = "stress.safetensors"
record = "{study}_{participant}_{date}.xdf"
participants = ["P01", "P02"]
order = "counterbalanced"

[keys]
1 = "stimulus on"
2 = { interval = "cold pressor" }

[self_reports.mood]
kind = "sam"
question = "How do you feel now?"

[self_reports.strain]
kind = "likert"
items = ["I was tense."]
points = 7
anchors = ["not at all", "very"]

[[blocks]]
name = "rest"
seconds = 60
instruction = "Sit still."
baseline = true
in_place = true

[[blocks]]
name = "task"
until = "marker:task done"
seconds = 300
sound = true
self_reports = ["mood", "strain"]

[[blocks]]
name = "talk"
until = "key"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_study(tmp_path: Path) -> None:
    assert load_study(written(tmp_path, WHOLE)) == Study(
        name="Lab stress",
        blocks=(
            Block("rest", 60.0, instruction="Sit still.", baseline=True, in_place=True),
            Block("task", 300.0, until_marker="task done", sound=True, self_reports=("mood", "strain")),
            Block("talk"),
        ),
        source="polar:",
        required_streams=("Stimuli",),
        model="stress.safetensors",
        record="{study}_{participant}_{date}.xdf",
        participants=("P01", "P02"),
        order="counterbalanced",
        keys={"1": KeyMarker("stimulus on"), "2": KeyMarker("cold pressor", interval=True)},
        self_reports={
            "mood": SelfReport("mood", "sam", "How do you feel now?", ("valence", "arousal")),
            "strain": SelfReport("strain", "likert", "", ("I was tense.",), 7, ("not at all", "very")),
        },
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('name = "Lab stress"', "", "line 1: name: missing"),
        ('name = "Lab stress"', "name = 5", "line 1: name: 5 is not a text"),
        ('order = "count', 'order = "ran', "line 7: order: 'raneRbalanced'"),
        ('participants = ["P01", "P02"]', "", "line 7: order: counterbalanced needs the list"),
        ('"P01", "P02"', '"P01", "P01"', "line 6: participants: an empty text, or one that stands twice"),
        ("{date}", "{day}", "line 5: record: {day} is unknown"),
        ("_{participant}_{date}", "", "line 5: record: all participants would have one file"),
        ("_{participant}", "_{participant:d}", "line 5: record: '{study}_{participant:d}_{date}.xdf': Unknown format"),
        ("_{participant}", "_{participant:{w}}", "line 5: record: '{study}_{participant:{w}}_{date}.xdf': 'w'"),
        ('"{study}_', '"/data/{study}_', "line 5: record: '/data/{study}_{participant}_{date}.xdf' is no path from"),
        ("1 = ", "0 = ", "line 10: keys.0: '0' is not one of 1 to 9"),
        ("{ interval =", "{ intervall =", "line 11: keys.2.intervall: unknown; known are interval"),
        ('"cold pressor"', '"cold/pressor"', "line 11: keys.2.interval: 'cold/pressor': a slash separates"),
        ('"cold pressor"', '""', "line 11: keys.2.interval: an empty text"),
        ('"stimulus on"', '"block/rest/stop"', "line 10: keys.1: 'block/rest/stop' is what blocks"),
        ('"stimulus on"', '"undo/x"', "line 10: keys.1: 'undo/x' is what blocks"),
        ('name = "talk"', 'name = "talk/2"', "line 38: blocks.3.name: 'talk/2': a slash separates"),
        ('kind = "sam"', 'kind = "smiley"', "line 14: self_reports.mood.kind: 'smiley'; known are sam,"),
        ('kind = "sam"', "", "line 13: self_reports.mood.kind: missing"),
        ('items = ["I was tense."]', "", "line 17: self_reports.strain.items: missing"),
        ("points = 7", "points = 99", "line 20: self_reports.strain.points: 99; from 2 to 11"),
        ("points = 7", "points = 6.5", "line 20: self_reports.strain.points: 6.5"),
        ('"not at all", "very"', '"not at all"', "line 21: self_reports.strain.anchors: 1 texts"),
        ("seconds = 60", "seconds = 20", "line 25: blocks.1.seconds: 20; a resting baseline needs at least 30 s"),
        ("seconds = 60", "seconds = -1", "line 25: blocks.1.seconds: -1; from 0 to 86400"),
        ("seconds = 60", 'seconds = "60"', "line 25: blocks.1.seconds: '60' is not a number"),
        ("seconds = 60", "seconds = 1" + 400 * "0", "line 25: blocks.1.seconds: more than a number can be"),
        ("seconds = 60", "", "line 23: blocks.1.seconds: missing: the block would never end"),
        ("baseline = true", "baseline = 1", "line 27: blocks.1.baseline: 1 is neither true nor false"),
        ("baseline = true", "base = true", "line 27: blocks.1.base: unknown; known are name, seconds"),
        ('"marker:task done"', '"button"', "line 32: blocks.2.until: 'button'; it is key or marker:TEXT"),
        ('"marker:task done"', '"key"', "line 32: blocks.2.until: a block with seconds ends by itself"),
        ('["mood", "strain"]', '["moood"]', "line 35: blocks.2.self_reports: 'moood' is not one of mood, strain"),
        ('until = "key"', 'until = "key"\nrating = "mood"', "line 40: blocks.3.rating: 'mood' is no self-report of"),
        ('name = "talk"', 'name = "rest"', "line 38: blocks.3.name: two blocks are named 'rest'"),
    ],
)  # fmt: skip
def test_a_fault_names_line_and_key(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert WHOLE.count(old) >= 1
    with pytest.raises(ConfigError) as error:
        load_study(written(tmp_path, WHOLE.replace(old, new, 1)))
    assert fault.replace("eRb", "erb") in error.value.message
    assert error.value.remedy


def test_no_blocks_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 1: blocks: 0 blocks"):
        load_study(written(tmp_path, 'name = "x"\n'))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"name = ", b"name = 1 2", b"[" * 3000, b"x" * (2**20 + 1)])
def test_a_file_that_is_no_study_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"study\.toml") as error:
        load_study(path)
    assert "\n" not in error.value.message
    with pytest.raises(ConfigError, match="No such file"):
        load_study(tmp_path / "none.toml")


GARBLE = st.tuples(st.integers(0, len(WHOLE) - 1), st.sampled_from(list('"[]={\nx#\0')), st.integers(0, 3))


@given(GARBLE)
def test_a_garbled_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, garble: tuple[int, str, int]
) -> None:
    at, put, cut = garble
    path = written(tmp_path_factory.getbasetemp(), WHOLE[:at] + put + WHOLE[at + cut :])
    with suppress(ConfigError):
        assert load_study(path).blocks
