"""Train the bundled model: ``python -m training.train --data FOLDER --out FILE``.

Reads top to bottom. Stage one: the encoder learns on CinC 2017 which transformation a window went through. Stage two:
the encoder is frozen, and a head for mental load is fitted on eegmat. No person of stage two is ever seen in stage one,
so that one encoder serves all folds of leave-one-subject-out.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Generator, Tensor

from ecg_live import __version__
from ecg_live.errors import EcgLiveError
from ecg_live.model.bundle import Bundle, Card, HeadCard, save_bundle
from ecg_live.model.encoder import Encoder
from ecg_live.model.heads import TASKS, PretextNet
from ecg_live.types import F64
from training import eegmat
from training.corpus import HOP, pretext_windows
from training.evaluate import against_baseline, leave_one_out, per_person, scores
from training.head import fit, to_head
from training.pretext import EPOCHS, PretextSettings, accuracies, pretrain
from training.transforms import versions

PRETEXT_HOP = 2.0  # s: windows overlap, so that hardly any is seen twice
HELD_OUT = 100  # records that pretext accuracy is measured on
EVERY = 10  # steps between two lines of progress
CAVEATS = (
    "Rest always came first and lasted longer: order and time are confounded with mental load.",
    "27 people, one laboratory, one electrode position; expect worse elsewhere.",
    "Unlabelled pretext data are recordings of a hand-held device with normal rhythm.",
)


def main(
    data: Annotated[Path, typer.Option(help="Folder that holds cinc2017 and eegmat.")],
    out: Annotated[Path, typer.Option(help="Bundle to write.")],
    encoder: Annotated[Path, typer.Option(help="Encoder of stage one: read if it is there, otherwise made.")],
    epochs: float = EPOCHS,
    seed: int = 0,
) -> None:
    """Train both stages and write the bundle with its scores."""
    if not encoder.is_file():
        stage_one(data / "cinc2017", encoder, PretextSettings(epochs=epochs, seed=seed))
    net, pretext = read_encoder(encoder)
    save_bundle(stage_two(data / "eegmat", net, pretext), out)


def stage_one(folder: Path, out: Path, settings: PretextSettings, held_out: int = HELD_OUT) -> None:
    """Pretrain on a folder of WFDB records, all but the last ``held_out``, and write the encoder."""
    paths = sorted(folder.glob("*.hea"))
    learnt, kept_back = paths[:-held_out], paths[-held_out:]
    kept, dropped = pretext_windows(learnt, PRETEXT_HOP)
    print(f"{len(kept)} windows of {len(learnt)} records, {dropped} unusable ones left out")
    net = pretrain(torch.from_numpy(kept), settings, _progress)
    accuracy = pretext_accuracy(net, torch.from_numpy(pretext_windows(kept_back, HOP)[0]))
    print("held out:", accuracy)
    card = {"corpus": "CinC 2017, class N", "records": len(learnt), "windows": len(kept), "dropped": dropped}
    card |= {"hop": PRETEXT_HOP, "settings": asdict(settings), "held_out_accuracy": accuracy}
    save_encoder(net.encoder, card, out)


def stage_two(folder: Path, encoder: Encoder, pretext: dict[str, Any]) -> Bundle:
    """Fit the head for mental load, score it honestly, and put the bundle together."""
    people = eegmat.load(folder)
    x = features(encoder, people.data)
    rows, each = score_rows(people, x)
    fitted = fit(x, people.label, people.person)
    head = HeadCard(
        classes=eegmat.CLASSES,
        data=f"{len(np.unique(people.person))} people of eegmat (rest, mental arithmetic)",
        scores={
            "protocol": "leave one subject out, 10 s windows without overlap, C chosen inside the fold; baseline = "
            "features minus the wearer's mean over the first 60 s of rest, which are not scored then",
            "rows": rows,
            "auroc_per_person": each,
            "unusable_windows_left_out": people.dropped,
            "strength": fitted.strength,
        },
        caveats=CAVEATS,
    )
    card = Card(
        name="mental load from ECG",
        padding=encoder.padding,
        heads={"mental_load": head},
        data='CinC 2017 (pretext), PhysioNet "EEG During Mental Arithmetic Tasks" 1.0.0 (head)',
        licence="GPL-3.0-or-later; data ODC-By 1.0",
        pretext=pretext,
        created=datetime.now(UTC).date().isoformat(),
        software=f"ecg-live {__version__}",
    )
    return Bundle(card, encoder, {"mental_load": to_head(fitted, x, people.person)})


def score_rows(people: eegmat.Labelled, x: F64) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """One row per kind of features, each without and with a personal baseline; AUROC of each person for ours."""
    random = features(random_encoder(), people.data)
    kinds = {"HR + HRV": people.hrv, "random encoder": random, "this encoder": x}
    half = {"balanced_accuracy": 0.5, "people": len(np.unique(people.person))}
    rows: list[dict[str, Any]] = [{"features": "majority", "baseline": "", "auroc": 0.5} | half]
    each: dict[str, float] = {}
    for baseline in ("no", "60 s"):
        for name, kind in kinds.items():
            used, keep = kind, np.ones(len(kind), dtype=bool)
            if baseline != "no":
                used = against_baseline(kind, people.person, people.baseline.astype(np.int64))
                keep = ~people.baseline & np.isin(people.person, people.person[people.baseline])
            probability = leave_one_out(used[keep], people.label[keep], people.person[keep])
            found = scores(probability, people.label[keep], people.person[keep])
            rows.append({"features": name, "baseline": baseline} | found)
            print(rows[-1], flush=True)
            if name == "this encoder" and baseline == "no":
                own = per_person(probability, people.label, people.person)
                each = {str(person): round(auroc, 3) for person, auroc in own.items()}
    return rows, each


@torch.no_grad()
def features(encoder: Encoder, windows: np.ndarray[Any, np.dtype[np.float32]]) -> F64:
    """Frozen features (n, 128) of windows (n, 2560)."""
    return torch.cat([encoder(part) for part in torch.split(torch.from_numpy(windows), 28)]).double().numpy()


def random_encoder() -> Encoder:
    """The rival that every report carries: the same encoder before it learnt anything."""
    torch.manual_seed(0)
    return Encoder("valid").eval()


@torch.no_grad()
def pretext_accuracy(net: PretextNet, windows: Tensor) -> dict[str, float]:
    """One-vs-rest accuracy of each task on windows that were not trained on."""
    generator = Generator().manual_seed(0)
    made = [versions(part, generator) for part in torch.split(windows, 4)]
    logits, tasks = torch.cat([net(x) for x, _ in made]), torch.cat([task for _, task in made])
    return {name: round(value, 4) for name, value in zip(TASKS, accuracies(logits, tasks).tolist(), strict=True)}


def save_encoder(encoder: Encoder, card: dict[str, Any], out: Path) -> None:
    """Write an encoder with how it was made."""
    tensors = {name: value.contiguous() for name, value in encoder.state_dict().items()}
    save_file(tensors, out, {"pretext": json.dumps(card)})


def read_encoder(path: Path) -> tuple[Encoder, dict[str, Any]]:
    """Read what `save_encoder` wrote."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        card: dict[str, Any] = json.loads(file.metadata()["pretext"])
    encoder = Encoder(card["settings"]["padding"]).eval()
    encoder.load_state_dict(tensors)
    return encoder, card


def _progress(step: int, steps: int, loss: Tensor, accuracy: Tensor) -> None:
    if step % EVERY == 0:
        each = " ".join(f"{name} {value:.2f}" for name, value in zip(TASKS, accuracy.tolist(), strict=True))
        print(f"step {step} of {steps}: loss {loss.item():.4f}; {each}", flush=True)


if __name__ == "__main__":
    try:
        typer.run(main)
    except EcgLiveError as error:
        sys.exit(f"training: {error}")
