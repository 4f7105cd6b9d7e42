from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from ecg_live.html.document import document, meta_element
from ecg_live.html.markup import escape, join, tag

HOSTILE = "<script>alert('1')</script>&\"\x00\ud800\x1b"
SHOWN = "<script>alert('1')</script>&\"\ufffd\ufffd\ufffd"


def test_text_is_escaped_and_markup_is_not() -> None:
    assert join(("a < b", Markup("<b>c</b>"))) == "a &lt; b<b>c</b>"
    assert escape(Markup("<b>c</b>")) == "<b>c</b>"


@pytest.mark.parametrize("element", [tag("p", HOSTILE), tag("p", [HOSTILE]), tag("p", "", title=HOSTILE)])
def test_no_text_becomes_an_element_or_leaves_its_attribute(element: Markup) -> None:
    found = ET.fromstring(element)  # noqa: S314 - ours
    assert list(found) == []
    assert found.get("title", found.text) == SHOWN


def test_a_meta_element_keeps_its_text_inside_the_quotes() -> None:
    assert ET.fromstring(meta_element("participant", HOSTILE) + Markup("</meta>")).attrib == {  # noqa: S314 - ours
        "name": "participant",
        "content": SHOWN,
    }


def test_attributes_have_hyphens_and_none_leaves_one_out() -> None:
    assert tag("path", class_="line", stroke_dasharray=None, text_anchor="end") == (
        '<path class="line" text-anchor="end"></path>'
    )


def test_a_page_can_be_written_whatever_its_texts_hold() -> None:
    html = document(HOSTILE, [tag("p", HOSTILE)], "ecg_live.recorded.report", {"participant": HOSTILE})
    html.encode("utf-8")
    assert "<script" not in html
