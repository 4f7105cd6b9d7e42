"""Fuzz one target with atheris: python -m tests.fuzz.guided NAME [libFuzzer's options]; a failing input is kept."""

from __future__ import annotations

import resource
import sys
import warnings

import atheris

with atheris.instrument_imports(include=["devices", "ecg_live"]):
    from tests.fuzz.targets import folder, target

LIMIT = 200  # MB beyond what the process needs before it begins (issue: 200 MB for any input of 1 MB)


def main() -> None:
    """Run until the time is up or something is found."""
    name, options = sys.argv[1], sys.argv[2:]
    warnings.simplefilter("error")
    place = folder()
    seed, eat = target(name, place)
    eat(seed)
    corpus = place / "corpus"
    corpus.mkdir()
    (corpus / "seed").write_bytes(seed)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    limits = [f"-rss_limit_mb={used + LIMIT + 100}", "-timeout=10", "-max_len=1000000"]  # 100: the fuzzer's own
    atheris.Setup([sys.argv[0], str(corpus), *limits, *options], eat)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
