"""A whole document: what every page says of itself, and the style that all share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources

from ecg_live.html.markup import Markup, tag

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # nothing is ever loaded, nothing ever runs


def meta_element(name: str, text: str) -> Markup:
    """What a page says of itself to programs."""
    return Markup(f'<meta name="{escape(name)}" content="{escape(text)}">')


def document(title: str, content: Sequence[str], package: str, metas: Mapping[str, str] | None = None) -> str:
    """Give a page as HTML; ``package`` has a ``style.css`` of what only this kind of page shows."""
    style = "".join(
        resources.files(each).joinpath("style.css").read_text(encoding="utf-8") for each in (__package__, package)
    )
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        *(meta_element(name, text) for name, text in (metas or {}).items()),
        tag("title", title),
        tag("style", Markup(style)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', tag('main', content)), lang='en')}\n"
