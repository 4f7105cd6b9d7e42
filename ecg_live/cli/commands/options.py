"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[
    str,
    typer.Argument(
        help="A recording (path or file:PATH), or a device: lsl:NAME, shimmer:NAME or ADDRESS or PORT, "
        "bitalino:PORT, polar:NAME, movesense:NAME, hr:NAME, nats:SITE/WEARER, "
        "brainflow:BOARD; see devices."
    ),
]
Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="A recording (path or file:PATH), or a device: lsl:NAME, shimmer:NAME or ADDRESS or PORT, "
        "bitalino:PORT, polar:NAME, movesense:NAME, hr:NAME, nats:SITE/WEARER, "
        "brainflow:BOARD; see devices. Several run together, each a wearer's; NAME=SOURCE names the wearer.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Bundle to predict with (.safetensors), or stress; mental_load without it."),
]
Channel = Annotated[str | None, typer.Option(help="ECG channel, by name or number (1 is the first).")]
Rate = Annotated[str | None, typer.Option(metavar="HZ", help="Sampling rate in Hz, for a file that states none.")]
Unit = Annotated[str | None, typer.Option(help="Unit of the samples (V, mV, uV), for a file that states none.")]
Annotations = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Annotations beside a WFDB record that become markers: atr for RECORD.atr."),
]
Gain = Annotated[
    str | None,
    typer.Option(
        metavar="N", help="Gain of a PLUX ECG sensor: 1000 (data sheet, default) or 1019 (PLUX's own export)."
    ),
]
Signal = Annotated[
    str | None,
    typer.Option(metavar="ecg|ppg", help="What the channel shows, for a file that states none (ecg without it)."),
]
Headless = Annotated[bool, typer.Option("--headless", help="No dashboard: show the session in the terminal.")]
Speed = Annotated[str | None, typer.Option(metavar="X|max", help="Replay speed: a multiple of real time, or max.")]
Json = Annotated[
    bool, typer.Option("--json", help="Write one JSON object a line to standard output, and nothing else.")
]
Seconds = Annotated[str | None, typer.Option(metavar="S", help="End after so many seconds of wall time.")]
Hop = Annotated[str | None, typer.Option(metavar="S", help="Seconds from one prediction to the next (default 1).")]
HrvSpan = Annotated[
    str | None,
    typer.Option("--hrv", metavar="S", help="Seconds that heart rate variability looks back (60 to 300, default 120)."),
]
Baseline = Annotated[
    str | None,
    typer.Option(metavar="S", help="Seconds of rest to begin with; heads then answer relative to them (30 to 3600)."),
]
Record = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Record to this XDF file from the start (on the dashboard: key R); several wearers to this folder, or to "
        "a name with {wearer}.",
    ),
]
Recordings = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER", help="Where recordings go that have no path of their own (./recordings, or your data folder)."
    ),
]
RollMinutes = Annotated[
    str | None, typer.Option(metavar="N", help="Go on in a new file (NAME_2.xdf) after so many minutes.")
]
RollMb = Annotated[
    str | None, typer.Option(metavar="N", help="Go on in a new file (NAME_2.xdf) after so many megabytes.")
]
Participants = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ID",
        help="Pseudonym of the wearer, for the recording and the profile; of several, once for each source.",
    ),
]
SessionId = Annotated[
    str | None, typer.Option("--session", "--session-id", help="Name of the session, for the recording.")
]
StudyFile = Annotated[
    Path | None,
    typer.Option(
        "--study",
        metavar="FILE",
        help="Run the blocks of this study file (study.toml); source, model and recording come from it. See study.",
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with a study's session that was cut, at its first unfinished block.")
]
ReuseProfile = Annotated[
    bool, typer.Option("--reuse-profile", help="Begin with the scale and baseline kept of the participant.")
]
Markers = Annotated[str | None, typer.Option(help="LSL marker stream to follow, by name, or all.")]
MarkPort = Annotated[
    str | None,
    typer.Option(metavar="N", help="Take markers on this TCP port of this machine (a token is printed); see mark."),
]
RemotePort = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Let programs start and stop recordings on this TCP port of this machine, as LabRecorder's (22345) does.",
    ),
]
Also = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SOURCE",
        help="Record this live source too, beside the ECG: lsl:NAME, hr:NAME, polar-acc ... (repeat).",
    ),
]
OneFile = Annotated[
    bool,
    typer.Option(
        "--one-file",
        help="Join the recordings of several wearers in one file at the end: that of --record, or one named by time.",
    ),
]
Synchrony = Annotated[
    str | None,
    typer.Option(
        metavar="S",
        help="Correlate heart rate and affect of all pairs of wearers over the last S seconds (60 to 1800), also in "
        "JSON lines; the window shows it over 180 s without this.",
    ),
]
LslOut = Annotated[bool, typer.Option("--lsl-out", help="Offer filtered ECG and results as LSL streams.")]
ShowUnproven = Annotated[
    bool, typer.Option("--show-unproven", help="Let heads answer that are not shown to beat chance.")
]
Log = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Log device errors, reconnects, warnings and failures here; nothing personal."),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
DatasetFolder = Annotated[Path, typer.Option(help="Folder of the data set, or a manifest of your own files (CSV).")]
DatasetName = Annotated[
    str,
    typer.Option(
        "--dataset",
        help="wesad, swell, amigos, amigos-external, dreamer, eegmat, flightcrews, case, deap, drivedb, "
        "ecg-spider-clip, manifest or sessions (your own, with self-reports).",
    ),
]
