"""The contract as a JSON Schema of a request's body (draft 2020-12), for the teams that send events.

Belongs here: how the schema is put together. Does not belong here: any fact of the contract (`description` reads
them), or the keywords for one check (`json_keywords`).

As strict as the contract, and no stricter: a field that is null is one that is not there, and a field that the
contract does not know is no fault. What no JSON Schema can say (it knows neither clocks nor repeated names) stands
in the `$comment` of what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable

from rs_assets.contract.description import Contract, EventType, Field
from rs_assets.contract.fields import OBJECT
from rs_assets.contract.json_keywords import Schema, between, comment, field, limit

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(contract: Contract) -> Schema:
    """The schema of a request's body that holds events of the contract's types. Each type is one of `$defs`."""
    names = [event.name for event in contract.event_types]
    of_one = f":{names[0]}" if len(names) == 1 else ""
    body = _object(_below("body.", contract.event))
    body["properties"]["events"] = {
        "type": "array",
        "minItems": 1,
        "maxItems": contract.max_events,
        "items": {"$ref": "#/$defs/Event"},
    }
    return {
        "$schema": DIALECT,
        "$id": f"urn:rs-assets:contract:{contract.version}{of_one}",
        "title": f"A GA4 request, contract version {contract.version}",
        **body,
        "required": [*body["required"], "events"],
        "$defs": {
            "Event": _any_event(contract, names),
            "Params": _any_params(contract),
            "Item": _object(_below("", contract.item)) | between(contract.item_rules),
            **{event.name: _event(event, contract) for event in contract.event_types},
        },
    }


def _any_event(contract: Contract, names: list[str]) -> Schema:
    made = _object(_below("", contract.event))
    made["properties"]["name"] |= {"enum": names}
    of_name = [
        {
            "if": {"required": ["name"], "properties": {"name": {"const": name}}},
            "then": {"$ref": f"#/$defs/{name}"},
        }
        for name in names
    ]
    return made | {"allOf": of_name} | comment(rule for rule in contract.shape_rules if not rule.path)


def _any_params(contract: Contract) -> Schema:
    made = _object(_below("params.", contract.event)) | {"type": ["object", "null"]}
    made["properties"]["items"] = {"type": ["array", "null"], "items": {"$ref": "#/$defs/Item"}}
    rules = [rule for rule in contract.shape_rules if rule.path == "params"]
    for rule in rules:
        limit(made, rule.limits, OBJECT)
    return made | comment(rules)


def _event(event: EventType, contract: Contract) -> Schema:
    """What an event type asks beyond what all of them do."""
    kinds = {one.path: one.kind for one in contract.event}
    required = _below("params.", event.requires)
    params: Schema = {"$ref": "#/$defs/Params"}
    if required:
        properties = {name: field(one, kinds.get(one.path, one.kind)) for name, one in required}
        params |= {"type": "object", "required": list(properties), "properties": properties}
    made: Schema = {"title": event.name, "properties": {"params": params | between(event.rules)}}
    return made | ({"required": ["params"]} if required else {}) | comment(event.rules)


def _below(prefix: str, fields: Iterable[Field]) -> list[tuple[str, Field]]:
    """The fields that lie right below a path, with their names there."""
    found = [(one.path.removeprefix(prefix), one) for one in fields if one.path.startswith(prefix)]
    return [(name, one) for name, one in found if "." not in name]


def _object(fields: list[tuple[str, Field]]) -> Schema:
    required = [name for name, one in fields if one.required]
    properties = {name: field(one) for name, one in fields}
    return {"type": "object"} | ({"required": required} if required else {}) | {"properties": properties}
