"""What we use of pooch."""

from logging import Logger
from pathlib import Path
from typing import IO, Any, Protocol

class _Downloader(Protocol):
    def __call__(self, url: str, output_file: str | IO[bytes], pooch: Any) -> None: ...

def get_logger() -> Logger: ...
def retrieve(url: str, known_hash: str | None, fname: str, path: Path, *, downloader: _Downloader) -> str: ...
