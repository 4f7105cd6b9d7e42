"""Tables as parquet and CSV: the same values come back, files are there whole or not at all."""

from __future__ import annotations

import csv
import math
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.tables import (
    ROWS_IN_MEMORY,
    TABLE_SUFFIXES,
    Columns,
    check_replaceable,
    check_table_path,
    read_table,
    write_rows,
    write_table,
)
from tests.emulators.full_disk import full_disk

COLUMNS: Columns = {"name": "text", "n": "integer", "x": "number", "y": "single", "ok": "flag"}
ROWS = [
    {"name": "=S01", "n": 1, "x": 0.1 + 0.2, "y": 0.5, "ok": True},
    {"name": 'a "b", c\nd', "n": -3, "x": math.nan, "y": math.nan, "ok": False},
    {},
    {"name": "caf\u00e9\udce9", "n": 2**62, "x": 1e-300, "y": 1.0, "ok": None, "unknown": 1},
]
BACK = {
    "name": ["=S01", 'a "b", c\nd', None, "caf\u00e9\\udce9"],
    "n": [1, -3, None, 2**62],
    "x": [0.1 + 0.2, None, None, 1e-300],
    "y": [0.5, None, None, 1.0],
    "ok": [True, False, None, None],
}
suffixes = pytest.mark.parametrize("suffix", TABLE_SUFFIXES)


@suffixes
def test_values_come_back_as_they_were(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    write_rows(path, COLUMNS, ROWS)
    assert read_table(path, COLUMNS) == BACK
    assert read_table(path, {"n": "integer"}) == {"n": BACK["n"]}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@suffixes
@pytest.mark.parametrize("count", [0, 1, ROWS_IN_MEMORY, ROWS_IN_MEMORY + 1])
def test_rows_are_written_in_groups(tmp_path: Path, suffix: str, count: int) -> None:
    path = tmp_path / f"table{suffix}"
    write_rows(path, {"n": "integer"}, ({"n": i} for i in range(count)))
    assert read_table(path, {"n": "integer"}) == {"n": list(range(count))}


def test_groups_are_on_the_disk_before_the_last_row(tmp_path: Path) -> None:
    with write_table(tmp_path / "table.csv", {"n": "integer"}) as table:
        for i in range(5 * ROWS_IN_MEMORY):
            table.write({"n": i})
        (part,) = tmp_path.iterdir()
        assert part.stat().st_size > 4 * ROWS_IN_MEMORY
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_spreadsheet_finds_no_formula(tmp_path: Path) -> None:
    write_rows(tmp_path / "table.csv", COLUMNS, ROWS)
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1] == ["'=S01", "1", repr(0.1 + 0.2), "0.5", "true"]
    assert rows[3] == [""] * 5


@suffixes
def test_what_fails_leaves_the_earlier_table(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    write_rows(path, {"n": "integer"}, [{"n": 1}])

    def broken() -> Iterator[dict[str, int]]:
        yield {"n": 2}
        raise OSError(5, "a recording broke off", "a.edf")

    with pytest.raises(OSError, match="a recording broke off"):
        write_rows(path, {"n": "integer"}, broken())
    with full_disk(2000), pytest.raises(RecordingError, match="cannot be written: "):
        write_rows(path, {"name": "text"}, ({"name": f"{i * 7919 % 1000003:x}" * 3} for i in range(ROWS_IN_MEMORY)))
    assert read_table(path, {"n": "integer"}) == {"n": [1]}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("table.xlsx", "the suffix is .xlsx; known are .parquet, .csv"),
        ("table", "the suffix is missing"),
        ("folder.csv", "it is a folder"),
        ("absent/table.csv", "there is no folder"),
        ("closed/table.csv", "cannot be written to"),
    ],
)
def test_a_place_that_cannot_be_is_refused_beforehand(
    tmp_path: Path, name: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path).name != "closed")  # root may write anywhere
    with pytest.raises(ConfigError, match=reason) as refused:
        check_table_path(tmp_path / name, "--predictions")
    assert refused.value.message.startswith(f"--predictions {tmp_path / name}: ")
    assert refused.value.remedy


@suffixes
def test_only_a_table_of_the_same_kind_is_replaceable(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    check_replaceable(path, COLUMNS)
    path.touch()
    check_replaceable(path, COLUMNS)
    write_rows(path, COLUMNS, ROWS)
    check_replaceable(path, {**COLUMNS, "more": "text"})
    with pytest.raises(ConfigError, match="is no table that begins with other"):
        check_replaceable(path, {"other": "text", **COLUMNS})
    for content in (b"ECG [mV]\n0.1\n", b"\xff\x00\x01", b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match="is there already"):
            check_replaceable(path, COLUMNS)


def test_without_pyarrow_parquet_is_refused_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr("ecg_live.tables.find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="pyarrow is not installed") as refused:
        write_rows(tmp_path / "table.parquet", COLUMNS, ROWS)
    assert refused.value.remedy == "run: python -m pip install 'ecg-live[parquet]', or name a .csv file"
    write_rows(tmp_path / "table.csv", COLUMNS, ROWS)
    assert read_table(tmp_path / "table.csv", COLUMNS) == BACK


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("absent.csv", None, "No such file"),
        ("a.parquet", b"no parquet at all", "no table can be read"),
        ("a.csv", b"n,m\n1\n", "its rows differ in length"),
        ("a.csv", b"n\nx\n", "invalid literal"),
        ("a.csv", b"m\n1\n", "there is no column n"),
        ("a.csv", b"\xff\xfe", "can't decode"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=reason) as refused:
        read_table(tmp_path / name, {"n": "integer"})
    assert refused.value.message.startswith(str(tmp_path / name))
    assert "\n" not in refused.value.message
