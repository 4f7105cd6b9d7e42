"""Three subjects with a label on disk, a folder of recordings without, and settings that take a second."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.support.small_datasets import csv
from training.settings import TrainSettings, load_settings

QUICK: dict[str, Any] = {
    "pretext.epochs": 0.05,
    "pretext.batch": 2,
    "pretext.tasks": ["original", "negation"],
    "evaluate.draws": 20,
    "evaluate.folds": 2,
    "evaluate.baseline": 0.0,
}


def quick(**more: Any) -> TrainSettings:
    """Settings; dots in names are double underscores."""
    return load_settings(single=QUICK | {name.replace("__", "."): value for name, value in more.items()})


def manifest(folder: Path, subjects: int = 3) -> Path:
    """A manifest of subjects with 25 s of calm and of load each."""
    folder.mkdir(exist_ok=True)
    lines = ["file,subject,start_s,stop_s,load"]
    for i in range(subjects):
        for load in (False, True):
            path = csv(folder / f"p{i}_{load}.csv", 25, level=1 + i / 10 + load / 20)
            lines.append(f"{path.name},p{i},0,25,{load}")
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def strangers(folder: Path, *copies: Path) -> Path:
    """A folder with one recording of another subject, copies of others deep in it, and a file that is none."""
    (folder / "deep").mkdir(parents=True)
    csv(folder / "stranger.csv", 50, level=3)
    (folder / "notes.txt").write_text("no recording\n", encoding="utf-8")
    for i, path in enumerate(copies):
        shutil.copy(path, folder / "deep" / f"{i}.csv")
    return folder
