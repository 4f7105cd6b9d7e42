"""Plug-ins of another package, which lies outside of ours: made in a folder with its entry points, as pip would."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.support.plugin_site import ROOT, Site, install, page_example
from tests.support.synthetic_signals import ecg

RATE = 256
READER = page_example("acme/reader.py")
OTHERS = '''
"""A device that plays a file of the package's own format, and a data set of one subject."""
from pathlib import Path
from devices.replay import Replay
from acme import reader

def open_device(text, opening, clock):
    return Replay(reader.open(Path(text), opening), opening, clock)

def load(folder):
    from training.datasets.dataset import Annotation, Classes, Dataset, RecordingPart, SubjectSession
    part = RecordingPart(next(folder.glob("*.beat")))
    session = SubjectSession("S1", (part,), (Annotation(0, 0.0, 20.0, {"task": "rest"}),))
    return Dataset("acme-study", "A study", "CC0", (session,), {"task": Classes(("rest", "load"))})
'''
ENTRIES = """[ecg_live.readers]
beat = acme.reader
[ecg_live.devices]
acme = acme.others:open_device
[ecg_live.datasets]
acme-study = acme.others:load
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    install(tmp_path / "site", "acme", ENTRIES, reader=READER, others=OTHERS)
    x = np.round(ecg(25.0, RATE)[:, 0] * 1000, 3)
    file = tmp_path / "wearer.beat"
    file.write_text("\n".join(["BEAT 1", str(RATE), *map(str, x)]) + "\n", encoding="utf-8")
    return Site(tmp_path / "site", file)


@pytest.mark.parametrize("source", ["{}", "acme:{}"])
def test_run_reads_a_plug_ins_file_and_device(site: Site, source: str) -> None:
    pytest.importorskip("torch", reason="run predicts with PyTorch")
    done = site.cli("run", source.format(site.file), "--headless", "--json", "--speed", "max")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["type"] == "summary"
    assert (lines[-1]["samples"], lines[-1]["lost"]) == (25 * RATE, 100)
    assert [line["cause"] for line in lines if line["type"] == "gap"] == ["the cable was out"]
    assert lines[-1]["predictions"] > 5


def test_a_plug_ins_own_errors_pass_through(site: Site) -> None:
    site.file.write_text("BEAT 1\n0\n1\n", encoding="utf-8")
    done = site.cli("run", str(site.file), "--headless", "--json")
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == "ecg-live: wearer.beat: the rate is 0 Hz, expected more than 0"


def test_a_data_set_by_its_name(site: Site) -> None:
    code = "import sys; from pathlib import Path; from training.datasets import open_dataset\n"
    code += "print(open_dataset('acme-study', Path(sys.argv[1])).subjects)"
    done = site.python("-c", code, str(site.file.parent))
    assert (done.stdout.strip(), done.stderr) == ("('S1',)", "")
    code = code.replace("'acme-study'", "'nothing'")
    assert "known are wesad" in site.python("-c", code, str(site.file.parent)).stderr
    assert "sessions, acme-study" in site.python("-c", code, str(site.file.parent)).stderr


def test_an_unknown_scheme_names_the_plug_ins_too(site: Site) -> None:
    done = site.cli("run", "nothing:there", "--headless")
    assert done.returncode == 2
    assert ":, acme:\n" in done.stderr


def test_a_plug_in_is_not_imported_while_a_built_in_answers(site: Site, tmp_path: Path) -> None:
    demo = next((ROOT / "recordings").glob("*.txt"))
    (site.path / "acme" / "__init__.py").write_text("raise RuntimeError('no licence')", encoding="utf-8")
    assert site.cli("export", str(demo), "--to", "csv", "--out", str(tmp_path / "out")).returncode == 0


BROKEN = "of acme cannot be imported: RuntimeError: no licence on this machine"
FAILING = "of acme fails at wearer.beat: KeyError: 'ECG'"


@pytest.mark.parametrize(
    ("module", "code", "words"),
    [
        ("__init__", "raise RuntimeError('no licence\\n on this machine')", BROKEN),
        ("reader", "def matches(path, head): raise KeyError('ECG')", FAILING),
        ("reader", "def matches(path, head): return True\ndef open(path, opening): {}['ECG']", FAILING),
    ],
)
def test_a_plug_in_that_fails_is_one_line_that_names_it(site: Site, module: str, code: str, words: str) -> None:
    (site.path / "acme" / f"{module}.py").write_text(code, encoding="utf-8")
    done = site.cli("run", str(site.file), "--headless", "--json")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"ecg-live: the plug-in 'beat' (ecg_live.readers) {words}",
        "  what to do: update it, or uninstall it",
    ]


def suite(site: Site, *options: str) -> subprocess.CompletedProcess[str]:
    words = ["-p", "ecg_live.contracts.options", "-p", "no:cacheprovider", "--pyargs", "ecg_live.contracts"]
    return site.python("-m", "pytest", "-c", os.devnull, "-q", *words, *options)


def test_the_contract_suite_passes_for_a_reader_and_a_device(site: Site) -> None:
    done = suite(site, "--reader-file", str(site.file), "--device-uri", f"acme:{site.file}")
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout


def test_the_contract_suite_finds_a_reader_whose_second_pass_differs(site: Site) -> None:
    code = READER.replace("    def runs():", "    passes = []\n    def runs():\n        passes.append(0)")
    code = code.replace("Run(start, np", "Run(start, len(passes) + np")
    (site.path / "acme" / "reader.py").write_text(code, encoding="utf-8")
    done = suite(site, "--reader-file", str(site.file))
    assert done.returncode == 1
    assert "test_a_second_pass_gives_the_same" in done.stdout
