"""Elements of HTML and SVG: the text within them is text alone, whoever wrote it."""

from __future__ import annotations

from typing import Union
from xml.etree.ElementTree import Element, tostring


def text_of(*elements: Element) -> str:
    """Return elements as HTML, each on a line."""
    return "\n".join(tostring(each, encoding="unicode", method="html") for each in elements)


def element(tag: str, *children: Union[Element, str], **attributes: str) -> Element:
    """Return an element of HTML; the names of attributes may end in _, as `class_` does."""
    made = Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + child
        else:
            made.text = (made.text or "") + child
    return made
