"""``ecg-live bench``: compare pipelines on data sets, in fixed splits."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, cast, get_args

import typer

from ecg_live.cli import INTERRUPTED_EXIT_CODE, print_notice
from ecg_live.cli.commands.options import Debug
from ecg_live.cli.signals import CaughtSignals
from ecg_live.cli.training_extra import training_imports
from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from training.bench.run import BenchJob
    from training.settings import ScoringProtocol

BENCH_ENGINES: Mapping[str, Literal["local", "ray"]] = {"local": "local", "ray": "ray"}


def bench(
    dataset: Annotated[
        list[str], typer.Option("--dataset", help="A labelled data set; several, each with its --data.")
    ],
    data: Annotated[list[Path], typer.Option(help="Folder of the data set, or a manifest of your own files (CSV).")],
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="loso (default), groupkfold, leave-one-stimulus-out or kfold (repeat for several)."),
    ] = None,
    pipeline: Annotated[
        list[str] | None,
        typer.Option(
            help="constant, hrv, random encoder, embedding, both, adaptive, or one of another package (repeat); "
            "all of ours without it."
        ),
    ] = None,
    label: Annotated[str, typer.Option(help="Label to learn, in data sets that have it; their first without it.")] = "",
    split: Annotated[
        str, typer.Option(help="How ratings become classes: middle, median or raw; none scores them as numbers.")
    ] = "middle",
    model: Annotated[
        Path | None, typer.Option(help="Bundle or encoder that makes the embedding; the bundled one without it.")
    ] = None,
    splits: Annotated[
        Path | None, typer.Option(help="splits.json of an earlier run: use its splits, and refuse other windows.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the table, the page, the splits and the cells.")] = Path(
        "bench"
    ),
    engine: Annotated[str, typer.Option(help="What runs the cells: local or ray.")] = "local",
    jobs: Annotated[int, typer.Option(help="Cells at a time.")] = 1,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Compare pipelines on data sets in fixed splits; cells that are done are not run again.

    Example: ecg-live bench --dataset eegmat --data data/eegmat --out bench
    """
    if len(dataset) != len(data):
        raise ConfigError(f"{len(dataset)} --dataset and {len(data)} --data", "give each data set its folder")
    with training_imports():
        from training.bench.run import DEFAULT_PIPELINES, BenchJob
        from training.settings import load_settings
    if engine not in BENCH_ENGINES:
        raise ConfigError(f"the engine is {engine!r}; known are {', '.join(BENCH_ENGINES)}", "choose one of them")
    job = BenchJob(
        tuple(zip(dataset, data, strict=True)),
        out,
        _protocols(protocol or ["loso"]),
        tuple(dict.fromkeys(pipeline or DEFAULT_PIPELINES)),
        label,
        splits=splits,
        settings=load_settings(single={"head.split": split}),
        engine=BENCH_ENGINES[engine],
        jobs=jobs,
        **({"model": model} if model else {}),
    )
    raise typer.Exit(_run(job))


def _protocols(names: Sequence[str]) -> tuple[ScoringProtocol, ...]:
    from training.settings import ScoringProtocol

    known = get_args(ScoringProtocol)
    for name in names:
        if name not in known:
            raise ConfigError(f"the protocol is {name!r}; known are {', '.join(known)}", "choose one of them")
    return tuple(cast("ScoringProtocol", name) for name in dict.fromkeys(names))


def _run(job: BenchJob) -> int:
    """Run a benchmark and print its tables; exit code 0 if all cells are done, 1 if some failed."""
    from training.bench.rows import paper_tables
    from training.bench.run import run_bench
    from training.progress import ProgressDisplay

    caught = CaughtSignals()
    try:
        with caught.handled(lambda: _exit(caught.exit_code), signal.SIGTERM), ProgressDisplay() as display:
            found = run_bench(job, _print_line, display)
    except KeyboardInterrupt:
        print_notice("stopped; the same command goes on with the cells that are not done")
        return INTERRUPTED_EXIT_CODE
    for table in paper_tables(found.rows):
        print(table.title)
        for row in table.rows:
            shown = [f"{name} {cell}" for name, cell in zip(table.header[2:], row[2:], strict=True) if cell]
            print(f"  {row[0]}: {'; '.join([*shown, *([row[1]] if row[1] else [])])}")
    print("\n".join(f"written: {path}" for path in found.files))
    return 1 if found.failed else 0


def _print_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _exit(code: int) -> NoReturn:
    """Leave through all ``finally`` blocks, so that no cell runs on."""
    raise SystemExit(code)
