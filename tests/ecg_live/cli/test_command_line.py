"""The commands as a user types them: output, exit codes, one line of complaint."""

from __future__ import annotations

import json
import pickle
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ecg_live.model.bundle import BUNDLE_FILE, save_bundle
from ecg_live.resources import DEFAULT_MODEL, demo_recording
from tests.support.command_line import CLEAN, ECG, ecg_live, of, process, run_json, write_csv
from tests.support.files import hdf5_files
from tests.support.random_bundles import random_bundle
from tests.support.warm_program import WarmProgram, run_warm


def pulses(seconds: float) -> np.ndarray[Any, Any]:
    """Something like an ECG: 75 beats a minute at 250 Hz, in mV."""
    t = np.arange(int(seconds * 250)) / 250 % 0.8 - 0.4
    noise = np.random.default_rng(0).standard_normal(len(t)) * 0.01
    return np.exp(-((t / 0.012) ** 2)) + 0.25 * np.exp(-(((t - 0.25) / 0.05) ** 2)) + noise


def test_help_is_quick_and_names_every_command() -> None:
    done = process("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("demo", "run", "models", "doctor"))
    heavy = "('torch', 'PyQt6', 'scipy', 'numpy')"
    code = f"import sys, ecg_live.cli.app\nsys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_the_dashboard_leaves_a_summary_in_the_terminal() -> None:
    done = process("run", ECG, "--seconds", "1", environ={"QT_QPA_PLATFORM": "offscreen"})
    assert (done.returncode, done.stdout) == (0, "")
    assert re.search(r"^ecg-live: \d+ samples, 0 lost; 0 predictions, 0 abstained;", done.stderr, re.MULTILINE)


def test_help_shows_what_stands_in_brackets() -> None:
    shown = " ".join(process("sweep", "--help").stdout.split())
    assert all(name in shown for name in ("[run]", "[grid]", "[settings]"))


def test_a_minute_gives_51_predictions_and_a_summary() -> None:
    code, lines, complaint = run_json(ECG)
    assert (code, complaint) == (0, "")
    predictions = of(lines, "prediction")
    assert [line["stop"] for line in predictions] == [float(stop) for stop in range(10, 61)]
    assert list(predictions[0]) == [
        "type", "start", "stop", "heads", "heart_rate", "rmssd", "quality", "reasons", "latency",
    ]  # fmt: skip
    assert list(predictions[0]["heads"]) == ["mental_load"]
    assert len(of(lines, "state")) >= 9
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["samples"] == 60_000
    assert lines[-1]["predictions"] == lines[-1]["windows"] == 51
    assert lines[-1]["abstained"] == sum(line["heads"]["mental_load"]["abstain"] is not None for line in predictions)


def test_hop_changes_how_often_it_predicts() -> None:
    assert [line["stop"] for line in of(run_json(ECG, "--hop", 10)[1], "prediction")] == [10, 20, 30, 40, 50, 60]
    assert len(of(run_json(ECG, "--hop", 0.5)[1], "prediction")) == 101


def test_a_baseline_shows_in_states_and_in_the_set_that_answers(tmp_path: Path) -> None:
    model = tmp_path / "personal.safetensors"
    save_bundle(random_bundle(personal={"mental_load": "both"}), model)
    code, lines, complaint = run_json(ECG, "--model", model, "--baseline", 30)
    assert (code, complaint) == (0, "")
    sets = [line["heads"]["mental_load"]["set"] for line in of(lines, "prediction")]
    assert sets == ["population"] * 21 + ["personal"] * 30
    states = [line["detail"] for line in of(lines, "state") if line["state"] == "baseline"]
    assert (len(states), states[-1]) == (21, "personal baseline complete: 3 windows")
    warnings = [line["detail"] for line in of(lines, "state") if line["state"] == "warning"]
    assert warnings == ["head emotion has no personal set: a baseline changes nothing"]
    text = ecg_live("run", ECG, "--headless", "--speed", "max", "--model", model, "--baseline", 30).stdout
    assert text.count("\nbaseline: ") == 2  # begun and complete; no countdown
    assert "\nbaseline: personal baseline complete: 3 windows\n" in text


def test_demo_takes_a_baseline() -> None:
    done = ecg_live("demo", "--headless", "--json", "--speed", "max", "--seconds", "2", "--baseline", "29")
    assert done.returncode == 2
    assert "--baseline is '29'; it must be from 30 to 3600 s" in done.stderr
    done = ecg_live("demo", "--headless", "--json", "--speed", "max", "--baseline", "30")
    assert done.returncode == 0
    said = {line["detail"] for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "state"}
    assert any("baseline" in detail for detail in said)  # a countdown, or that this model has no use for it


def test_demo_headless_ends_with_the_recording() -> None:
    done = ecg_live("demo", "--headless", "--json", "--speed", "max")
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0
    assert (last["type"], last["samples"], last["lost"], last["predictions"]) == ("summary", 417_150, 0, 408)


def test_without_a_display_it_goes_on_in_the_terminal() -> None:
    done = process("demo", "--speed", "max")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "no display" in done.stderr
    assert "mental_load" in done.stdout
    assert "417150 samples, 0 lost" in done.stdout.splitlines()[-1]


def test_seconds_ends_early_with_a_summary() -> None:
    done = ecg_live("demo", "--headless", "--json", "--seconds", "1")
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0
    assert 800 <= last["samples"] <= 2500
    assert 0.9 < last["wall"] < 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_with_a_summary_and_its_exit_code(number: signal.Signals, code: int) -> None:
    with WarmProgram("demo", "--headless", "--json", stdout=subprocess.PIPE, env=CLEAN) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        running.send_signal(number)
        rest = running.stdout.read().splitlines()
    assert json.loads(first)["type"] == "state"
    assert json.loads(rest[-1])["type"] == "summary"
    assert running.returncode == code


def test_a_closed_pipe_ends_the_session() -> None:
    command, pipe = ["demo", "--headless", "--json", "--speed", "max"], subprocess.PIPE
    with WarmProgram(*command, stdout=pipe, stderr=pipe, env=CLEAN) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        complaint = running.stderr.read()
    assert "Traceback" not in complaint
    assert running.returncode is not None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("options", [["--json", "--speed", "max"], ["--speed", "max"], []], ids=["json", "text", "1x"])
def test_output_that_goes_nowhere_ends_with_one_line(options: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = run_warm("demo", "--headless", *options, stdout=full, env=CLEAN)
    assert done.returncode == 1
    assert done.stderr.startswith("ecg-live: ")
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


BAD_FILES: dict[str, tuple[bytes, int, str]] = {
    "empty.csv": (b"", 4, "empty"),
    "other.txt": (b"Dear diary,\nnothing happened.\n" * 20, 4, "other.txt"),
    "header.csv": (b"time,ECG\n", 4, "header.csv"),
    "header.txt": (b"".join(ECG.read_bytes().splitlines(keepends=True)[:3]), 4, "header.txt"),
    "zeros.edf": (bytes(4096), 4, "zeros.edf"),
    "cut.h5": (demo_recording().read_bytes()[:200_000], 4, "cut.h5"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_what_is_no_recording_gets_one_line(name: str, tmp_path: Path) -> None:
    content, expected, said = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    code, lines, complaint = run_json(tmp_path / name)
    assert code == expected, complaint
    assert said in complaint
    assert complaint.startswith("ecg-live: ")
    assert "what to do: " in complaint
    assert not of(lines, "prediction")


def test_a_missing_file_gets_one_line(tmp_path: Path) -> None:
    code, _, complaint = run_json(tmp_path / "absent.txt")
    assert code == 4
    assert "no such file" in complaint


@pytest.mark.parametrize("row", [b"a\tb\tc\r\n", b"1\t2\r\n", b"1\t2\t3\t4\r\n"], ids=["letters", "short", "long"])
def test_a_bad_row_in_mid_file_uses_all_before_it(row: bytes, tmp_path: Path) -> None:
    rows = ECG.read_bytes().splitlines(keepends=True)
    (tmp_path / "bad.txt").write_bytes(b"".join([*rows[: 3 + 30_000], row, *rows[3 + 30_001 :]]))
    code, lines, complaint = run_json(tmp_path / "bad.txt")
    assert code == 4
    assert "30004" in complaint
    assert lines[-1]["samples"] == 30_000
    assert len(of(lines, "prediction")) == 21
    assert of(lines, "state")[-1]["state"] == "error"


def test_a_last_row_cut_short_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "cut.txt").write_bytes(ECG.read_bytes().rstrip()[:-3])
    code, lines, _ = run_json(tmp_path / "cut.txt")
    assert code == 0
    assert lines[-1]["samples"] in {59_999, 60_000}
    assert [line["state"] for line in of(lines, "state") if line["state"] == "warning"]


def test_nan_in_a_file_is_a_gap_and_never_an_output(tmp_path: Path) -> None:
    samples = pulses(40)
    samples[10 * 250 : 10 * 250 + 5] = np.nan
    samples[20 * 250 : 21 * 250] = np.nan
    code, lines, _ = run_json(write_csv(tmp_path / "nan.csv", samples))
    assert code == 0
    assert [(gap["lost"], gap["bridged"]) for gap in of(lines, "gap")] == [(5, True), (250, False)]
    assert lines[-1]["lost"] == 255
    assert of(lines, "prediction")


@pytest.mark.parametrize(
    ("name", "samples", "reason"),
    [
        ("flat", np.r_[pulses(15), np.full(60 * 250, 0.2), pulses(15)], "flat line"),
        ("rails", np.where(np.arange(60 * 250) // 40 % 2, 5.0, -5.0), "unusable"),
        ("noise", np.random.default_rng(0).standard_normal(40 * 250), "unusable"),
    ],
)
def test_signal_that_is_no_ecg_abstains_with_its_reason(
    name: str, samples: np.ndarray[Any, Any], reason: str, tmp_path: Path
) -> None:
    code, lines, _ = run_json(write_csv(tmp_path / f"{name}.csv", samples))
    reasons = {line["heads"]["mental_load"]["abstain"] for line in of(lines, "prediction")}
    assert code == 0
    assert any(reason in (said or "") for said in reasons), reasons


def test_five_seconds_are_shorter_than_a_window(tmp_path: Path) -> None:
    code, lines, _ = run_json(write_csv(tmp_path / "short.csv", pulses(5)))
    assert code == 0
    assert lines[-1]["predictions"] == 0
    assert any("10 s" in line["detail"] for line in of(lines, "state"))


def test_two_ecg_channels_ask_for_one(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("ECG1,ECG2\n" + "".join(f"{v},{-v}\n" for v in pulses(12).tolist()))
    code, _, complaint = run_json(path, "--rate", 250)
    assert code == 2
    assert "ECG1" in complaint
    assert "--channel" in complaint
    assert run_json(path, "--rate", 250, "--channel", "ECG2")[0] == 0
    assert run_json(path, "--rate", 250, "--channel", "ECG3")[0] == 2


@pytest.mark.parametrize("rate", ["0", "-5", "nan", "fast"])
def test_a_rate_that_cannot_be_is_the_users_mistake(rate: str) -> None:
    done = ecg_live("run", ECG, "--headless", "--rate", rate)
    assert done.returncode == 2
    assert "--rate" in done.stderr


@pytest.mark.parametrize("source", ["lsl:name=a,b", "ftp:thing", "shimmer:x,colour=red"])
def test_sources_that_cannot_be_opened_say_so(source: str) -> None:
    done = ecg_live("run", source, "--headless")
    assert done.returncode == 2
    assert source in done.stderr


def bad_model(kind: str) -> bytes:
    """Bytes of a file that is given as a model and is none."""
    whole = DEFAULT_MODEL.read_bytes()
    return {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "pickle": pickle.dumps({"weights": [1, 2, 3]}),
        "zip": b"PK\x03\x04" + bytes(100),
        "schema": whole.replace(b'\\"schema\\": 2', b'\\"schema\\": 9'),
        "card": whole.replace(b'\\"hz\\": 0.8', b'\\"hz\\": 0.5'),
        "tensor": whole[:-1] + bytes([whole[-1] ^ 1]),
    }[kind]


@pytest.mark.parametrize("kind", ["empty", "cut", "pickle", "zip", "schema", "card", "tensor"])
def test_a_model_that_is_none_gets_one_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(bad_model(kind))
    assert path.read_bytes() != DEFAULT_MODEL.read_bytes()
    code, lines, complaint = run_json(ECG, "--model", path)
    assert code == 4
    assert str(path) in complaint
    assert "what to do: " in complaint
    assert not lines
    if kind == "pickle":
        assert "pickle" in complaint
    if kind == "card":
        assert "checksum" in complaint


def test_a_model_for_another_signal_path_gets_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    tensors, meta = BUNDLE_FILE.read(DEFAULT_MODEL)
    meta["card"]["preprocessing"]["highpass"]["hz"] = 0.5
    BUNDLE_FILE.write(path, tensors, {"card": meta["card"]})
    code, lines, complaint = run_json(ECG, "--model", path)
    assert (code, lines) == (4, [])
    assert "0.5" in complaint


def test_models_prints_the_card() -> None:
    done = ecg_live("models", "--json")
    card = json.loads(done.stdout)["mental_load"]
    assert done.returncode == 0
    rows = card["heads"]["mental_load"]["scores"]["rows"]
    assert {"majority class", "HR + HRV", "random encoder", "this encoder"} <= {row["features"] for row in rows}
    assert "ODC-By" in card["licence"]
    text = ecg_live("models", environ={"COLUMNS": "160"})
    assert text.returncode == 0
    assert "random encoder" in text.stdout
    assert "population set: " in text.stdout
    assert "trained on PhysioNet Challenge 2017" in text.stdout


def test_doctor_says_what_is_there() -> None:
    done = ecg_live("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert done.returncode == 0
    assert checks["torch"]["ok"]
    assert checks["bundled model"]["ok"]
    assert not checks["display"]["ok"]
    assert "display" in checks["display"]["detail"]


def test_settings_come_from_file_environment_and_options(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('hop = 5\nspeed = "max"\nheadless = true\njson = true\n')
    environ = {"ECG_LIVE_CONFIG": str(tmp_path / "config.toml")}

    def predictions(done: subprocess.CompletedProcess[str]) -> int:
        return json.loads(done.stdout.splitlines()[-1])["predictions"]  # type: ignore[no-any-return]  # JSON

    assert predictions(ecg_live("run", ECG, environ=environ)) == 11
    assert predictions(ecg_live("run", ECG, environ=environ | {"ECG_LIVE_HOP": "10"})) == 6
    assert predictions(ecg_live("run", ECG, "--hop", "2", environ=environ | {"ECG_LIVE_HOP": "10"})) == 26


def test_hdf5_and_text_of_one_recording_predict_alike(tmp_path: Path) -> None:
    samples = [int(line.split("\t")[2]) for line in ECG.read_text().splitlines()[3:] if line]
    hdf5_files.write(tmp_path / "a.h5", [*range(len(samples))], {"duration": "1m0s"})
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["AA/raw/channel_1"][:, 0] = samples
    text, hdf5 = (of(run_json(path)[1], "prediction") for path in (ECG, tmp_path / "a.h5"))
    assert len(text) == 51
    for line in text + hdf5:
        del line["latency"]
    assert text == hdf5


def test_a_recording_that_is_being_written_by_another_program_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "open.h5"
    with h5py.File(path, "w") as file:
        file.create_group("00:00:00:00:00:00")
        code, _, complaint = run_json(path)
    assert code == 4
    assert "open.h5" in complaint


def test_the_gain_of_a_plux_sensor_reaches_the_reader(tmp_path: Path) -> None:
    heights = []
    for gain in (1000, 1019):
        done = ecg_live("export", ECG, "--to", "csv", "--out", tmp_path / str(gain), "--gain", gain)
        assert done.returncode == 0
        ecg = next(path for path in map(Path, done.stdout.split()) if path.name.endswith("_ecg.csv"))
        heights.append(np.abs(np.genfromtxt(ecg, delimiter=",", skip_header=1)[:, -1]).max())
    assert heights[0] / heights[1] == pytest.approx(1.019, rel=1e-4)
    code, _, said = run_json(ECG, "--gain", 0)
    assert (code, "--gain" in said) == (2, True)
