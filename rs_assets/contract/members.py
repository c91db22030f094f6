"""The members of a JSON object, with where their values stand in its text.

Belongs here: what a reader of values cannot tell: that a name stands twice, how many bytes a value takes as it was
sent. Does not belong here: whether the text is JSON at all.

This is Python, token by token, and runs on the few lines in doubt only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

# Strings are taken whole, so that a bracket inside one is none; numbers and literals hold none of these signs.
TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)
DOUBLE_QUOTE = ord('"')
OPEN, CLOSED = b"{[", b"}]"


@dataclass(frozen=True)
class Member:
    """One of them: its value is `text[start:end]`, white space around it included."""

    name: str
    start: int
    end: int


def members(text: bytes, start: int = 0) -> Iterator[Member]:
    """Those of the object that begins at or behind `start`, in their order, repeated ones repeated.

    Args:
        text: JSON, which a strict reader has taken.
        start: where the object, or white space before it, begins.
    """
    depth, name, began = 0, "", 0
    last = b""
    for token in TOKEN.finditer(text, start):
        sign = token[0]
        if depth == 1:
            if sign == b":":
                name, began = orjson.loads(last), token.end()
            elif sign in (b",", b"}") and began:
                yield Member(name, began, token.start())
                began = 0
            last = sign
        if sign[0] != DOUBLE_QUOTE:
            depth += (sign in OPEN) - (sign in CLOSED)
            if depth <= 0:
                return


def repeated(found: Iterable[Member]) -> list[str]:
    """The names that stand more than once, in the order of their first."""
    return [name for name, count in Counter(member.name for member in found).items() if count > 1]
