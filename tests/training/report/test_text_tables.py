"""Tables for a paper: what a cell holds is text in markdown and in LaTeX, and numbers are those of the report."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ecg_live.errors import ConfigError, DatasetError
from tests.emulators.full_disk import full_disk
from tests.support.invented_report import label, report
from training.report.score_tables import label_table
from training.report.text_tables import PaperTable, check_text_path, write_text_tables

ODD = PaperTable("50 % of a_b", ("name", "x"), (("a|b\n& c_$d{e}#~^\\", "\u22120.5"),))


def test_markdown_cells_stay_cells(tmp_path: Path) -> None:
    write_text_tables(tmp_path / "t.md", [ODD, PaperTable("none", ("a",), ())])
    text = (tmp_path / "t.md").read_text(encoding="utf-8")
    assert text == ("### 50 % of a_b\n\n| name | x |\n| --- | --: |\n| a\\|b & c_$d{e}#~^\\ | \u22120.5 |\n")
    assert stat.S_IMODE((tmp_path / "t.md").stat().st_mode) == 0o600


def test_latex_has_no_character_with_another_meaning(tmp_path: Path) -> None:
    write_text_tables(tmp_path / "t.tex", [ODD])
    text = (tmp_path / "t.tex").read_text(encoding="utf-8")
    assert r"\caption{50 \% of a\_b}" in text
    assert r"\begin{tabular}{lr}" in text
    cells = r"a|b \& c\_\$d\{e\}\#\textasciitilde{}\textasciicircum{}\textbackslash{} & $-$0.5 \\"
    assert cells in text
    assert text.count("{") == text.count("}")


def test_a_labels_rows_are_those_of_its_report() -> None:
    made = label_table(label())
    assert len(made.rows) == len(label().rows)
    assert all(len(row) == len(made.header) for row in made.rows)
    assert [row[0] for row in made.rows if row[0].endswith("*")] == ["this encoder*", "this encoder + HR + HRV*"]
    assert any(f"{label().rows[-1].scores.auroc:.3f} [" in cell for cell in made.rows[-1])
    assert report().labels


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("t.txt", "the suffix is .txt; known are .md, .tex"),
        ("absent/t.md", "there is no folder"),
        ("folder.md", "it is a folder"),
        ("closed/t.md", "cannot be written to"),
    ],
)
def test_a_place_that_cannot_be_is_refused(
    tmp_path: Path, name: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path).name != "closed")  # root may write anywhere
    with pytest.raises(ConfigError, match=reason):
        check_text_path(tmp_path / name)


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    with full_disk(10), pytest.raises(DatasetError, match=r"t\.md: "):
        write_text_tables(tmp_path / "t.md", [ODD])
    assert not list(tmp_path.iterdir())
