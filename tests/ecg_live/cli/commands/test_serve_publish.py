"""``serve``, ``publish`` and ``run nats:`` as commands: what they print, and one line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecg_live.nats.options import SERVER_VARIABLE, TOKEN_VARIABLE
from ecg_live.nats.server import EmbeddedServer
from tests.support.command_line import ECG, ecg_live
from tests.support.nats_site import site


@pytest.fixture
def environ(nats_server: EmbeddedServer, tmp_path: Path) -> dict[str, str]:
    return {
        SERVER_VARIABLE: nats_server.running.url,
        TOKEN_VARIABLE: nats_server.running.token,
        "ECG_LIVE_DATA": str(tmp_path),
    }


def new_site(server: EmbeddedServer) -> str:
    import asyncio

    async def make() -> str:
        async with site(server) as place:
            return place.names.site

    return asyncio.run(make())


def test_publish_serve_and_look_at_a_recording(
    nats_server: EmbeddedServer, environ: dict[str, str], tmp_path: Path
) -> None:
    name = new_site(nats_server)
    done = ecg_live("publish", ECG, "--wearer", "P1", "--site", name, "--speed", "max", "--json", environ=environ)
    assert done.returncode == 0, done.stderr
    first, *_, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert first["detail"].startswith(f"wearer P1 of site {name} begins; watch it with: ecg-live run nats:{name}/P1")
    assert (last["type"], last["samples"], last["lost"]) == ("summary", 60000, 0)
    assert last["frames"] == last["stored"] > 3

    done = ecg_live("serve", "--site", name, "--seconds", "6", "--json", environ=environ)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    served = [line for line in lines if line.get("type") == "prediction"]
    assert {line["wearer"] for line in served} == {"P1"}
    assert len(served) == 51

    done = ecg_live("run", f"nats:{name}/P1,from=start", "--headless", "--json", environ=environ)
    assert done.returncode == 0, done.stderr
    again = [json.loads(line) for line in done.stdout.splitlines()]
    predictions = [line for line in again if line["type"] == "prediction"]
    for mine, theirs in zip(predictions, served, strict=True):
        same = {key: mine[key] for key in mine if key != "latency"}
        assert same == {key: theirs[key] for key in theirs if key not in {"latency", "wearer"}}

    done = ecg_live("serve", "--site", name, "--overview", "--seconds", "1.5", "--json", environ=environ)
    (row, *_) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (row["wearer"], row["type"], row["stop"]) == ("P1", "overview", served[-1]["stop"])
    done = ecg_live("serve", "--site", name, "--overview", "--seconds", "1.5", environ=environ)
    assert done.stdout.startswith("P1  mental load")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["publish", ECG, "--wearer", "P 1"], 2, "wearer 'P 1': it may have 1 to 64 letters"),
        (["publish", ECG, "--wearer", "a.*"], 2, "wearer 'a.*'"),
        (["publish", ECG, "--wearer", "P1", "--site", "a b"], 2, "site 'a b'"),
        (["publish", ECG, "--wearer", "P1", "--frame", "60"], 2, "--frame is 60"),
        (["publish", ECG, "--wearer", "P1", "--spool-mb", "0"], 2, "--spool-mb is 0"),
        (["publish", ECG, "--wearer", "P1", "--site", "nowhere"], 3, "has no site nowhere"),
        (["publish", "missing.csv", "--wearer", "P1"], 4, "no such file"),
        (["publish", ECG, "--wearer", "P1", "--server", "nats://u:p@h:1"], 2, "others on this machine could read"),
        (["publish", ECG, "--wearer", "P1", "--server", "nats://127.0.0.1:1"], 3, "no NATS server answers"),
        (["serve", "--sync", "never"], 2, "--sync is 'never'"),
        (["serve", "--store-gb", "-1"], 2, "--store-gb is -1"),
        (["serve", "--site", "a.b"], 2, "site 'a.b'"),
        (["serve", "--overview", "--site", "nowhere"], 3, "has no site nowhere"),
        (["serve", "--model", "missing.safetensors"], 4, "missing.safetensors"),
    ],
)
def test_a_mistake_is_one_line_and_a_remedy(
    words: list[object], code: int, message: str, environ: dict[str, str]
) -> None:
    done = ecg_live(*words, environ=environ)
    assert done.returncode == code, done.stderr
    said = [line for line in done.stderr.splitlines() if "looking for" not in line]
    assert message in said[0]
    assert len(said) == 2
    assert said[1].startswith("  what to do: ")
    assert done.stdout == ""


def test_without_a_server_publish_names_serve(tmp_path: Path) -> None:
    done = ecg_live("publish", ECG, "--wearer", "P1", environ={"ECG_LIVE_DATA": str(tmp_path)})
    assert done.returncode == 3
    assert "no NATS server runs on this machine" in done.stderr
    assert "ecg-live serve" in done.stderr


@pytest.mark.parametrize("command", [["serve"], ["publish", ECG, "--wearer", "P1"]])
def test_without_the_extra_one_line(command: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecg_live.nats.options.find_spec", lambda _: None)
    done = ecg_live(*command)
    assert done.returncode == 2
    assert "nats is not installed" in done.stderr
    assert "ecg-live[nats]" in done.stderr
