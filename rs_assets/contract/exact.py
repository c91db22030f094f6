"""One line at a time, for the few lines that the native parser cannot be trusted with.

Belongs here: telling exactly what is wrong with a line that is no envelope, or with a container of the wrong
shape inside one. Does not belong here: rules on fields (they are pandera checks), and every line that the
native parser read whole: this is Python, line by line, and runs on those in doubt only.

A line with a sound frame comes back without its misshapen containers and with a violation for each of them. The
native parser reads such a container as null, too; where it made other events of the line, `sound` is what to
parse in its stead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from rs_assets.contract.codes import Code
from rs_assets.contract.members import members, repeated
from rs_assets.contract.queries import LINE_BYTES

WHOLE_LINE = -1
MAX_EVENTS = 25
"""GA4's own limit of events a request. Each quarantined event carries its whole line, so it is one of memory, too."""
BODY_BYTES = 130_000
"""GA4's own limit of a request's body."""
EXCERPT = 80
LEVELS = 200  # orjson reads 1024 and writes 254; no field of the contract has a container inside


@dataclass(frozen=True)
class Misshapen:
    """A violation found here. `event_index` is WHOLE_LINE where no event can be told from another."""

    event_index: int
    code: Code
    path: str
    message: str
    expected: str
    observed: str | None = None


@dataclass
class Examined:
    """A line after the exact reading.

    Attributes:
        envelope: without what is misshapen; None where nothing of the line can be judged as an event.
        violations: all of them.
        events: how many it holds.
    """

    envelope: dict[str, Any] | None
    violations: list[Misshapen] = field(default_factory=list)
    events: int = 0

    @property
    def objects(self) -> int:
        """How many of its events are objects."""
        return self.events - sum(violation.path == "" for violation in self.violations)

    @property
    def sound(self) -> bytes | None:
        """The envelope as JSON."""
        return None if self.envelope is None else _dumped(self.envelope)


def examine(line: bytes, *, repeats: bool = False) -> Examined:
    """Read one line strictly.

    Args:
        line: without its newline.
        repeats: whether its envelope or its body may hold a field twice: only then it is looked for.
    """
    refused = _unreadable(line)
    if refused:
        return Examined(None, [refused])
    try:
        envelope = orjson.loads(line)
    except orjson.JSONDecodeError as problem:
        return Examined(None, [_not_json(line, problem)])
    if not isinstance(envelope, dict):
        wrong = Misshapen(
            WHOLE_LINE, Code.TYPE_MISMATCH, "", "the line is no envelope", "an object", _excerpt(envelope)
        )
        return Examined(None, [wrong])
    twice = _repeated(line) if repeats else []
    refusals = [refusal for refusal in (_too_large(envelope, line), _payload(envelope)) if refusal]
    if refusals or any(path in ("body", "body.events") for path in twice):
        return Examined(None, refusals + [_twice(path, WHOLE_LINE) for path in twice])
    events = envelope["body"]["events"]
    found = [_twice(path, index) for index in range(len(events)) for path in twice]
    envelope["body"]["events"] = [_event(event, index, found) for index, event in enumerate(events)]
    return Examined(envelope, found, len(events))


def _unreadable(line: bytes) -> Misshapen | None:
    if len(line) > LINE_BYTES:
        message = f"the line has {len(line):,} bytes and was not read"
        return Misshapen(
            WHOLE_LINE, Code.BODY_TOO_LARGE, "", message, f"a body of at most {BODY_BYTES:,} bytes"
        )
    if (at := line.find(b"\0")) >= 0:
        return Misshapen(
            WHOLE_LINE, Code.NUL_BYTE, "", f"byte {at + 1} of the line is NUL", "text without NUL"
        )
    try:
        line.decode()
    except UnicodeDecodeError as problem:
        message = f"byte {problem.start + 1} of the line is not UTF-8 ({problem.reason})"
        observed = line[problem.start : problem.end].hex(" ")
        return Misshapen(WHOLE_LINE, Code.ENCODING_INVALID, "", message, "UTF-8", observed)
    return None


def _not_json(line: bytes, problem: orjson.JSONDecodeError) -> Misshapen:
    text = line.decode()
    near = text[max(0, problem.pos - EXCERPT // 2) : problem.pos + EXCERPT // 2]
    if problem.msg.startswith("unexpected end of data") and text.lstrip().startswith("{"):
        message = f"the line ends after {len(line):,} bytes, before its JSON does"
        return Misshapen(WHOLE_LINE, Code.LINE_TRUNCATED, "", message, "a whole envelope", near)
    reason = problem.msg.partition(": line")[0]
    message = f"the line is not JSON: {reason} at character {problem.pos + 1}"
    return Misshapen(WHOLE_LINE, Code.JSON_MALFORMED, "", message, "a JSON object", near)


def _repeated(line: bytes) -> list[str]:
    """The paths of what stands twice in the envelope or its body."""
    around = list(members(line))
    in_body = (repeated(members(line, one.start)) for one in around if one.name == "body")
    return [*repeated(around), *dict.fromkeys(f"body.{name}" for names in in_body for name in names)]


def _twice(path: str, index: int) -> Misshapen:
    """Which of them the sender meant, nobody can tell: it is held against each event of the line."""
    message = f"{path} is in the line more than once"
    return Misshapen(index, Code.NAME_DUPLICATED, path, message, "every field once")


def _too_large(envelope: dict[str, Any], line: bytes) -> Misshapen | None:
    """The body's size is taken as it stands: written anew, a number may have more digits than were sent."""
    if envelope.get("body") is None or len(line) <= BODY_BYTES:
        return None
    size = max(len(line[one.start : one.end].strip()) for one in members(line) if one.name == "body")
    if size <= BODY_BYTES:
        return None
    message = f"the body has {size:,} bytes"
    return Misshapen(WHOLE_LINE, Code.BODY_TOO_LARGE, "body", message, f"at most {BODY_BYTES:,} bytes")


def _payload(envelope: dict[str, Any]) -> Misshapen | None:
    """What keeps an envelope's payload from having events at all."""
    body = envelope.get("body")
    large = envelope.get("body_too_large")
    if body is None and isinstance(large, dict):
        message = f"the body has {large.get('bytes')} bytes; its digest and its first bytes were kept"
        return Misshapen(WHOLE_LINE, Code.BODY_TOO_LARGE, "body", message, f"at most {BODY_BYTES:,} bytes")
    if body is None and envelope.get("body_base64") is not None:
        message = "the payload was not UTF-8 and is kept in base64"
        return Misshapen(WHOLE_LINE, Code.ENCODING_INVALID, "body_base64", message, "UTF-8 JSON")
    if body is None and (text := envelope.get("body_text")) is not None:
        message = "the payload was not JSON and is kept as text"
        return Misshapen(WHOLE_LINE, Code.JSON_MALFORMED, "body_text", message, "JSON", str(text)[:EXCERPT])
    if body is None:
        return Misshapen(
            WHOLE_LINE, Code.FIELD_MISSING, "body", "body is required and is not there", "a GA4 body"
        )
    if not isinstance(body, dict):
        return Misshapen(
            WHOLE_LINE, Code.TYPE_MISMATCH, "body", "body must be an object", "an object", _excerpt(body)
        )
    events = body.get("events")
    if events is None or events == []:
        message = "body.events is required and holds no event"
        return Misshapen(WHOLE_LINE, Code.FIELD_MISSING, "body.events", message, "at least one event")
    if isinstance(events, list) and len(events) > MAX_EVENTS:
        message = f"body.events holds {len(events):,} events"
        return Misshapen(
            WHOLE_LINE, Code.TOO_MANY_EVENTS, "body.events", message, f"at most {MAX_EVENTS} events"
        )
    if not isinstance(events, list):
        message = "body.events must be an array"
        return Misshapen(WHOLE_LINE, Code.TYPE_MISMATCH, "body.events", message, "an array", _excerpt(events))
    return None


def _event(event: object, index: int, found: list[Misshapen]) -> dict[str, Any]:
    if not isinstance(event, dict):
        message = "the event must be an object"
        found.append(Misshapen(index, Code.TYPE_MISMATCH, "", message, "an object", _excerpt(event)))
        return {}
    params = event.get("params")
    if params is not None and not isinstance(params, dict):
        message = "params must be an object"
        found.append(Misshapen(index, Code.TYPE_MISMATCH, "params", message, "an object", _excerpt(params)))
        return {**event, "params": None}
    if params and params.get("items") is not None:
        params["items"] = _items(params["items"], index, found)
    return event


def _items(items: object, index: int, found: list[Misshapen]) -> list[Any] | None:
    if not isinstance(items, list):
        message = "params.items must be an array"
        found.append(
            Misshapen(
                index, Code.ITEMS_MALFORMED, "params.items", message, "an array of items", _excerpt(items)
            )
        )
        return None
    # An item that is no object names no item: the item's own rule says so.
    return [item if isinstance(item, dict) else {} for item in items]


def _excerpt(value: object) -> str:
    return _dumped(value).decode()[:EXCERPT]


def _dumped(value: object) -> bytes:
    """As JSON, without what is nested deeper than JSON can be written."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps(_clipped(value, LEVELS))


def _clipped(value: object, levels: int) -> object:
    if not isinstance(value, dict | list):
        return value
    if levels == 0:
        return None
    if isinstance(value, dict):
        return {name: _clipped(member, levels - 1) for name, member in value.items()}
    return [_clipped(element, levels - 1) for element in value]
