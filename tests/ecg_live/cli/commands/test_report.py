"""From a session to its page, by the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import ECG, ecg_live
from tests.support.html_pages import body, rows, words


def test_a_session_and_its_page(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    own = {"ECG_LIVE_DATA": str(tmp_path / "data")}
    options = ("--headless", "--json", "--speed", "max", "--record", path, "--participant", "<P01>", "--baseline", "30")
    assert ecg_live("run", ECG, *options, environ=own).returncode == 0
    done = ecg_live("report", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path / 'a.html'}\n", "")
    page = body((tmp_path / "a.html").read_text(encoding="utf-8"))
    text = words(page)
    assert text.startswith("Session of <P01>")
    assert "11 of 21 answered" in text  # the adaptive set got to know the wearer first
    assert [row[:3] for row in rows(page, "Answers")[1:]] == [ ["adaptive", "21", "52.4%"], ["personal", "30", "100%"],
    ]  # fmt: skip
    facts = dict(rows(page, "Metadata of the recording"))
    assert (facts["baseline"], facts["source"]) == ("30 s of rest asked for", str(ECG))
    assert facts["replay"].startswith("at speed max")
    assert "personal baseline complete" in text
    again = ecg_live("report", path)
    assert again.returncode == 4
    assert "is there already" in again.stderr
    assert ecg_live("report", path, "--force").returncode == 0
    cut = tmp_path / "cut.xdf"
    cut.write_bytes(path.read_bytes()[:-5])
    done = ecg_live("report", cut, "--out", tmp_path / "new" / "page.html")
    assert done.returncode == 0
    assert done.stderr.startswith("ecg-live: cut.xdf: cut: the last ")
    assert "what to do" not in done.stderr
    assert (tmp_path / "new" / "page.html").is_file()


@pytest.mark.parametrize(("name", "code"), [("none.xdf", 4), ("text.xdf", 4)])
def test_what_is_no_recording(tmp_path: Path, name: str, code: int) -> None:
    (tmp_path / "text.xdf").write_text("no XDF")
    done = ecg_live("report", tmp_path / name)
    assert (done.returncode, done.stdout) == (code, "")
    assert "what to do" in done.stderr
    assert not list(tmp_path.glob("*.html"))
