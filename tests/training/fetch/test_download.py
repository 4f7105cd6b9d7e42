"""Downloads go on where they stopped, and end whole or with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecg_live.errors import ConfigError, DatasetError
from tests.emulators.full_disk import FULL, full_disk
from tests.support.http_server import Shop, serving
from training.fetch.download import download, read_list

MOST = 1 << 20
CONTENT = bytes(i * 7 % 251 for i in range(300_000))  # its samples tell where they belong


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serving(Shop({"a.bin": CONTENT})) as served:
        yield served


def silent(_name: str, _there: int, _total: int | None) -> None:
    pass


def test_a_file_comes_whole_and_progress_is_reported(shop: Shop, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    download(shop.url + "a.bin", tmp_path / "a.bin.part", lambda *said: told.append(said), MOST)
    assert (tmp_path / "a.bin.part").read_bytes() == CONTENT
    assert told[-1] == ("a.bin", len(CONTENT), len(CONTENT))
    assert [there for _, there, _ in told] == sorted(there for _, there, _ in told)


def test_a_partial_file_goes_on_where_it_stopped(shop: Shop, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(CONTENT[:100_000])
    download(shop.url + "a.bin", part, silent, MOST)
    assert part.read_bytes() == CONTENT
    assert shop.asked == [("a.bin", "bytes=100000-")]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 90_000), max_size=5), ranges=st.booleans())
def test_cut_connections_lose_and_repeat_no_byte(shop: Shop, tmp_path: Path, cuts: list[int], ranges: bool) -> None:
    part = tmp_path / "part"
    part.unlink(missing_ok=True)
    shop.cuts, shop.ranges = list(cuts), ranges
    for _ in range(len(cuts) + 1):
        try:
            download(shop.url + "a.bin", part, silent, MOST)
            break
        except DatasetError:  # without ranges, an attempt may bring less than the one before
            assert not ranges
    assert part.read_bytes() == CONTENT


def test_a_server_without_ranges_starts_again(shop: Shop, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"x" * 1000)
    shop.ranges = False
    download(shop.url + "a.bin", part, silent, MOST)
    assert part.read_bytes() == CONTENT


def test_a_partial_file_that_is_whole_is_taken_as_it_is(shop: Shop, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(CONTENT)
    download(shop.url + "a.bin", part, silent, MOST)
    assert part.read_bytes() == CONTENT


def test_a_partial_file_that_is_too_long_is_fetched_again(shop: Shop, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(CONTENT + b"more")
    download(shop.url + "a.bin", part, silent, MOST)
    assert part.read_bytes() == CONTENT


def test_another_range_than_asked_for_is_refused(shop: Shop, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(CONTENT[:1000])
    shop.shift = 5
    with pytest.raises(DatasetError, match="byte 1005, 1000 was asked for"):
        download(shop.url + "a.bin", part, silent, MOST)
    assert part.read_bytes() == CONTENT[:1000]


def test_connections_that_bring_nothing_end_it(shop: Shop, tmp_path: Path) -> None:
    shop.cuts = [10, 0]
    with pytest.raises(DatasetError, match=r"cut, with 10 bytes here .*same command again"):
        download(shop.url + "a.bin", tmp_path / "part", silent, MOST)
    assert (tmp_path / "part").read_bytes() == CONTENT[:10]


def test_what_the_server_lacks_is_said(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"b.bin: the server answers 404"):
        download(shop.url + "b.bin", tmp_path / "part", silent, MOST)
    assert read_list(shop.url + "b.bin") is None


def test_no_server_at_all(tmp_path: Path) -> None:
    with serving(Shop()) as gone:
        url = gone.url
    with pytest.raises(DatasetError, match="refused"):
        download(url + "a", tmp_path / "part", silent, MOST)
    with pytest.raises(DatasetError, match="refused"):
        read_list(url + "a")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://host/a", "a"])
def test_only_web_addresses_are_opened(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither http nor https"):
        download(url, tmp_path / "part", silent, MOST)


def test_a_full_disk_is_no_lost_connection(shop: Shop, tmp_path: Path) -> None:
    part = tmp_path / "part"
    with full_disk(50_000), pytest.raises(DatasetError, match=f"{part}: {FULL} .*make room"):
        download(shop.url + "a.bin", part, silent, MOST)
    assert len(shop.asked) == 1
    download(shop.url + "a.bin", part, silent, MOST)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("lengths", [True, False])
def test_more_than_expected_is_not_taken(shop: Shop, tmp_path: Path, lengths: bool) -> None:
    """Neither where the server states the length, nor where it sends without end."""
    shop.lengths = lengths
    told: list[int] = []
    with pytest.raises(DatasetError, match=r"has \d+ bytes or more; 1000 is the most expected"):
        download(shop.url + "a.bin", tmp_path / "part", lambda _name, there, _total: told.append(there), 1000)
    assert not (tmp_path / "part").exists()
    assert told == []
