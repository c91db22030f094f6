"""The JSON Schema against the split: what one calls valid, the other does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from rs_assets.contract import schemas
from rs_assets.contract.codes import Code
from rs_assets.contract.description import Contract, describe
from rs_assets.contract.json_schema import json_schema
from rs_assets.log import RawLog
from rs_assets.log.blocks import read_batches
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.logs import MICROS, envelope, event, split_lines

ITEM = {"item_id": "i"}
PAID = {"value": 1.5, "currency": "EUR"}
SOUND: dict[str, object] = {**PAID, "transaction_id": "t", "items": [ITEM], "search_term": "s"} | {
    name: "x" for name in ("achievement_id", "virtual_currency_name")
}
SCORED = {**SOUND, "score": 1, "level": 2.5}


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema(describe())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def bought(**params: object) -> dict[str, object]:
    return event("purchase", **{**SOUND, **params})


def without(name: str, event_name: str = "purchase") -> dict[str, object]:
    return event(event_name, **{n: value for n, value in SCORED.items() if n != name})


def body(*events: object, **fields: object) -> dict[str, object]:
    return {"client_id": "c", "events": list(events), **fields}


FINE: dict[str, dict[str, object]] = {
    **{f"a sound {name}": body(event(name, **SCORED)) for name in schemas.EVENT_TYPES},
    "fields that are null": body(event(page_title=None, value=None, currency=None, items=None), user_id=None),
    "no params": body({"name": "page_view"}),
    "params that are null": body({"name": "page_view", "params": None}),
    "no item where none is required": body(event(items=[])),
    "an item by its name": body(bought(items=[{"item_id": None, "item_name": "n", "price": 0}])),
    "fields the contract does not know": body(event(a=1, b="x"), c=[1]),
    "a whole number with a point": body(event(engagement_time_msec=12.0)),
    "a session_id that is a number": body(event(session_id=1704189600)),
    "a time": body({"name": "page_view", "timestamp_micros": MICROS}, timestamp_micros=MICROS),
    "consent": body(event(), consent={"ad_user_data": "GRANTED", "ad_personalization": "DENIED"}),
    "a virtual value": body(event("spend_virtual_currency", value=5, virtual_currency_name="gems")),
    "a text of 100 characters": body(event(method="é" * 100)),
    "25 parameters": body(event(**{f"p{n}": n for n in range(25)})),
    "25 events": body(*[event(page_title=str(n)) for n in range(25)]),
}

BROKEN: dict[str, tuple[Code, dict[str, object]]] = {
    "no client_id": (Code.CLIENT_ID_MISSING, {"events": [event()]}),
    "an empty client_id": (Code.CLIENT_ID_MISSING, body(event(), client_id="")),
    "a client_id that is a number": (Code.TYPE_MISMATCH, body(event(), client_id=5)),
    "a user_id that is a number": (Code.TYPE_MISMATCH, body(event(), user_id=5)),
    "user_properties that are a text": (Code.TYPE_MISMATCH, body(event(), user_properties="x")),
    "consent that is neither": (Code.ENUM_INVALID, body(event(), consent={"ad_user_data": "YES"})),
    "a body's time in seconds": (Code.TS_INVALID, body(event(), timestamp_micros=1704189600)),
    "no events": (Code.FIELD_MISSING, {"client_id": "c"}),
    "events that are empty": (Code.FIELD_MISSING, body()),
    "events that are an object": (Code.TYPE_MISMATCH, {"client_id": "c", "events": event()}),
    "26 events": (Code.TOO_MANY_EVENTS, body(*[event(page_title=str(n)) for n in range(26)])),
    "an event that is a text": (Code.TYPE_MISMATCH, body("page_view")),
    "no name": (Code.FIELD_MISSING, body({"params": {}})),
    "a name that is null": (Code.FIELD_MISSING, body({"name": None})),
    "a name that is unknown": (Code.EVENT_UNKNOWN, body(event("Page_View"))),
    "a name that is Google's": (Code.NAME_RESERVED, body(event("session_start"))),
    "a name that is none": (Code.NAME_INVALID, body(event("page view"))),
    "a time in milliseconds": (
        Code.TS_INVALID,
        body({"name": "page_view", "timestamp_micros": 1704189600000}),
    ),
    "a time that no integer holds": (
        Code.TYPE_MISMATCH,
        body({"name": "page_view", "timestamp_micros": 2e19}),
    ),
    "params that are an array": (Code.TYPE_MISMATCH, body({"name": "page_view", "params": [1]})),
    "26 parameters": (Code.TOO_MANY_PARAMS, body(event(**{f"p{n}": n for n in range(26)}))),
    "a parameter whose name is none": (Code.NAME_INVALID, body(event(**{"a-b": 1}))),
    "a parameter whose name is Google's": (Code.NAME_RESERVED, body(event(ga_x=1))),
    "a text that is a number": (Code.TYPE_MISMATCH, body(event(page_title=5))),
    "a text of 101 characters": (Code.VALUE_TOO_LONG, body(event(method="é" * 101))),
    "a value that is a text": (Code.TYPE_MISMATCH, body(bought(value="12.5"))),
    "a value that is true": (Code.TYPE_MISMATCH, body(bought(value=True))),
    "a value below zero": (Code.OUT_OF_RANGE, body(bought(value=-0.01))),
    "a value above its range": (Code.OUT_OF_RANGE, body(bought(value=1e12 + 1))),
    "a value without currency": (Code.VALUE_CURRENCY_PAIR, body(event(value=1))),
    "a value with a currency of null": (Code.VALUE_CURRENCY_PAIR, body(event(value=1, currency=None))),
    "a currency without value": (Code.VALUE_CURRENCY_PAIR, body(event(currency="EUR"))),
    "a currency that is none": (Code.ENUM_INVALID, body(bought(currency="euro"))),
    "a session_id with a fraction": (Code.TYPE_MISMATCH, body(event(session_id=1.5))),
    "a session_id that is false": (Code.TYPE_MISMATCH, body(event(session_id=False))),
    "a whole number with a fraction": (Code.TYPE_MISMATCH, body(event(engagement_time_msec=12.5))),
    "a whole number above its range": (Code.OUT_OF_RANGE, body(event(engagement_time_msec=86_400_001))),
    "items that are an object": (Code.ITEMS_MALFORMED, body(event(items={}))),
    "no item where one is required": (Code.ITEMS_MALFORMED, body(bought(items=[]))),
    "an item that is a text": (Code.ITEMS_MALFORMED, body(bought(items=["i"]))),
    "an item that names none": (Code.ITEMS_MALFORMED, body(bought(items=[{"price": 1}]))),
    "an item of null fields": (Code.ITEMS_MALFORMED, body(bought(items=[{"item_id": None}]))),
    "a price that is a text": (Code.TYPE_MISMATCH, body(bought(items=[{**ITEM, "price": "1"}]))),
    "a quantity of none": (Code.OUT_OF_RANGE, body(bought(items=[{**ITEM, "quantity": 0}]))),
    "a required parameter that is null": (Code.FIELD_MISSING, body(bought(transaction_id=None))),
    **{
        f"a {name} without {one.path}": (
            Code.FIELD_MISSING,
            body(without(one.path.removeprefix("params."), name)),
        )
        for name, requires in ((t.name, t.requires) for t in describe().event_types)
        for one in requires
    },
}


@pytest.mark.parametrize("name", FINE)
def test_what_the_split_calls_valid_the_schema_does(validator: Draft202012Validator, name: str) -> None:
    assert not split_lines(envelope(body=FINE[name])).reasons
    assert [error.message for error in validator.iter_errors(FINE[name])] == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_split_quarantines_the_schema_refuses(validator: Draft202012Validator, name: str) -> None:
    code, broken = BROKEN[name]
    line = orjson.dumps(orjson.loads(envelope()) | {"body": broken})
    assert any(code in reasons for reasons in split_lines(line).reasons.values())
    assert not validator.is_valid(broken)


def _bodies(root: Path) -> Iterator[dict[str, Any]]:
    generate(
        Plan(days=1, events=800, sites=("shop-a",), broken=0), str(root / "raw"), str(root / "truth.csv")
    )
    log = RawLog(str(root / "raw"))
    for batch in read_batches(log, log.log_dates()[0]):
        yield from (orjson.loads(batch.text(k))["body"] for k in range(len(batch)))


def test_the_generators_sound_events_are_valid(validator: Draft202012Validator, tmp_path: Path) -> None:
    bodies = list(islice(_bodies(tmp_path), 400))
    assert len(bodies) > 100
    wrong = [(error.json_path, error.message) for one in bodies for error in validator.iter_errors(one)]
    assert wrong == []


def test_a_schema_of_one_event_type_takes_no_other() -> None:
    schema = json_schema(describe(["search"]))
    assert set(schema["$defs"]) == {"Event", "Params", "Item", "search"}
    one = Draft202012Validator(schema)
    assert one.is_valid(body(event("search", search_term="s")))
    assert not one.is_valid(body(event("page_view")))


def test_a_missing_currency_is_told_in_one_sentence(validator: Draft202012Validator) -> None:
    (error,) = validator.iter_errors(body(event(value=1)))
    assert (error.message, error.json_path) == ("'currency' is a required property", "$.events[0].params")


def _limits(contract: Contract) -> set[str]:
    fields = [
        *contract.event,
        *contract.item,
        *(one for event in contract.event_types for one in event.requires),
    ]
    return {name for one in fields for demand in one.demands for name in demand.limits} | {
        name for rule in (*contract.shape_rules, *contract.item_rules) for name in rule.limits
    }


def test_every_limit_of_a_check_is_one_that_the_schema_knows() -> None:
    known = {"required", "at_least", "at_most", "pattern", "members", "names", "no_names"}
    assert _limits(describe()) == known


def test_what_no_keyword_says_is_said_in_a_comment() -> None:
    definitions = json_schema(describe())["$defs"]
    assert definitions["purchase"]["$comment"].startswith("TS_FUTURE: ")
    assert "NAME_DUPLICATED" in definitions["Params"]["$comment"]
