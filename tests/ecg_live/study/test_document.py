"""A study file that is edited: values change, comments and order stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.errors import ConfigError
from ecg_live.study.document import NEW_STUDY, StudyDocument
from ecg_live.study.file import StudyFault, load_study
from tests.ecg_live.study.test_file import WHOLE

PATH = Path("study.toml")


def test_a_new_study_is_one() -> None:
    assert StudyDocument(NEW_STUDY, PATH).check().name == "New study"


def test_what_is_not_changed_stays_to_the_letter() -> None:
    document = StudyDocument(WHOLE, PATH)
    document.change(document.values())
    assert document.text == WHOLE


def test_a_changed_value_keeps_its_comment_and_its_neighbours() -> None:
    document = StudyDocument(NEW_STUDY, PATH)
    values = document.values()
    values["order"] = "counterbalanced"
    values["blocks"][0]["seconds"] = 90
    document.change(values)
    expected = NEW_STUDY.replace('order = "fixed"  ', 'order = "counterbalanced"  ').replace("= 60", "= 90")
    assert document.text == expected


def test_blocks_are_moved_added_and_removed_with_their_comments() -> None:
    document = StudyDocument(NEW_STUDY, PATH)
    values = document.values()
    rest, task = values["blocks"]
    values["blocks"] = [task, {"name": "talk", "until": "key", "instruction": 'Say "hello".\nThen stop.'}, rest]
    values["keys"]["2"] = {"interval": "cold pressor"}
    values["self_reports"] = {"mood": {"kind": "sam"}}
    document.change(values)
    assert document.values() == values
    assert "# begins the resting baseline" in document.text
    assert '2 = {interval = "cold pressor"}' in document.text
    study = document.check()
    assert [block.name for block in study.blocks] == ["task", "talk", "rest"]
    assert study.blocks[1].instruction == 'Say "hello".\nThen stop.'
    values["blocks"] = values["blocks"][:1]
    document.change(values)
    assert [block.name for block in document.check().blocks] == ["task"]


def test_a_block_with_a_new_name_keeps_its_comments() -> None:
    document = StudyDocument(NEW_STUDY, PATH)
    values = document.values()
    values["blocks"][0]["name"] = "sit"
    document.change(values)
    assert document.text == NEW_STUDY.replace('name = "rest"', 'name = "sit"')


BLOCKS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["rest", "task", "a b"])},
        optional={"seconds": st.integers(1, 99), "instruction": st.text(max_size=20), "sound": st.booleans()},
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda block: block["name"],
)
KEYS = st.dictionaries(st.sampled_from("123"), st.one_of(st.text(max_size=5), st.just({"interval": "x"})))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(BLOCKS, KEYS), min_size=1, max_size=3))
def test_whatever_is_changed_is_read_back(changes: list[tuple[list[dict[str, Any]], dict[str, Any]]]) -> None:
    document = StudyDocument(NEW_STUDY, PATH)
    for blocks, keys in changes:
        values = document.values() | {"blocks": blocks, "keys": keys}
        document.change(values)
        assert StudyDocument(document.text, PATH).values() == values


INLINE = """\
keys = { 1 = "on", 2 = { interval = "cold" } }  # in one line
self_reports.mood.kind = "sam"
blocks = [ { name = "rest", seconds = 60 }, { name = "task", until = "key" } ]
name = "Lab"
"""


@pytest.mark.parametrize("name", ["keys", "self_reports", "blocks", "name"])
def test_tables_in_one_line_are_changed_too(name: str) -> None:
    document = StudyDocument(INLINE, PATH)
    document.change(document.values())
    assert document.text == INLINE
    changed: dict[str, Any] = {
        "keys": {"3": "off"}, "self_reports": {"mood": {"kind": "text"}, "end": {"kind": "grid"}},
        "blocks": [{"name": "task", "seconds": 5}, {"name": "rest", "seconds": 60}, {"name": "new", "seconds": 1}],
        "name": "Other",
    }  # fmt: skip
    values = document.values() | {name: changed[name]}
    document.change(values)
    assert StudyDocument(document.text, PATH).values() == values
    assert document.check().blocks
    document.change({key: value for key, value in values.items() if key != name} | {"order": "fixed"})
    assert StudyDocument(document.text, PATH).values()["order"] == "fixed"


def test_a_fault_has_line_and_key(tmp_path: Path) -> None:
    document = StudyDocument(WHOLE.replace("seconds = 60", "seconds = -1"), PATH)
    with pytest.raises(StudyFault) as fault:
        document.check()
    assert (fault.value.line, fault.value.key) == (25, ("blocks", 0, "seconds"))
    with pytest.raises(ConfigError, match=r"study\.toml: "):
        StudyDocument("name = ", PATH)


def test_it_is_saved_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    StudyDocument(WHOLE, path).save(path)
    assert load_study(path).name == "Lab stress"
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="study"):
        StudyDocument(WHOLE, path).save(tmp_path / "file" / "study.toml")
