"""FreeSWITCH's record of one leg as mod_xml_cdr writes it: turned into a document as PHP's SimpleXML would."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from kpi.importers.freeswitch_record import leg_of
from kpi.importers.lines import BadLineError, CdrLeg

_MAX_DEPTH = 20


def parse_xml_record(raw: bytes, offset: int = 0, kind: str = "xml_cdr") -> CdrLeg:
    """A file that mod_xml_cdr wrote.

    Raises:
        BadLineError: it is none, or it declares entities, which FreeSWITCH never does.
    """
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise BadLineError("it declares a document type, which FreeSWITCH does not write")
    try:
        root = ElementTree.fromstring(raw)  # noqa: S314  no document type, so no entities
    except ElementTree.ParseError:
        raise BadLineError("it is no XML") from None
    if root.tag != "cdr":
        raise BadLineError("it is XML of another kind: its root is not cdr")
    return leg_of(document_of(root), kind, offset)


def document_of(element: ElementTree.Element, depth: int = 0) -> dict[str, Any]:
    """An element's attributes under ``@attributes``, its children by name; those of one name in a list.

    >>> document_of(ElementTree.fromstring('<a b="1"><c>x</c><d/><d>y</d></a>'))
    {'@attributes': {'b': '1'}, 'c': 'x', 'd': ['', 'y']}
    """
    document: dict[str, Any] = {"@attributes": dict(element.attrib)} if element.attrib else {}
    for child in element:
        nested = (len(child) or child.attrib) and depth < _MAX_DEPTH
        value: Any = document_of(child, depth + 1) if nested else child.text or ""
        known = document.get(child.tag)
        if known is None:
            document[child.tag] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            document[child.tag] = [known, value]
    return document
