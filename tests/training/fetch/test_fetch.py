"""Data sets come from (a stand-in for) where they are published, after their licence was accepted."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecg_live.errors import ConfigError, DatasetError
from tests.support.http_server import Shop, serving
from training.fetch import DOWNLOAD_SOURCES, fetch

RECORDS = {
    f"Subject{person:02}_{part}.edf": f"EDF {person} {part}".encode() * 100 for person in (0, 1) for part in (1, 2)
}


def silent(_name: str, _there: int, _total: int | None) -> None:
    pass


def yes(_notice: str) -> bool:
    return True


def sums(files: dict[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(content).hexdigest()} {name}\n" for name, content in files.items()).encode()


def archive(inside: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(f"{inside}/A00001.hea", "A00001 1 300 9000")
    return made.getvalue()


@pytest.fixture
def eegmat() -> Iterator[Shop]:
    listed = {"RECORDS": "\n".join(RECORDS).encode(), "SHA256SUMS.txt": sums(RECORDS)}
    with serving(Shop(RECORDS | listed)) as shop:
        yield shop


def test_all_that_the_list_names_is_fetched(eegmat: Shop, tmp_path: Path) -> None:
    assert fetch("eegmat", tmp_path / "new" / "eegmat", yes, silent, eegmat.url) == tmp_path / "new" / "eegmat"
    there = {path.name: path.read_bytes() for path in (tmp_path / "new" / "eegmat").iterdir()}
    assert there == RECORDS


def test_a_record_without_a_suffix_is_a_header_and_a_signal_file(eegmat: Shop, tmp_path: Path) -> None:
    eegmat.files |= {"RECORDS": b"drive05\n", "drive05.hea": b"head", "drive05.dat": b"data"}
    eegmat.files["SHA256SUMS.txt"] = sums({name: eegmat.files[name] for name in ("drive05.hea", "drive05.dat")})
    fetch("drivedb", tmp_path, yes, silent, eegmat.url)
    assert {path.name for path in tmp_path.iterdir()} == {"drive05.hea", "drive05.dat"}


def test_what_is_there_and_right_is_not_fetched_again(eegmat: Shop, tmp_path: Path) -> None:
    fetch("eegmat", tmp_path, yes, silent, eegmat.url.rstrip("/"))
    (tmp_path / "Subject01_1.edf").write_bytes(b"spoilt")
    eegmat.asked.clear()
    fetch("eegmat", tmp_path, yes, silent, eegmat.url)
    assert [name for name, _ in eegmat.asked] == ["RECORDS", "SHA256SUMS.txt", "Subject01_1.edf"]
    assert (tmp_path / "Subject01_1.edf").read_bytes() == RECORDS["Subject01_1.edf"]


def test_a_wrong_hash_is_refused_and_the_file_not_kept(eegmat: Shop, tmp_path: Path) -> None:
    eegmat.files = eegmat.files | {"Subject00_2.edf": b"changed"}
    with pytest.raises(DatasetError, match=r"Subject00_2.edf: the download does not have the SHA-256"):
        fetch("eegmat", tmp_path, yes, silent, eegmat.url)
    assert [path.name for path in tmp_path.iterdir()] == ["Subject00_1.edf"]


def test_hashes_are_optional(eegmat: Shop, tmp_path: Path) -> None:
    del eegmat.files["SHA256SUMS.txt"]
    fetch("eegmat", tmp_path, yes, silent, eegmat.url)
    assert len(list(tmp_path.iterdir())) == len(RECORDS)


@pytest.mark.parametrize("name", ["../evil.edf", "/etc/passwd", "a.exe", "..\\a.edf", "c:a.edf"])
def test_names_that_lead_elsewhere_are_refused(eegmat: Shop, tmp_path: Path, name: str) -> None:
    eegmat.files["RECORDS"] = f"Subject00_1.edf\n{name}\n".encode()
    with pytest.raises(DatasetError, match=r"RECORDS lists .*expected names of EDF files"):
        fetch("eegmat", tmp_path, yes, silent, eegmat.url)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_list_is_refused(tmp_path: Path) -> None:
    with serving(Shop()) as empty, pytest.raises(DatasetError, match="no list RECORDS"):
        fetch("eegmat", tmp_path, yes, silent, empty.url)


def test_a_zip_file_is_fetched_checked_and_unpacked(tmp_path: Path) -> None:
    files = {"training2017.zip": archive("training2017")}
    with serving(Shop(files | {"SHA256SUMS.txt": sums(files)})) as shop:
        folder = fetch("cinc2017", tmp_path, yes, silent, shop.url + "training2017.zip")
        asked = len(shop.asked)
        assert fetch("cinc2017", tmp_path, yes, silent, shop.url + "training2017.zip") == folder
        assert len(shop.asked) == asked
    assert [path.name for path in folder.iterdir()] == ["A00001.hea"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_damaged_zip_file_is_fetched_again_the_next_time(tmp_path: Path) -> None:
    with serving(Shop({"download": archive("WESAD")[:-20]})) as shop:
        with pytest.raises(DatasetError, match="not a complete zip file"):
            fetch("wesad", tmp_path, yes, silent, shop.url + "download")
        assert list(tmp_path.iterdir()) == []
        shop.files["download"] = archive("WESAD")
        assert fetch("wesad", tmp_path, yes, silent, shop.url + "download") == tmp_path / "WESAD"


def test_licence_size_and_address_are_shown_first(eegmat: Shop, tmp_path: Path) -> None:
    shown: list[str] = []

    def no(notice: str) -> bool:
        shown.append(notice)
        return False

    with pytest.raises(ConfigError, match="licence of eegmat was not accepted"):
        fetch("eegmat", tmp_path / "new", no, silent, eegmat.url)
    assert all(part in shown[0] for part in ("36 subjects", "Attribution", "about 180 MB", "MB free", eegmat.url))
    assert eegmat.asked == []
    assert not (tmp_path / "new").exists()


def test_an_unknown_name_and_an_impossible_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'swell' cannot be fetched; wesad, eegmat, drivedb, cinc2017 can"):
        fetch("swell", tmp_path, yes, silent)
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="file"):
        fetch("eegmat", tmp_path / "file" / "below", yes, silent)


def test_every_source_is_described() -> None:
    for source in DOWNLOAD_SOURCES.values():
        assert source.url.startswith("https://")
        assert source.size > 0
        assert bool(source.top_folder) == bool(source.unpacked)
        assert source.url.endswith("/") != bool(source.top_folder)
