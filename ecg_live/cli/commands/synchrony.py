"""``ecg-live synchrony``: the correlation of recorded wearers."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ecg_live.cli import print_notice
from ecg_live.cli.commands.options import Debug
from ecg_live.errors import ConfigError
from ecg_live.text import duration_text, sanitize


def synchrony(
    recordings: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]FILE...", help="Two or more recordings of ecg-live (.xdf), each a wearer's."),
    ],
    seconds: Annotated[int, typer.Option(metavar="S", min=60, max=1800, help="Length of the sliding window.")] = 180,
    as_json: Annotated[bool, typer.Option("--json", help="A line for each pair, measure and ten seconds.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Correlate heart rate and affect of all pairs of recorded wearers over a sliding window.

    Example: ecg-live synchrony ann.xdf bob.xdf
    """
    from ecg_live.cli.recorded_wearers import recorded_wearers
    from ecg_live.presentation.synchrony import CAUTION_TEXT, summary_rows
    from ecg_live.recorded.synchrony import recorded_synchrony
    from ecg_live.sinks.jsonl import round_floats, synchrony_fields

    wearers = recorded_wearers(recordings)
    if len(wearers) < 2:
        raise ConfigError("synchrony of one recording", "name two or more")
    found = recorded_synchrony(wearers, seconds)
    for remark in found.remarks:
        print_notice(remark)
    if as_json:
        for value in found.values:
            print(json.dumps(round_floats(synchrony_fields(value)), allow_nan=False))
        return
    if not found.values:
        print(f"no pair has {duration_text(seconds * 2 / 3)} in common within {duration_text(seconds)}")
        return
    for row in summary_rows(found.values):
        print(sanitize(row))
    print(f"\n{CAUTION_TEXT}")
