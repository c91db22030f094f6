"""The page of one quarantined event.

Belongs here: its layout on a terminal. Does not belong here: finding and pointing
(`rs_assets.contract.report.explain`).
"""

from __future__ import annotations

import duckdb
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.padding import Padding
from rich.text import Text

from rs_assets.cli import output
from rs_assets.contract.report.explain import Explained, Violation, explain
from rs_assets.contract.report.payload import Line
from rs_assets.errors import UserError
from rs_assets.lake import Lake

POINTER = 26
"""Characters that a mark at the end of a line takes."""
AROUND = 30
"""Characters of a line that is no JSON, on either side of the fault."""


def show(connection: duckdb.DuckDBPyConnection, lake: Lake, quarantine_id: str, *, json: bool) -> None:
    """Print one quarantined event.

    Raises:
        UserError: there is none of this id.
    """
    console = output.out()
    event = explain(connection, quarantine_id, width=max(40, console.width - POINTER))
    if event is None:
        raise UserError(
            f"No event of the environment {lake.environment} has the quarantine id {quarantine_id!r}.",
            "`rs-assets quarantine` shows ids; after a change of the contract and a replay, an event may be valid.",
        )
    if json:
        output.print_json(
            vars(event) | {"payload": [line.text + _mark(event, line) for line in event.payload]}
        )
        return
    _page(console, event)


def _page(console: Console, event: Explained) -> None:
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
    _line(console, event)
    for number, violation in enumerate(event.violations, 1):
        counted = f"{number} of {len(event.violations)}" if len(event.violations) > 1 else ""
        console.print("", Text.assemble((violation.code, "bold yellow"), f"  {counted}"), sep="\n")
        rows = [
            ("what", violation.message),
            ("path", violation.path or "-"),
            ("where", _where(violation)),
            ("expected", violation.expected),
            ("observed", "-" if violation.observed is None else violation.observed),
            ("to be valid", Text(output.visible(violation.remedy), style="green")),
        ]
        console.print(Padding(output.facts(rows), (0, 0, 0, 2)))


def _where(violation: Violation) -> str:
    if violation.pointer is None:
        return "-" if violation.position is None else f"character {violation.position + 1:,} of the line"
    place = violation.pointer or "the line"
    return f"{place}, which has no {violation.missing}" if violation.missing else place


def _line(console: Console, event: Explained) -> None:
    console.print()
    if not event.payload:
        _text(console, event)
        return
    console.rule("the line", align="left", style="dim")
    for line in event.payload:
        text = output.visible_lines(line.text)
        JSONHighlighter().highlight(text)
        if line.violations:
            text.stylize("bold red")
            text.append(_mark(event, line), style="bold red")
        console.print(text, soft_wrap=True)
    if event.left_out:
        others = output.plural(event.left_out, "other event")
        console.print(f"{others} of the same request not shown; --json has the line as it is", style="dim")


def _mark(event: Explained, line: Line) -> str:
    codes = ", ".join(f"{n} {event.violations[n - 1].code}" for n in line.violations)
    return f"  ◀ {codes}" if codes else ""


def _text(console: Console, event: Explained) -> None:
    """A line that is no JSON, whole, and again around what is at fault."""
    console.rule("the line, which is not JSON", align="left", style="dim")
    text = event.line_bytes().decode(errors="backslashreplace")
    console.print(output.cell(text or "nothing of it could be read"), soft_wrap=True)
    for violation in event.violations:
        if (at := violation.position) is not None:
            before, after = output.visible(text[max(0, at - AROUND) : at]), text[at : at + AROUND]
            console.print("", output.cell(before + output.visible(after), "dim"), sep="\n", soft_wrap=True)
            console.print(Text(f"{' ' * len(before)}▲ {violation.code}", style="bold red"), soft_wrap=True)
