"""Which part of a line a violation is about.

Belongs here: from a violation's path to a place in the tree of the line, or in its text. Does not belong here:
layout (`payload`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rs_assets.contract.report.payload import Array, Node, Object, Steps, member
from rs_assets.contract.report.redaction import decoded

ENVELOPE = frozenset(
    {"received_at", "site", "request_id", "path", "ip", "user_agent", "body", "body_text", "body_base64"}
)
"""The paths that begin at the line; all others begin at the event."""

_PART = re.compile(r"[^.\[\]]+")
_POSITION = re.compile(r"\b(byte|character) ([\d,]+)")
_ENDS = re.compile(r"\bends after ([\d,]+) bytes")


@dataclass(frozen=True)
class Pointed:
    """The nearest part of a line to where a violation is.

    Attributes:
        steps: the ways to it in the tree; several where equal keys make it ambiguous.
        pointer: it as a JSON pointer (RFC 6901).
        missing: what is not there below it; empty where the violation is about the part itself.
    """

    steps: tuple[Steps, ...]
    pointer: str
    missing: str


def point(root: Node, event_index: int | None, path: str) -> Pointed:
    """Where the violation of `path` is: itself, or the nearest part around it that is there."""
    first, *_ = [*_PART.findall(path), ""]
    parts = _PART.findall(path)
    if first not in ENVELOPE and event_index is not None:
        event = ["body", "events", str(event_index)]
        # An event without a time of its own has its body's.
        lacks = path == "timestamp_micros" and _walk(root, [*event, path])[1]
        parts = ["body", path] if lacks and member(member(root, "body"), path) else [*event, *parts]
    return Pointed(*_found(root, parts))


def position(line: bytes, message: str) -> int | None:
    """Where in the line, decoded with escapes for what is not UTF-8, a message says the fault is; from 0."""
    if ends := _ENDS.search(message):
        return len(line[: int(ends[1].replace(",", ""))].decode(errors="backslashreplace"))
    if not (found := _POSITION.search(message)):
        return None
    at = int(found[2].replace(",", "")) - 1
    return at if found[1] == "character" else len(line[:at].decode(errors="backslashreplace"))


def _found(root: Node, parts: list[str]) -> tuple[tuple[Steps, ...], str, str]:
    there, missing = _walk(root, parts)
    kept = parts[: len(parts) - len(missing)]
    pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in kept)
    return tuple(there), pointer, ".".join(missing)


def _walk(root: Node, parts: list[str]) -> tuple[list[Steps], list[str]]:
    """The ways to the deepest part that is there, and the parts that are not."""
    ways: list[tuple[Steps, Node]] = [((), root)]
    for n, part in enumerate(parts):
        deeper = [((*steps, at), child) for steps, node in ways for at, child in _children(node, part)]
        if not deeper:
            return [steps for steps, _ in ways], parts[n:]
        ways = deeper
    return [steps for steps, _ in ways], []


def _children(node: Node, part: str) -> list[tuple[int, Node]]:
    if isinstance(node, Object):
        return [(at, value) for at, (key, value) in enumerate(node.members) if decoded(key) == part]
    if isinstance(node, Array) and part.isdigit() and int(part) < len(node.elements):
        return [(int(part), node.elements[int(part)])]
    return []
