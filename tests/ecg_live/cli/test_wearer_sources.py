"""Which wearer each source is, and where each is recorded; what cannot be is refused in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecg_live.cli.wearer_sources import wearer_sources
from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError

PLAIN = LiveSettings()


def test_a_name_is_the_wearer_and_the_participant() -> None:
    made = wearer_sources(["P01=polar:1A2B", "P02=lsl:name=ECG,type=ECG", "lsl:name=other"], [], PLAIN)
    assert [(each.name, each.uri, each.settings.participant) for each in made] == [
        ("P01", "polar:1A2B", "P01"),
        ("P02", "lsl:name=ECG,type=ECG", "P02"),
        ("lsl:name=other", "lsl:name=other", None),
    ]


def test_participants_are_in_the_order_of_the_sources() -> None:
    made = wearer_sources(["polar:A", "polar:B"], ["P7", "P8"], PLAIN)
    assert [(each.name, each.settings.participant) for each in made] == [("P7", "P7"), ("P8", "P8")]


def test_files_give_names_that_differ(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rest.txt").touch()
    (tmp_path / "x=y.csv").touch()
    made = wearer_sources([str(tmp_path / part) for part in ("a/rest.txt", "b/rest.txt", "x=y.csv")], [], PLAIN)
    assert [each.name for each in made] == ["rest", "rest_2", "x=y"]


@pytest.mark.parametrize(
    ("record", "paths"),
    [
        ("out", [os.path.join("out", "P1.xdf"), os.path.join("out", "a%2Fb.xdf")]),  # noqa: PTH118 - as text
        ("day1_{wearer}.xdf", ["day1_P1.xdf", "day1_a%2Fb.xdf"]),
        ("{wearer}/raw", ["P1/raw", "a%2Fb/raw"]),
    ],
)
def test_each_wearer_has_a_file_of_an_own(record: str, paths: list[str]) -> None:
    made = wearer_sources(["polar:A", "polar:B"], ["P1", "a/b"], LiveSettings(record=record))
    assert [each.settings.record for each in made] == paths


@pytest.mark.parametrize(
    ("texts", "participants", "settings", "complaint"),
    [
        (["polar:A", "POLAR:a"], [], PLAIN, "source POLAR:a is given twice|source polar:A is given twice"),
        (["P1=polar:A", "p1=polar:B"], [], PLAIN, "wearer P1 is given twice"),
        (["polar:A", "polar:B"], ["P1", "P1"], PLAIN, "wearer P1 is given twice"),
        (["polar:A", "polar:B"], ["P1"], PLAIN, "given 1 times for 2 sources"),
        (["P1=polar:A", "polar:B"], ["P1", "P2"], PLAIN, "beside NAME=SOURCE"),
        (["polar:A", "polar:B"], [], LiveSettings(participant="P1"), "one participant is set for 2 sources"),
        (["polar:A", "polar:B"], [], LiveSettings(record="all.xdf"), "one file for several wearers"),
        (["polar:A", "polar:B"], [], LiveSettings(also=("hr:",)), "--also with 2 sources"),
        (["polar:A", "polar:B"], [], LiveSettings(lsl_out=True), "--lsl-out with 2 sources"),
        (["polar:A", "polar:B"], [], LiveSettings(remote_port=5000), "--remote-port with 2 sources"),
    ],
)
def test_what_cannot_be(texts: list[str], participants: list[str], settings: LiveSettings, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as refused:
        wearer_sources(texts, participants, settings)
    assert refused.value.remedy


def test_a_file_by_two_names_is_one_source(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(ConfigError, match="given twice"):
        wearer_sources([str(tmp_path / "a.txt"), f"file:{tmp_path / 'a.txt'}"], [], PLAIN)
