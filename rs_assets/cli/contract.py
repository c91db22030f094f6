"""`rs-assets contract`: what an event must be to be valid.

Belongs here: the command and its page. Does not belong here: the contract (`rs_assets.contract.description` reads
it), or its JSON Schema (`rs_assets.contract.json_schema`).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from rs_assets.cli import options, output
from rs_assets.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from rs_assets.contract.description import Contract, EventType, Field, Rule


def _known_event(name: str | None) -> str | None:
    if name is None:
        return None
    from rs_assets.contract.schemas import EVENT_TYPES

    if name not in EVENT_TYPES:
        close = get_close_matches(name, EVENT_TYPES, n=3)
        hint = (
            f"did you mean {' or '.join(close)}?" if close else "`rs-assets contract` lists those there are."
        )
        raise typer.BadParameter(f"{output.visible(name)!r} is no event of the contract; {hint}")
    return name


def contract(
    event: Annotated[
        str | None,
        typer.Argument(metavar="EVENT", callback=_known_event, help="Only this event type."),
    ] = None,
    json_schema: Annotated[
        bool,
        typer.Option(
            "--json-schema",
            help="Print a JSON Schema (draft 2020-12) of a request's body, for the teams that send events.",
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Show the contract: every event type, field and reason code.

    An event that is not so is quarantined, with the codes of all that is wrong with it.
    """
    if json and json_schema:
        raise typer.BadParameter("--json-schema is JSON already; give one of them.", param_hint="--json")
    from rs_assets.contract.description import describe

    found = describe() if event is None else describe([event])
    if json_schema:
        from rs_assets.contract.json_schema import json_schema as schema_of

        print_json(schema_of(found))
    elif json:
        print_json(found)
    else:
        _show(found)


def _show(found: Contract) -> None:
    console = output.out()
    types = output.plural(len(found.event_types), "event type")
    head = [
        ("contract", f"version {found.version}"),
        ("a request", f"1 to {found.max_events} events of {types}"),
    ]
    console.print(output.facts(head))
    _event_types(console, found.event_types)
    _fields(console, "Field of a request", found.event, found.shape_rules)
    _fields(console, "Field of an item (params.items)", found.item, found.item_rules)
    _fields(
        console, "Field of the log's line, written by the collector", found.envelope, found.envelope_rules
    )
    _meanings(console, "Reason for quarantine", found.codes)
    _meanings(console, "Flag of a valid event", found.flags)


def _event_types(console: Console, event_types: list[EventType]) -> None:
    asked = {event.name: _between(event.rules) for event in event_types}
    of_all = [text for text in next(iter(asked.values())) if all(text in texts for texts in asked.values())]
    made = output.table("Event type", "requires", "and", folded=["requires", "and"])
    for event in event_types:
        own = [text for text in asked[event.name] if text not in of_all]
        made.add_row(event.name, ", ".join(map(_required, event.requires)) or "-", "; ".join(own))
    console.print("", made)
    console.print(f"Each of them: {'; '.join(of_all)}.", style="dim")


def _required(field: Field) -> str:
    more = "; ".join(demand.expected for demand in field.demands)
    return field.path.removeprefix("params.") + (f" ({more})" if more else "")


def _between(rules: Iterable[Rule]) -> list[str]:
    """Rules between fields: as what must be there, or in their own words."""
    return [
        text
        for rule in rules
        for text in ([str(c) for c in rule.conditions] or [f"{rule.path} {rule.expected}"])
    ]


def _fields(console: Console, title: str, fields: Iterable[Field], rules: Iterable[Rule]) -> None:
    made = output.table(title, "kind", "expected", folded=[title, "expected"])
    for field in fields:
        said = [*(["required"] if field.required else []), *(demand.expected for demand in field.demands)]
        made.add_row(field.path, field.kind, "; ".join(said))
    for rule in rules:
        made.add_row(rule.path, "", rule.expected)
    console.print("", made)


def _meanings(console: Console, title: str, meanings: Mapping[str, str]) -> None:
    made = output.table(title, "meaning", folded=["meaning"])
    for code, meaning in meanings.items():
        made.add_row(code, meaning)
    console.print("", made)
