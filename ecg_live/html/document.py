"""A whole HTML document: metadata, the style sheet that all pages share, and no external resource or script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources

from markupsafe import Markup

from ecg_live.html.markup import escape, tag

# no request and no script is allowed
CONTENT_SECURITY_POLICY = Markup(
    """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">"""
)


def meta_element(name: str, text: str) -> Markup:
    """Make a ``meta`` element: a value that programs read from the page."""
    return Markup('<meta name="{}" content="{}">').format(escape(name), escape(text))


def document(title: str, content: Sequence[str], package: str, metas: Mapping[str, str] | None = None) -> str:
    """Make a page.

    Parameters
    ----------
    title : str
        Title of the page.
    content : sequence of str
        Parts of the body.
    package : str
        Package with a ``style.css`` for this kind of page, added to the shared one.
    metas : mapping of str to str, optional
        Names and values of ``meta`` elements.
    """
    style = "".join(
        resources.files(each).joinpath("style.css").read_text(encoding="utf-8") for each in (__package__, package)
    )
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        CONTENT_SECURITY_POLICY,
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        *(meta_element(name, text) for name, text in (metas or {}).items()),
        tag("title", title),
        tag("style", Markup(style)),  # noqa: S704 - our own style sheets
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', tag('main', content)), lang='en')}\n"
