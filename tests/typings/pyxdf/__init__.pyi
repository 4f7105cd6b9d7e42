"""What our tests use of pyxdf, the reference reader, which ships no types."""

from typing import Any

def load_xdf(filename: str, *, dejitter_timestamps: bool = ...) -> tuple[list[dict[str, Any]], dict[str, Any]]: ...
