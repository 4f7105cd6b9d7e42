"""``ecg-live features``: embedding, heart rate and its variability of every window as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecg_live.cli import print_problems
from ecg_live.cli.commands.options import Channel, Debug, Gain, Model, Rate, Unit
from ecg_live.errors import ConfigError, DatasetError

if TYPE_CHECKING:
    from ecg_live.model.window_features import FeatureExtractor


def features(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH...", help="Recordings, folders of them, patterns such as 'data/**/*.edf'."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Table to write: .parquet or .csv.")] = Path("features.parquet"),
    model: Model = None,
    hop: Annotated[str, typer.Option(metavar="S", help="Seconds from one window to the next.")] = "10",
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    gain: Gain = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="A data set in place of paths: its subjects and labels are columns.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the data set, or a manifest (CSV).")] = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Write features of every window as a table: embedding, heart rate and its variability, quality.

    Example: ecg-live features recordings --out features.parquet
    """
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.config import load_settings
    from ecg_live.signal.pipeline import check_hop
    from ecg_live.tables import check_table_path

    options = {"model": model, "hop": hop, "channel": channel, "rate": rate, "unit": unit, "gain": gain}
    settings = load_settings(options, only=tuple(options))
    check_hop(settings.hop)
    check_table_path(out)
    if (dataset is None) != (data is None):
        raise ConfigError("--dataset and --data belong together", "give both, or paths of recordings")
    if bool(paths) == (dataset is not None):
        raise ConfigError("nothing to read" if not paths else "both paths and --dataset", "give one of them")

    from ecg_live.model.bundle import load_bundle
    from ecg_live.model.window_features import FeatureExtractor
    from ecg_live.resources import model_path

    bundle = load_bundle(model_path(settings.model))
    extractor = FeatureExtractor(bundle, settings.hop)
    if dataset is not None and data is not None:
        print_problems(_write_dataset(dataset, data, out, extractor, settings.hop))
        return
    from devices.files.search import find_files
    from devices.read_options import ReadOptions
    from ecg_live.recorded.features import write_features
    from training.progress import ProgressDisplay

    read_options = ReadOptions(settings.channel, settings.rate, settings.unit, gain=settings.gain)
    files = find_files(paths or ())
    with ProgressDisplay() as progress:
        found = write_features(
            files,
            out,
            read_options,
            extractor,
            settings.hop,
            lambda done, total: progress.progress("features", done, total),
        )
    print_problems(found.problems)
    print(f"{out}: {found.windows} windows of {found.recordings} recordings")
    raise typer.Exit(found.exit_code)


def _write_dataset(name: str, folder: Path, out: Path, extractor: FeatureExtractor, hop: float) -> list[str]:
    """Write the table of a data set; its remarks."""
    from ecg_live.cli.training_extra import require_training_packages

    require_training_packages()
    from ecg_live.tables import check_replaceable, write_table
    from training.data.feature_rows import dataset_columns, dataset_rows
    from training.datasets import open_dataset
    from training.progress import ProgressDisplay

    dataset = open_dataset(name, folder)
    columns = dataset_columns(dataset, extractor)
    check_replaceable(out, columns)
    remarks, windows, subjects = list(dataset.remarks), 0, set[str]()
    with ProgressDisplay() as progress, write_table(out, columns) as table:
        rows = dataset_rows(
            dataset, extractor, hop, remarks, lambda done, total: progress.progress(dataset.title, done, total)
        )
        for row in rows:
            table.write(row)
            windows += 1
            subjects.add(row["subject"])
        if not windows:
            found = f": {remarks[0]}" if remarks else ""
            raise DatasetError(f"no window in {dataset.title}{found}", "check the channel and the folder")
    print(f"{out}: {windows} windows of {len(subjects)} subjects")
    return remarks
