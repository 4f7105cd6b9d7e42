"""A whole document: what every page says of itself, and the style that all share."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from .markup import Html, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # nothing is ever loaded, nothing ever runs


def document(title: str, content: Sequence[str], package: str) -> str:
    """Give a page as HTML; ``package`` has a ``style.css`` of what only this kind of page shows."""
    style = "".join(
        resources.files(each).joinpath("style.css").read_text(encoding="utf-8") for each in (__package__, package)
    )
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        tag("style", Html(style)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', tag('main', content)), lang='en')}\n"
