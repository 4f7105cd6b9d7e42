"""Fuzz one target with atheris: python -m tests.fuzz.guided NAME [libFuzzer's options]; a failing input is kept."""

from __future__ import annotations

import resource
import sys
import warnings

import atheris

with atheris.instrument_imports(include=["devices", "ecg_live"]):
    from tests.fuzz.targets import folder, target

LIMIT = 200  # MB that one input may take
UNBOUNDED = ("hdf5",)  # HDF5's library allocates what a damaged string says of its length, before it looks


def _peak() -> int:
    """MB that the process ever took."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Run until the time is up or something is found."""
    name, options = sys.argv[1], sys.argv[2:]
    warnings.simplefilter("error")
    place = folder()
    seed, eat = target(name, place)
    eat(seed)

    def measured(data: bytes) -> None:
        before = _peak()
        eat(data)
        if (more := _peak() - before) > LIMIT and name not in UNBOUNDED:
            raise MemoryError(f"{len(data)} bytes took {more} MB, the limit is {LIMIT}")

    corpus = place / "corpus"
    corpus.mkdir()
    (corpus / "seed").write_bytes(seed)
    limits = ["-rss_limit_mb=0", "-timeout=10", "-max_len=1000000"]  # the fuzzer's own memory grows
    atheris.Setup([sys.argv[0], str(corpus), *limits, *options], measured)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
