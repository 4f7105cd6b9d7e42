"""What the tests of pages share: a page as an element tree, and what may be in it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

TAGS = {
    *("body", "main", "header", "section", "footer", "div", "h1", "h2", "h3", "p", "b", "span", "small", "ul", "li"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary"),
    *("svg", "path", "circle", "rect", "text", "title"),
}
ELSEWHERE = r"<script|<link|<img|<iframe|\bsrc=|\bhref=|url\(|@import|https?:"  # what would load or run something


def body(html: str) -> ET.Element:
    """The page's body, which is well-formed XML."""
    return ET.fromstring(html[html.index("<body>") : html.index("</html>")])  # noqa: S314 - ours


def words(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows(page: ET.Element, caption: str) -> list[list[str]]:
    """Cells of the first table whose caption begins so, its header first."""
    found = (one for one in page.iter("table") if (one.findtext("caption") or "").startswith(caption))
    return [[words(cell) for cell in row] for row in next(found).iter("tr")]
