"""One quarantined event at length.

Belongs here: the event, its violations, and where in its line each of them is. Does not belong here: pages; what
would make it valid (`remedies`). This is for whoever may see the event itself: nothing is redacted.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import duckdb

from rs_assets.contract.report import leaving_out, payload, pointing, remedies

FIND = """
SELECT quarantine_id, site, log_date, segment, line, event_index, received_at, event_name, contract_version, raw,
    violations
FROM quarantined_events
WHERE quarantine_id = $id
"""
WIDTH = 100


@dataclass(frozen=True)
class Violation:
    """A violation, where it is, and the sentence that says what would make the event valid.

    Attributes:
        pointer: the JSON pointer to the nearest part of the line that is there; null where the line is no JSON.
        missing: what is not there below it.
        position: where in a line that is no JSON, in characters from 0, if that is known.
    """

    code: str
    path: str
    message: str
    expected: str
    observed: str | None
    pointer: str | None
    missing: str
    position: int | None
    remedy: str


@dataclass(frozen=True)
class Explained:
    """A quarantined event.

    `raw` is its line as text, or null where that is not UTF-8 and `raw_base64` has it. `payload` is the line laid
    out, each line with the violations (from 1) that point at it, without the `left_out` other events of the
    request; it is empty where the line is no JSON.
    """

    quarantine_id: str
    site: str
    log_date: dt.date
    segment: str
    line: int
    event_index: int | None
    received_at: dt.datetime | None
    event_name: str | None
    contract_version: str
    raw: str | None
    raw_base64: str | None
    violations: list[Violation]
    payload: list[payload.Line]
    left_out: int

    def line_bytes(self) -> bytes:
        """The line as it was received."""
        return base64.b64decode(self.raw_base64) if self.raw_base64 is not None else (self.raw or "").encode()


def explain(
    connection: duckdb.DuckDBPyConnection, quarantine_id: str, *, width: int = WIDTH
) -> Explained | None:
    """The event of this id, laid out over lines of about `width`; None if there is none.

    Args:
        connection: it has the view `quarantined_events`; columns are read by name.
        quarantine_id: as reports show it.
        width: of the layout.
    """
    row = connection.execute(FIND, {"id": quarantine_id}).fetchone()
    if row is None:
        return None
    *place, line, found = row
    event_index = place[5]
    try:
        text, encoded = line.decode(), None
    except UnicodeDecodeError:
        text, encoded = None, base64.b64encode(line).decode()
    root = payload.parsed(line)
    marks: dict[payload.Steps, tuple[int, ...]] = defaultdict(tuple)
    violations = []
    for number, violation in enumerate(found, 1):
        said = {name: violation[name] for name in ("code", "path", "message", "expected", "observed")}
        pointed = pointing.point(root, event_index, said["path"]) if root is not None else None
        for steps in pointed.steps if pointed and pointed.pointer else ():
            marks[steps] += (number,)
        violations.append(
            Violation(
                **said,
                pointer=pointed.pointer if pointed else None,
                missing=pointed.missing if pointed else "",
                position=None if pointed else pointing.position(line, said["message"]),
                remedy=remedies.remedy(**said),
            )
        )
    left_out = leaving_out.leave_out_others(root, event_index) if root is not None else 0
    laid_out = payload.laid_out(root, width, marks) if root is not None else []
    fields = (*place, text, encoded, violations, laid_out, left_out)
    return Explained(*fields)
