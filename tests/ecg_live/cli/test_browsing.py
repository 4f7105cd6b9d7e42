"""Looking through a folder of sessions: what is opened in a program of its own, and what becomes of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_live.cli.browsing import FolderLibrary
from tests.support.xdf_recordings import until


def test_a_session_that_cannot_be_opened_is_reported_where_it_was_chosen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    library, told = FolderLibrary(tmp_path), list[str]()

    def next_message() -> str:
        told.append(library.message())
        return told[-1]

    library.open([tmp_path / "gone.xdf"])
    assert next_message() == "opening gone.xdf"
    until(lambda: bool(next_message()))
    assert told[-1] == f"{tmp_path / 'gone.xdf'}: no such file (check the path)"
    assert "gone.xdf: no such file" in capfd.readouterr().err
