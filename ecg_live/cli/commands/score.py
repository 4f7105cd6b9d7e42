"""``ecg-live score``: predictions of any number of recordings as one table."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecg_live.cli import print_problems
from ecg_live.cli.commands.options import Baseline, Channel, Debug, Gain, Hop, Model, Rate, ShowUnproven, Signal, Unit
from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from ecg_live.recorded.score.table import TaskEngine


def score(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Recordings, folders of them, patterns such as 'data/**/*.edf'."),
    ],
    out: Annotated[Path, typer.Option(help="Table to write: .parquet or .csv.")] = Path("scores.parquet"),
    model: Model = None,
    jobs: Annotated[int, typer.Option(min=1, help="Recordings that are scored at a time.")] = 1,
    engine: Annotated[str, typer.Option(help="Where they are scored: local or ray.")] = "local",
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Only one of N parts of the recordings, for an array of jobs.")
    ] = None,
    hop: Hop = None,
    baseline: Baseline = None,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    gain: Gain = None,
    signal: Signal = None,
    show_unproven: ShowUnproven = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Score all again, whatever is there.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Score recordings: a table of all windows, one of all files, and a page. What is done already is kept.

    Example: ecg-live score recordings --out scores.parquet
    """
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.config import load_settings
    from ecg_live.recorded.score.shard import WHOLE, parse_shard
    from ecg_live.signal.pipeline import check_hop
    from ecg_live.tables import check_table_path

    read = {"channel": channel, "rate": rate, "unit": unit, "gain": gain, "signal": signal}
    own = read | {"model": model, "hop": hop, "baseline": baseline}
    settings = load_settings(own | {"show_unproven": show_unproven or None}, only=(*own, "show_unproven"))
    check_hop(settings.hop)
    check_table_path(out)
    part = WHOLE if shard is None else parse_shard(shard)
    workers = _open_engine(engine, jobs)

    from devices.files.search import find_files
    from devices.read_options import ReadOptions
    from ecg_live.model.bundle import load_bundle
    from ecg_live.recorded.score.table import files_table, score_recordings
    from ecg_live.recorded.score.task import ScoreOptions
    from ecg_live.resources import model_path
    from training.progress import ProgressDisplay

    path = model_path(settings.model)
    load_bundle(path)  # what is wrong with it is reported before anything is read
    options = ScoreOptions(
        path.absolute(),
        hashlib.sha256(path.read_bytes()).hexdigest(),
        ReadOptions(settings.channel, settings.rate, settings.unit, gain=settings.gain, signal=settings.signal),
        settings.hop,
        settings.baseline,
        settings.show_unproven,
    )
    with ProgressDisplay() as progress:
        found = score_recordings(
            find_files(paths),
            out,
            options,
            workers,
            shard=part,
            fresh=fresh,
            report=lambda done, total: progress.progress("recordings", done, total),
        )
    print_problems(found.problems)
    kept = f"; {found.done} were done" if found.done else ""
    counts = f"{found.windows} windows of {found.recordings} recordings{kept}"
    if part.count > 1:
        print(f"shard {part.number} of {part.count}: {counts}; once all are done, run it without --shard")
    else:
        print(f"{out}: {counts}; {files_table(out)}, {out.with_suffix('.html')}")
    raise typer.Exit(found.exit_code)


def _open_engine(name: str, jobs: int) -> TaskEngine:
    """The engine; one process needs nothing but this one."""
    if name == "local" and jobs == 1:
        from ecg_live.recorded.score.here import HereEngine

        return HereEngine()
    if name not in {"local", "ray"}:
        raise ConfigError(f"--engine is {name!r}; known are local and ray", "choose one of them")
    from training.parallel import open_engine

    return open_engine(name, jobs if name == "local" or jobs > 1 else None)
