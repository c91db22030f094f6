"""A line of the raw log laid out to be read, with every token as it was sent.

Belongs here: indentation. Parsing and writing JSON again would not do: 12.50 would become 12.5, and of two equal
keys one would go. Does not belong here: colours and pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
INDENT = 2


@dataclass
class Object:
    """`{…}` as keys, quotes included, and values in their order."""

    members: list[tuple[str, Node]] = field(default_factory=list)


@dataclass
class Array:
    """`[…]`."""

    elements: list[Node] = field(default_factory=list)


Node: TypeAlias = Object | Array | str
"""A string is one token, as it stands in the line."""


@dataclass(frozen=True)
class LaidOut:
    """The text, and how many events of the line are not in it."""

    text: str
    left_out: int


def laid_out(line: bytes, event_index: int | None, width: int) -> LaidOut | None:
    """The line over several lines of about `width`, or None if it is no JSON.

    Args:
        line: as received.
        event_index: the event in question; the other events of the request are left out. None keeps all.
        width: what fits in it stays on one line.
    """
    try:
        text = line.decode()
        json.loads(text)
        root = _node(TOKEN.findall(text).__iter__())
        left_out = 0 if event_index is None else _leave_out(root, event_index)
        return LaidOut("\n".join(_lines(root, 0, width)), left_out)
    except (ValueError, RecursionError):
        return None


def _node(tokens: Iterator[str]) -> Node:
    return _from(next(tokens), tokens)


def _from(first: str, tokens: Iterator[str]) -> Node:
    if first == "{":
        made = Object()
        while (key := next(tokens)) != "}":
            if key != ",":
                next(tokens)  # the colon
                made.members.append((key, _node(tokens)))
        return made
    if first == "[":
        array = Array()
        while (token := next(tokens)) != "]":
            if token != ",":
                array.elements.append(_from(token, tokens))
        return array
    return first


def _leave_out(root: Node, event_index: int) -> int:
    """Put a dash in the place of every event but one; returns how many there were."""
    events = _member(_member(root, '"body"'), '"events"')
    if not isinstance(events, Array):
        return 0
    others = [at for at in range(len(events.elements)) if at != event_index]
    for at in others:
        events.elements[at] = f"… event {at}"
    return len(others)


def _member(node: Node | None, key: str) -> Node | None:
    members = node.members if isinstance(node, Object) else []
    return dict(members).get(key)


def _lines(node: Node, depth: int, width: int) -> Iterator[str]:
    short = _short(node)
    if isinstance(node, str) or len(short) + depth * INDENT < width:
        yield short
        return
    opening, closing = ("{", "}") if isinstance(node, Object) else ("[", "]")
    inner: list[tuple[str, Node]] = (
        [(f"{key}: ", value) for key, value in node.members]
        if isinstance(node, Object)
        else [("", value) for value in node.elements]
    )
    yield opening
    for at, (name, value) in enumerate(inner, 1):
        *upper, last = _lines(value, depth + 1, width - len(name))
        first, *rest = [*upper, last + ("," if at < len(inner) else "")]
        yield f"{' ' * INDENT}{name}{first}"
        yield from (f"{' ' * INDENT}{line}" for line in rest)
    yield closing


def _short(node: Node) -> str:
    if isinstance(node, Object):
        return "{" + ", ".join(f"{key}: {_short(value)}" for key, value in node.members) + "}"
    if isinstance(node, Array):
        return "[" + ", ".join(map(_short, node.elements)) + "]"
    return node
