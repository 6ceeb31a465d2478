"""What every HTML page begins with, whatever it tells: what it may load, and texts made harmless.

A page loads nothing from anywhere but itself and, where it says so, files beside it.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape

from hostcheck.reports import words

INLINE = "style-src 'unsafe-inline'"
"""A page that carries its style and has no script."""


def policy(allowed: str = INLINE) -> str:
    """Return a content security policy: nothing but what is allowed."""
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def script_source(script: str) -> str:
    """Return what allows one script, and no other that somebody puts into the page."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def safe(text: str) -> str:
    """Return a text as HTML: control and direction characters made visible, on one line."""
    return escape(words.one_line(text))


def begun(title: str, style: str, allowed: str = INLINE) -> str:
    """Return a page up to the beginning of its body.

    `title` is HTML already (`safe`), `style` the elements that hold or name the style.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(allowed)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n{style}\n</head>\n<body>\n"
    )


def running_head(page: str, words_: str, sheet: str = "") -> str:
    """Return the rule that puts words at the head of each sheet of a kind of page.

    `page` is the name of that kind, empty for all; `sheet` its size, `A4 landscape`, where that is
    not the page's own; no letter of the words can end the string.
    """
    text = "".join(
        one if one.isascii() and (one.isalnum() or one in " .,:-()") else f"\\{ord(one):x} "
        for one in words.one_line(words_)
    )
    size = f"size:{sheet};margin:15mm 12mm 13mm;" if sheet else ""
    return f'@page {page}{{{size}@top-left{{content:"{text}";font:8pt sans-serif;color:#57606a}}}}'


TAIL = "</body>\n</html>\n"
