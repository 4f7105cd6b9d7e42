"""XDF files for tests, chunk by chunk from the specification; shares nothing with reader and recorder."""

import struct
from collections.abc import Sequence
from pathlib import Path

CODES = {"float32": "f", "double64": "d", "int8": "b", "int16": "h", "int32": "i", "int64": "q"}


def chunk(tag: int, content: bytes, width: int = 4) -> bytes:
    size = {1: "<B", 4: "<I", 8: "<Q"}[width]
    return bytes([width]) + struct.pack(size, len(content) + 2) + struct.pack("<H", tag) + content


def header(
    number: int, name: str, kind: str, form: str, rate: float, labels: Sequence[str] = ("",), unit: str = ""
) -> bytes:
    described = "".join(f"<channel><label>{x}</label><unit>{unit}</unit></channel>" for x in labels)
    channels = f"<desc><channels>{described}</channels></desc>" if any(labels) else "<desc/>"
    text = (
        f'<?xml version="1.0"?><info><name>{name}</name><type>{kind}</type><channel_count>{len(labels)}</channel_count>'
        f"<nominal_srate>{rate}</nominal_srate><channel_format>{form}</channel_format>"
        f"<source_id>uid{number}</source_id>{channels}</info>"
    )
    return chunk(2, struct.pack("<I", number) + text.encode(), 8)


def samples(number: int, form: str, rows: Sequence[Sequence[float]], stamps: Sequence[float | None]) -> bytes:
    body = b"".join(
        (b"\0" if stamp is None else b"\x08" + struct.pack("<d", stamp))
        + struct.pack(f"<{len(row)}{CODES[form]}", *row)
        for row, stamp in zip(rows, stamps, strict=True)
    )
    return chunk(3, struct.pack("<I", number) + b"\x04" + struct.pack("<I", len(rows)) + body)


def note(number: int, text: str, stamp: float) -> bytes:
    return chunk(
        3, struct.pack("<I", number) + b"\x01\x01\x08" + struct.pack("<dBB", stamp, 1, len(text)) + text.encode()
    )


def offset(number: int, time: float, value: float) -> bytes:
    return chunk(4, struct.pack("<Idd", number, time, value))


def write(path: Path, *chunks: bytes) -> Path:
    path.write_bytes(b"XDF:" + chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>') + b"".join(chunks))
    return path


def ecg(form: str = "float32", count: int = 1000, rate: float = 130, each: int = 50, every: bool = True) -> list[bytes]:
    """Values are their own index; stamps on every sample, or on each chunk's first."""
    top = 127 if form == "int8" else 30000
    return [
        samples(1, form, [[i % top] for i in range(at, at + each)],
                [100 + i / rate if every or i == at else None for i in range(at, at + each)])
        for at in range(0, count, each)
    ]  # fmt: skip
