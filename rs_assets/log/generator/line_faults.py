"""Damage to a line or to its payload: what is lost is lost as a whole.

Belongs here: payloads that are not JSON or larger than GA4 takes, and lines that are not JSON. Does not belong
here: events that parse (`event_faults`).
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from rs_assets.log.generator.kinds import Kind
from rs_assets.log.generator.vocabulary import EVERY


def _without(sign: bytes, before: bytes) -> Kind:
    """A collector's glitch: one `sign` of JSON is missing in the middle of the line, before `before`."""

    def damage(line: bytes, salt: int) -> bytes:
        return line.replace(sign + before, b" " + before, 1)

    return Kind("JSON_MALFORMED", EVERY, "line", damage=damage)


def _overwritten(reason: str, mark: bytes, garbage: bytes) -> Kind:
    """Some bytes after `mark`, inside a string value, are `garbage`."""

    def damage(line: bytes, salt: int) -> bytes:
        at = line.index(mark) + len(mark) + salt % 4
        return line[:at] + garbage + line[at + len(garbage) :]

    return Kind(reason, EVERY, "line", damage=damage)


def _cut(line: bytes, salt: int) -> bytes:
    """The line's beginning: what is left of it when the collector dies while it writes."""
    at = len(line) // 8 + salt % (len(line) * 3 // 4)
    while line[at] & 0xC0 == 0x80:  # never inside a character: that would be an encoding fault as well
        at -= 1
    return line[:at]


def _garbled(text: Callable[[pl.Expr], pl.Expr]) -> Kind:
    """A client that writes JSON by hand, and not quite."""
    return Kind("JSON_MALFORMED", EVERY, "line", text=text)


def _swollen(line: bytes, salt: int) -> bytes:
    """A client that puts all of a picture into a URL: a little over the 130,000 bytes that a body may have."""
    mark = b'"page_location":"https://'
    return line.replace(mark, mark + b"x" * (130_000 + salt % 10_000), 1)


def _repeated(line: bytes, salt: int) -> bytes:
    """A client that has not sent for long, and then sends all at once: more than the 25 events of one request."""
    head, events, rest = line.partition(b'"events":[')
    event, end = rest[: -len(b"]}}")], rest[-len(b"]}}") :]
    return head + events + b",".join([event] * (26 + salt % 10)) + end


LINE_KINDS: tuple[Kind, ...] = (
    _garbled(lambda body: body.str.replace_all('"', "'", literal=True)),
    _garbled(lambda body: body.str.replace("}]}", "]}", literal=True)),
    _garbled(lambda body: body.str.replace('"client_id"', "client_id", literal=True)),
    _without(b",", b'"ip":'),
    _without(b":", b'{"client_id"'),
    _without(b",", b'"body":'),
    Kind("LINE_TRUNCATED", EVERY, "line", damage=_cut),
    Kind("BODY_TOO_LARGE", EVERY, "line", damage=_swollen),
    Kind("TOO_MANY_EVENTS", EVERY, "line", damage=_repeated),
    _overwritten("ENCODING_INVALID", b'"user_agent":"Mozilla/5.0', b"\xff\xfe"),
    _overwritten("ENCODING_INVALID", b'"page_location":"https://', b"\xc3\x28"),
    _overwritten("NUL_BYTE", b'"user_agent":"Mozilla/5.0', b"\0"),
    _overwritten("NUL_BYTE", b'"page_location":"https://', b"\0"),
)
