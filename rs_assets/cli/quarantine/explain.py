"""One quarantined event at length.

Belongs here: finding it, and its page. Does not belong here: what would make it valid (`remedies`), or how its
payload is laid out (`payload`).
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import asdict, dataclass

import duckdb
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.padding import Padding
from rich.text import Text

from rs_assets.cli import output
from rs_assets.cli.quarantine import payload, remedies
from rs_assets.errors import UserError
from rs_assets.lake import Lake

FIND = """
SELECT quarantine_id, site, log_date, segment, line, event_index, received_at, event_name, contract_version, raw,
    violations
FROM quarantined_events
WHERE quarantine_id = $id
"""


@dataclass(frozen=True)
class Violation:
    """A violation, and the sentence that says what would make the event valid."""

    code: str
    path: str
    message: str
    expected: str
    observed: str | None
    remedy: str


@dataclass(frozen=True)
class Explained:
    """A quarantined event. `raw` is its line as text, or null where that is not UTF-8 and `raw_base64` has it."""

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


def show(connection: duckdb.DuckDBPyConnection, lake: Lake, quarantine_id: str, *, json: bool) -> None:
    """Print one quarantined event.

    Raises:
        UserError: there is none of this id.
    """
    rows = connection.execute(FIND, {"id": quarantine_id}).fetchall()
    if not rows:
        raise UserError(
            f"No event of the environment {lake.environment} has the quarantine id {quarantine_id!r}.",
            "`rs-assets quarantine` shows ids; after a change of the contract and a replay, an event may be valid.",
        )
    *place, raw, found = rows[0]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = None
    violations = [Violation(**violation, remedy=remedies.remedy(**violation)) for violation in found]
    encoded = base64.b64encode(raw).decode() if text is None else None
    fields = (*place, text, encoded, violations)
    explained = Explained(*fields)
    if json:
        output.print_json(asdict(explained))
    else:
        _page(output.out(), explained, raw)


def _page(console: Console, event: Explained, raw: bytes) -> None:
    whole = "the whole line" if event.event_index is None else f"{event.event_index}, counted from 0"
    found = [
        ("quarantine id", event.quarantine_id),
        ("site", event.site),
        ("log date", str(event.log_date)),
        ("segment", event.segment),
        ("line", str(event.line)),
        ("event", f"{whole}{'' if event.event_name is None else f', {event.event_name}'}"),
        ("received at", "-" if event.received_at is None else f"{event.received_at.isoformat()}Z"),
        ("contract", f"version {event.contract_version}"),
    ]
    console.print(output.facts(found))
    _raw(console, event, raw)
    for number, violation in enumerate(event.violations, 1):
        counted = f"{number} of {len(event.violations)}" if len(event.violations) > 1 else ""
        console.print("", Text.assemble((violation.code, "bold yellow"), f"  {counted}"), sep="\n")
        rows = [
            ("what", violation.message),
            ("path", violation.path or "-"),
            ("expected", violation.expected),
            ("observed", "-" if violation.observed is None else violation.observed),
            ("to be valid", Text(output.visible(violation.remedy), style="green")),
        ]
        console.print(Padding(output.facts(rows), (0, 0, 0, 2)))


def _raw(console: Console, event: Explained, raw: bytes) -> None:
    console.print()
    laid_out = payload.laid_out(raw, event.event_index, console.width)
    if laid_out is None:
        console.rule("the line, which is not JSON", align="left", style="dim")
        shown = raw.decode(errors="backslashreplace") or "nothing of it could be read"
        console.print(output.cell(shown), soft_wrap=True)
        return
    console.rule("the line", align="left", style="dim")
    text = output.visible_lines(laid_out.text)
    JSONHighlighter().highlight(text)
    console.print(text, soft_wrap=True)
    if laid_out.left_out:
        others = output.plural(laid_out.left_out, "other event")
        console.print(f"{others} of the same request not shown; --json has the line as it is", style="dim")
