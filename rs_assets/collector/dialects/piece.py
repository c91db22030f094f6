"""What a dialect makes of a payload.

Belongs here: `Piece`, reading what clients send as text, and how much may become of one payload. Does not belong
here: any dialect.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

MOST_MILLIS = 2**53 / 1000
"""What is further from 1970 is no time, and as microseconds no number that JSON can be sure to hold."""
MOST_PIECES = 1_000
MOST_BYTES = 4 << 20
"""What is said once for all pieces of a payload is repeated in each: a payload that would swell is not mapped."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a payload, which becomes a line of the log.

    Attributes:
        sent: the part as it was sent.
        body: the GA4 body that it is; None where it cannot be mapped.
    """

    sent: bytes
    body: Mapping[str, Any] | None


def number(text: object) -> object:
    """The number that a text is; else what was given, for the contract to refuse."""
    if not isinstance(text, str):
        return text
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return found if isinstance(found, int | float) and not isinstance(found, bool) else text


def micros(millis: object) -> object:
    """Milliseconds since 1970, as text or number, in microseconds; what is no time stays as it was given."""
    found = number(millis)
    if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) <= MOST_MILLIS:
        return millis
    return int(found * 1000)


def iso_micros(text: object) -> object:
    """An ISO 8601 time in microseconds since 1970; else what was given."""
    if not isinstance(text, str):
        return text
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    since = (found if found.tzinfo else found.replace(tzinfo=dt.UTC)) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return since // dt.timedelta(microseconds=1)


def swells(pieces: int, shared: int) -> bool:
    """Whether so many pieces, each with so many bytes that they share, are more than a payload may become."""
    return pieces > MOST_PIECES or pieces * shared > MOST_BYTES


def there(**fields: object) -> dict[str, object]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
