"""A line of the raw log laid out to be read, with every token as it was sent.

Belongs here: indentation, and which line of the layout a violation points at. Parsing and writing JSON again would
not do: 12.50 would become 12.5, and of two equal keys one would go. Does not belong here: which part of the line a
violation is about (`pointing`), colours and pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeAlias

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
INDENT = 2
LEVELS = 100
"""More than any event has; Python's own stack ends not far above."""


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

Steps: TypeAlias = tuple[int, ...]
"""The way from the root to a node: the position in each object or array on it."""

Marks: TypeAlias = Mapping[Steps, tuple[int, ...]]
"""The numbers of the violations that point at a node."""


@dataclass(frozen=True)
class Line:
    """A line of the layout, and the numbers of the violations that point at it."""

    text: str
    violations: tuple[int, ...] = ()


def parsed(line: bytes) -> Node | None:
    """The line as a tree of its tokens, or None if it is no JSON, or nested deeper than `LEVELS`."""
    try:
        text = line.decode()
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    tokens = TOKEN.findall(text)
    levels = accumulate((token in "{[") - (token in "}]") for token in tokens)
    return _node(iter(tokens)) if max(levels) <= LEVELS else None


def laid_out(root: Node, width: int, marks: Marks | None = None, at: Steps = ()) -> list[Line]:
    """The tree, or the part of it that `at` leads to, over several lines of about `width`.

    What fits in it stays on one line; what is marked has a line of its own.
    """
    node = root
    for step in at:
        if isinstance(node, Object):
            node = node.members[step][1]
        elif isinstance(node, Array):
            node = node.elements[step]
    return list(_lines(node, 0, width, at, marks or {}))


def member(node: Node | None, key: str) -> Node | None:
    """An object's member (the last of equal keys), if it is one and has it."""
    members = node.members if isinstance(node, Object) else []
    return dict(members).get(f'"{key}"')


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


def _lines(node: Node, depth: int, width: int, at: Steps, marks: Marks) -> Iterator[Line]:
    here = marks.get(at, ())
    inside = any(len(place) > len(at) and place[: len(at)] == at for place in marks)
    short = _short(node)
    if isinstance(node, str) or (not inside and len(short) + depth * INDENT < width):
        yield Line(short, here)
        return
    opening, closing = ("{", "}") if isinstance(node, Object) else ("[", "]")
    inner: list[tuple[str, Node]] = (
        [(f"{key}: ", value) for key, value in node.members]
        if isinstance(node, Object)
        else [("", value) for value in node.elements]
    )
    yield Line(opening, here)
    for n, (name, value) in enumerate(inner):
        *upper, last = _lines(value, depth + 1, width - len(name), (*at, n), marks)
        comma = "," if n + 1 < len(inner) else ""
        first, *rest = [*upper, Line(last.text + comma, last.violations)]
        yield Line(f"{' ' * INDENT}{name}{first.text}", first.violations)
        yield from (Line(f"{' ' * INDENT}{line.text}", line.violations) for line in rest)
    yield Line(closing)


def _short(node: Node) -> str:
    if isinstance(node, Object):
        return "{" + ", ".join(f"{key}: {_short(value)}" for key, value in node.members) + "}"
    if isinstance(node, Array):
        return "[" + ", ".join(map(_short, node.elements)) + "]"
    return node
