"""Records as the CinC 2017 challenge has them."""

from pathlib import Path


def challenge(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.hea").write_text(f"{name} 1 300 9000\n{name}.mat 16+24 1000/mV 16 0 0 0 0 ECG \n")
    (folder / f"{name}.mat").write_bytes(b"M" * 24 + bytes(18000))
