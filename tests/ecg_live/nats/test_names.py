"""Names of wearers and sites, their subjects and partitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.errors import ConfigError
from ecg_live.nats.names import SiteNames, check_name, partition_of, wearer_of

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@pytest.mark.parametrize("text", ["P.1", "P*", "P 1", ">", "", "P/1", "é", "P1\n", "$JS", "x" * 65])
def test_an_id_that_cannot_be_part_of_a_subject_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError, match="letters") as caught:
        check_name("wearer", text)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert caught.value.exit_code == 2


@given(IDS)
def test_any_other_id_is_one_token_of_its_subjects(wearer: str) -> None:
    names = SiteNames("lab", 32)
    assert check_name("wearer", wearer) == wearer
    for subject in (names.raw_subject(wearer), names.result_subject(wearer)):
        assert len(subject.split(".")) == 5
        assert wearer_of(subject) == wearer


def test_a_partition_is_the_same_for_ever() -> None:
    assert [partition_of(wearer, 32) for wearer in ("P01", "P02", "P03")] == [3, 13, 24]
    assert SiteNames("lab").raw_subject("P01") == "ecg.lab.p03.P01.raw"


def test_wearers_spread_over_partitions() -> None:
    counts = [0] * 32
    for k in range(3200):
        counts[partition_of(f"P{k}", 32)] += 1
    assert min(counts) > 60
    assert max(counts) < 140
