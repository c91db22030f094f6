"""The names that a line holds, each as often as it stands there.

Belongs here: the keys of events, and whether an envelope or a body repeats one, for lines so few that a query to the
native reader would take longer. Does not belong here: many lines (`parse`), or what follows from names (`shapes`,
`around`).

The reader here does not take all that the native one takes (`nan`, say): of a line that it does not read, it says so,
and whoever asks must ask the native reader. So how many lines there are changes nothing of what is told.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TypeAlias

FEW_LINES = 400
"""Lines up to which this is sooner done than a query, which takes as long for one line as for hundreds."""

Names: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]]
"""Those of an event, of its params and of each of its items; none of what is no object."""

_Members: TypeAlias = tuple[tuple[str, object], ...]
"""An object, as it is read here; a list is a list."""

# Numbers are not looked at, and some are too long to be read as such.
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=len, parse_float=len)


def names_of_events(line: bytes) -> list[Names | None] | None:
    """Those of each event of a line, None for what is no object; None where the line cannot be read here."""
    envelope = _read(line)
    if envelope is None:
        return None
    events = _first(_first(envelope, "body"), "events")
    return [_of_event(event) for event in events] if isinstance(events, list) else []


def repeats(line: bytes) -> bool | None:
    """Whether a line's envelope or body holds a field twice; None where the line cannot be read here."""
    envelope = _read(line)
    if envelope is None:
        return None
    around = [envelope, *(value for name, value in _members(envelope) if name == "body")]
    return any(len(dict(_members(one))) < len(_members(one)) for one in around)


def number_of(names: Names) -> int:
    """A number of 64 bits that stands for them, above 1."""
    return (
        int.from_bytes(blake2b(repr(names).encode(errors="surrogatepass"), digest_size=8).digest(), "little")
        | 2
    )


def _read(line: bytes) -> object:
    """The line's value; None if there is none, which no envelope is, or it cannot be read."""
    try:
        return _DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        return None


def _of_event(event: object) -> Names | None:
    if not isinstance(event, tuple):
        return None
    params = _first(event, "params")
    items = _first(params, "items")
    return _names(event), _names(params), tuple(map(_names, items if isinstance(items, list) else ()))


def _members(value: object) -> _Members:
    return value if isinstance(value, tuple) else ()


def _names(value: object) -> tuple[str, ...]:
    return tuple(name for name, _ in _members(value))


def _first(value: object, name: str) -> object:
    return next((member for key, member in _members(value) if key == name), None)
