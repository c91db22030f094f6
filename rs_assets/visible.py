"""Text of strangers as it may be shown. Nothing else belongs here."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text on one line, with whatever cannot be seen as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
