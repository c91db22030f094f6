from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator
from typer.testing import Result

from rs_assets.contract import schemas
from rs_assets.contract.codes import CONTRACT_VERSION, FLAG_MEANINGS, MEANINGS

Call = Callable[..., Result]
CallJson = Callable[..., Any]


def test_the_page_names_every_event_type_field_and_code(call: Call) -> None:
    text = call("contract", COLUMNS="200").stdout
    words = {line.split()[0] for line in text.splitlines() if line.strip()}
    assert words >= {*schemas.EVENT_TYPES, *map(str, MEANINGS), *map(str, FLAG_MEANINGS)}
    assert words >= {column.metadata["path"] for column in schemas.EVENT.columns.values()}
    assert words >= {*map(str, schemas.ITEM.columns), *map(str, schemas.ENVELOPE.columns)}
    assert f"version {CONTRACT_VERSION}" in text


def test_a_field_is_told_in_the_words_of_its_checks(call: Call) -> None:
    text = call("contract", COLUMNS="200").stdout
    lines = {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line.strip()}
    assert lines["params.value"] == "params.value number a number from 0 to 1,000,000,000,000"
    assert lines["body.client_id"].startswith("body.client_id string required; ")
    assert lines["purchase"].startswith("purchase transaction_id, value, items (at least one item)")


def test_an_event_narrows_the_page_to_what_it_requires(call: Call) -> None:
    text = call("contract", "search").stdout
    assert "search_term" in text and "add_to_cart" not in text


def test_the_json_schema_of_all_and_of_one(call_json: CallJson) -> None:
    for args, events in (((), set(schemas.EVENT_TYPES)), (("purchase",), {"purchase"})):
        schema = call_json("contract", "--json-schema", *args)
        Draft202012Validator.check_schema(schema)
        assert set(schema["$defs"]["Event"]["properties"]["name"]["enum"]) == events
        assert set(schema["$defs"]) == {"Event", "Params", "Item", *events}


def test_json_has_all_of_it(call_json: CallJson) -> None:
    found = call_json("contract", "--json")
    assert found["version"] == CONTRACT_VERSION
    assert [event["name"] for event in found["event_types"]] == list(schemas.EVENT_TYPES)
    assert found["codes"] == {str(code): meaning for code, meaning in MEANINGS.items()}
    (purchase,) = call_json("contract", "purchase", "--json")["event_types"]
    assert [field["path"] for field in purchase["requires"]][:1] == ["params.transaction_id"]


def test_an_event_that_is_none_is_a_wrong_call(call: Call) -> None:
    result = call("contract", "purchas")
    assert result.exit_code == 2
    assert "did you mean purchase?" in " ".join(result.output.replace("│", " ").split())


def test_two_formats_at_once_are_a_wrong_call(call: Call) -> None:
    assert call("contract", "--json", "--json-schema").exit_code == 2
