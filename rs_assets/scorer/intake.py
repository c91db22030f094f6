"""From a request's bytes to events, or to the reasons why there are none.

Belongs here: the quick way, for requests that are plainly sound. Does not belong here: the contract itself. Whatever
is not plainly sound is judged by the pipeline's own code (`judging`), which alone says no.

The quick way is the contract as a JSON Schema, which tests hold to the split, and what no JSON Schema can say:
clocks, names that stand twice, sizes. It takes microseconds where judging a line alone takes 40 milliseconds, whose
cost is that of a whole batch. A property test holds it to the judge: what it takes, the judge takes, as the same
events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from rs_assets.contract.description import describe
from rs_assets.contract.exact import BODY_BYTES
from rs_assets.contract.json_schema import json_schema
from rs_assets.contract.repairs import in_force
from rs_assets.contract.schemas.event import FUTURE_MICROS
from rs_assets.features.running import DAY, EPOCH, Event


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was received, at a time in microseconds since 1970."""

    site: str
    body: bytes
    received: int


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that the contract holds against a request; `event` is None where it is of the whole of it."""

    event: int | None
    code: str
    path: str
    message: str
    expected: str | None
    observed: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request holds.

    Attributes:
        client_id: empty where no event is valid.
        events: the valid ones, with what each is known by where it comes again.
        violations: why others are not.
    """

    client_id: str
    events: Sequence[tuple[Event, int]]
    violations: Sequence[Violation] = ()


class Intake:
    """The quick way.

    Args:
        sites: those that may send; all may if there are none.
    """

    def __init__(self, sites: frozenset[str] = frozenset()) -> None:
        import jsonschema_rs

        self._sites = sites
        self._valid = jsonschema_rs.validator_for(json_schema(describe())).is_valid
        self._repaired = (0, False)

    def take(self, request: Request) -> Taken | None:
        """The request's events, all of which are valid; None where that is not plain, and the judge must say."""
        if len(request.body) > BODY_BYTES or self._is_repaired(request.received):
            return None
        if self._sites and request.site not in self._sites:
            return None
        body = _plain_json(request.body)
        if not isinstance(body, dict) or not self._is_valid(body):
            return None
        events = [_event(one, index, body, request) for index, one in enumerate(body["events"])]
        if any(event.time > request.received + FUTURE_MICROS for event in events):
            return None
        of_body = (body.get("user_id"), body.get("timestamp_micros"), request.received)
        known = [fingerprint(one, *of_body) for one in body["events"]]
        return Taken(body["client_id"], list(zip(events, known, strict=True)))

    def _is_valid(self, body: dict[str, Any]) -> bool:
        try:
            return bool(self._valid(body))
        except (ValueError, OverflowError, RecursionError):  # a number, or a depth, that it does not take
            return False

    def _is_repaired(self, received: int) -> bool:
        """Whether repairs hold for the log date: they come before the contract."""
        day = received // DAY
        if self._repaired[0] != day:
            self._repaired = day, bool(in_force(log_date(received)))
        return self._repaired[1]


def fingerprint(event: Any, user_id: Any, body_time: Any, received: int) -> int:
    """What an event of a client is known by: who sent it, when, and all that it says, as the contract has it."""
    time = event.get("timestamp_micros")
    sent = (body_time if body_time is not None else received) if time is None else time
    return hash((user_id, sent, orjson.dumps(event)))


def log_date(received: int) -> str:
    """The UTC day of a time in microseconds."""
    return timestamp(received)[:10]


def timestamp(received: int) -> str:
    """A time as envelopes have it."""
    return (EPOCH + timedelta(microseconds=received)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain_json(text: bytes) -> object:
    """The JSON of a text that says each name once; None where it may not be one.

    Of an escaped surrogate, readers disagree how long it is.
    """
    if b"\\ud" in text or b"\\uD" in text:
        return None
    try:
        body = orjson.loads(text)
        # Written as it would be written here, it says nothing twice; most are.
        if orjson.dumps(body) != text:
            json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError, orjson.JSONEncodeError):
        return None
    return body


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _event(sent: Mapping[str, Any], index: int, body: Mapping[str, Any], request: Request) -> Event:
    params = sent.get("params") or {}
    items = params.get("items") or ()
    time = sent.get("timestamp_micros")
    if time is None:
        time = body.get("timestamp_micros")
    value = params.get("value")
    price = items[0].get("price") if items else None
    name = sent["name"]
    return Event(
        time=request.received if time is None else int(time),
        received=request.received,
        index=index,
        name=name,
        value=None if value is None else float(value),
        item_ids=tuple(_named(item) for item in items),
        price=None if price is None or name != "view_item" else float(price),
        transaction=params.get("transaction_id") if name == "purchase" else None,
    )


def _named(item: Mapping[str, Any]) -> str:
    item_id = item.get("item_id")
    return str(item["item_name"] if item_id is None else item_id)
