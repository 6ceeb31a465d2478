"""XML read by the C parser, with document type declarations that could define anything refused."""

import html
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError


def root_of(text: str, *, what: str) -> ET.Element:
    """Return the root element.

    Raises ParseError when the text is not well-formed, or declares entities: an answer of a host
    may not expand into something else.
    """
    if "!" in text and "<!ENTITY" in text:
        raise ParseError(f"{what}: XML that declares entities is refused")
    try:
        return ET.fromstring(text.strip())  # noqa: S314  entities are refused above, expat fetches nothing
    except (ET.ParseError, UnicodeError) as error:  # the latter for half a character
        raise ParseError(f"{what}: not well-formed XML ({error})") from None


def local(element: ET.Element) -> str:
    """Return the tag without its namespace."""
    return element.tag.rpartition("}")[2]


def escape(text: str) -> str:
    """Return a text as it stands between tags; `xml.sax.saxutils` would import all of HTTP."""
    return html.escape(text, quote=False)
