"""The commands of the command line, in the order of ``--help``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ecg_live.cli.commands.annotate import annotate
from ecg_live.cli.commands.bench import bench
from ecg_live.cli.commands.check import check
from ecg_live.cli.commands.demo import demo
from ecg_live.cli.commands.desk import desk
from ecg_live.cli.commands.devices import devices
from ecg_live.cli.commands.doctor import doctor
from ecg_live.cli.commands.encoder import encoder
from ecg_live.cli.commands.evaluate import evaluate
from ecg_live.cli.commands.export import export
from ecg_live.cli.commands.features import features
from ecg_live.cli.commands.fetch import fetch
from ecg_live.cli.commands.forget import forget
from ecg_live.cli.commands.install_desktop import install_desktop
from ecg_live.cli.commands.join import join
from ecg_live.cli.commands.latency import latency
from ecg_live.cli.commands.mark import mark
from ecg_live.cli.commands.models import models
from ecg_live.cli.commands.open import open_
from ecg_live.cli.commands.publish import publish
from ecg_live.cli.commands.report import report
from ecg_live.cli.commands.run import run
from ecg_live.cli.commands.score import score
from ecg_live.cli.commands.serve import serve
from ecg_live.cli.commands.simulate import simulate
from ecg_live.cli.commands.split import split
from ecg_live.cli.commands.study import study
from ecg_live.cli.commands.sweep import sweep
from ecg_live.cli.commands.synchrony import synchrony
from ecg_live.cli.commands.table import table
from ecg_live.cli.commands.train import train
from ecg_live.cli.commands.verify import verify
from ecg_live.cli.root import new_app

COMMAND_GROUPS: Mapping[str, tuple[Callable[..., None], ...]] = {
    "Sessions": (desk, check, demo, run, mark, study),
    "Many wearers, many machines": (serve, publish),
    "Recordings": (open_, verify, report, annotate, table, synchrony, join, split, export, forget),
    "Devices and this machine": (devices, simulate, latency, doctor, install_desktop),
    "Models": (models, train, evaluate, score, features, fetch, sweep, bench),
}

app = new_app()
for group, commands in COMMAND_GROUPS.items():
    for command in commands:
        app.command(command.__name__.rstrip("_").replace("_", "-"), rich_help_panel=group)(command)


app.add_typer(encoder, rich_help_panel="Models")
