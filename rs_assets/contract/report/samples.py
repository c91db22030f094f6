"""Examples of violations, redacted, each with its exact place.

Belongs here: picking them and taking out what names a person. Does not belong here: what may be shown
(`redaction`), counting (`summary`). This is Python, event by event, and runs on the examples only.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import duckdb

from rs_assets.contract.codes import Code
from rs_assets.contract.report import leaving_out, payload, pointing, queries, redaction, scrub
from rs_assets.contract.report.asked import Asked

WIDTH = 88
LINES = 40
"""Of a payload; what is longer is cut."""
TEXT = 600
"""Characters of a payload that is not JSON."""

MARK = "  ◀"
"""At the end of the line that the violation is about."""

_ITEM = re.compile(r"items\[(\d+)\]")
_BYTES = re.compile(r"[0-9a-f]{2}( [0-9a-f]{2}){0,3}")


@dataclass(frozen=True)
class Sample:
    """A violation and the exact place of its event; `event_index` is null where the whole line is at fault.

    `payload` is the part of the line that it is about: keys, types and the contract's own values, nothing that
    names a person. `event_name`, `message` and `observed` are redacted, too.
    """

    quarantine_id: str
    site: str
    log_date: dt.date
    segment: str
    line: int
    event_index: int | None
    event_name: str | None
    code: str
    path: str
    message: str
    expected: str
    observed: str | None
    payload: str


def samples(connection: duckdb.DuckDBPyConnection, asked: Asked) -> list[Sample]:
    """The examples of `chosen`, as many a reason as asked for, sorted by reason."""
    if not asked.samples:
        return []
    parameters = {"samples": asked.samples, "reasons": list(asked.reasons)}
    rows = connection.execute(queries.SAMPLES, parameters).fetchall()
    ids = sorted({row[0] for row in rows})
    lines: dict[str, bytes] = dict(connection.execute(queries.RAW, {"ids": ids}).fetchall())
    return [_sample(row, lines[row[0]]) for row in rows]


def _sample(row: tuple[object, ...], line: bytes) -> Sample:
    fields: tuple[Any, ...] = (*row, "")  # the columns of queries.SAMPLES
    found = Sample(*fields)
    root = payload.parsed(line)
    return Sample(
        **vars(found)
        | {
            "event_name": found.event_name and redaction.redacted_text(found.event_name, root),
            "message": redaction.redacted_text(found.message, root),
            "observed": None if found.observed is None else _observed(found, found.observed, root),
            "payload": _payload(found, line, root),
        }
    )


def _observed(sample: Sample, observed: str, root: payload.Node | None) -> str:
    if sample.code == Code.ENCODING_INVALID and _BYTES.fullmatch(observed):
        return observed
    value = payload.parsed(observed.encode()) if sample.path else None
    if value is None or sample.path == "body_text":
        return scrub.mask(observed)
    return _text(redaction.redacted_value(value, _path(sample.path), root))


def _path(path: str) -> redaction.Path:
    """A violation's path as `redaction` knows it: from the line, without positions."""
    parts = tuple(re.sub(r"\[\d+\]", "", path).split("."))
    return parts if parts[0] in pointing.ENVELOPE else (*redaction.EVENT, *parts)


def _payload(sample: Sample, line: bytes, root: payload.Node | None) -> str:
    if root is None:
        text = scrub.mask(line[: 4 * TEXT].decode(errors="replace"))
        return text if len(text) <= TEXT else f"{text[:TEXT]}{scrub.MASK}"
    shown = redaction.redacted(root)
    leaving_out.leave_out_others(shown, sample.event_index)
    _leave_out_items(sample, shown)
    pointed = pointing.point(shown, sample.event_index, sample.path)
    marks = dict.fromkeys(pointed.steps, (1,)) if sample.path else {}
    return _text(shown, marks, _around(sample, shown))


def _leave_out_items(sample: Sample, shown: payload.Node) -> None:
    events = payload.member(payload.member(shown, "body"), "events")
    if sample.event_index is not None and isinstance(events, payload.Array):
        item = _ITEM.search(sample.path)
        params = payload.member(events.elements[sample.event_index], "params")
        leaving_out.shorten(payload.member(params, "items"), int(item[1]) if item else 0)


def _around(sample: Sample, shown: payload.Node) -> payload.Steps:
    """What is shown: the event; or the body or line around it, where the violation is about a field of theirs."""
    first, *inner = sample.path.split(".")
    if first in pointing.ENVELOPE and not inner:
        return ()
    return pointing.point(shown, sample.event_index, "body" if inner and first == "body" else "").steps[0]


def _text(node: payload.Node, marks: payload.Marks | None = None, at: payload.Steps = ()) -> str:
    lines = [
        f"{line.text}{MARK if line.violations else ''}" for line in payload.laid_out(node, WIDTH, marks, at)
    ]
    return "\n".join(lines if len(lines) <= LINES else [*lines[:LINES], scrub.MASK])
