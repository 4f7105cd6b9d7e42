"""``ecg-live latency``: how late markers, samples and pixels are on this machine."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Channel, Debug, Json, Rate, Record, Unit


def latency(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[SOURCE]", help="A live source; without it a test stream over LSL on this machine."),
    ] = None,
    seconds: Annotated[float, typer.Option(metavar="S", min=2, max=600, help="How long to measure.")] = 20,
    flash: Annotated[
        str | None,
        typer.Option(metavar="CHANNEL", help="A square flashes; find its edges in this channel, a photodiode's."),
    ] = None,
    tap: Annotated[
        str | None,
        typer.Option(metavar="CHANNEL", help="Press 1 with the sensor under the finger; find the taps here."),
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="No window: leave pixels out.")] = False,
    record: Record = None,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Measure how late markers, samples and pixels are: round trips, LSL, arrival to pixel, a flash or a tap.

    Example: ecg-live latency --seconds 10
    """
    from ecg_live.cli.latency_test import LatencyPlan, measure_latency
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.config import load_settings
    from ecg_live.errors import ConfigError
    from ecg_live.presentation.latency import NOT_MEASURED_TEXT, latency_fields, latency_rows
    from ecg_live.sinks.jsonl import round_floats

    if flash and tap:
        raise ConfigError("--flash beside --tap", "measure one after the other")
    options = {"record": record, "channel": channel, "rate": rate, "unit": unit}
    settings = load_settings(options, only=(*options, "model", "participant", "session"))
    figures, code = measure_latency(source, settings, LatencyPlan(seconds, flash, tap, headless))
    if as_json:
        for each in figures:
            print(json.dumps(round_floats(latency_fields(each)), allow_nan=False))
    else:
        for row in latency_rows(figures):
            print(row)
        print(f"\n{NOT_MEASURED_TEXT}")
    raise typer.Exit(code)
