"""What must not leave in a message: who somebody is, and how to get in.

Belongs here: what becomes of text of the log, and of text about a URL. Does not belong here: what names a
person (`contract.report.scrub`), or what a message says (`alert`), which never quotes a payload.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from rs_assets.contract.report.scrub import scrub
from rs_assets.visible import visible

HIDDEN = "[…]"
TEXT_CHARS = 160


def redact(text: str) -> str:
    """The text on one line of at most TEXT_CHARS, without what names a person.

    For names and paths as well as for messages: an event may be *called* by somebody's address.
    """
    hidden = visible(scrub(text))
    return hidden if len(hidden) <= TEXT_CHARS else hidden[: TEXT_CHARS - 1] + "…"


def masked(url: str) -> str:
    """How a URL may be shown: its scheme alone, since tokens stand anywhere behind it."""
    scheme, separator, _ = url.partition("://")
    return f"{scheme if separator and scheme.isalnum() else 'url'}://{HIDDEN}"


def without_secrets(text: str, url: str) -> str:
    """The text without the URL, nor any part of it that could be a secret."""
    parts = {part for part in re.split(r"[/:@?&=,;+]+", url.partition("://")[2]) if len(part) >= 3}
    parts |= {unquote(part) for part in parts} | {url}
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, HIDDEN)
    return text
