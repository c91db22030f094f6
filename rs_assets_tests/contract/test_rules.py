"""Compiling schemas: each check is one rule, and what cannot be part of the pass is refused with its name."""

from __future__ import annotations

from collections.abc import Callable

import pandera.polars as pa
import polars as pl
import pytest

from rs_assets.contract import schemas
from rs_assets.contract.codes import MEANINGS, Code
from rs_assets.contract.fields import Expectation, check, column, frame_check, number, required, text
from rs_assets.contract.judge import EVENT_RULES, ITEM_RULES
from rs_assets.contract.rules import compile_schema, for_event_types
from rs_assets.contract.schemas.event_type import event_type
from rs_assets.contract.verdict import failures

ALL = [schemas.ENVELOPE, schemas.EVENT, schemas.EVENT_NAME, schemas.ITEM, *schemas.EVENT_TYPES.values()]


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_every_check_of_the_contract_is_one_rule_in_the_order_of_its_declaration(
    schema: pa.DataFrameSchema,
) -> None:
    declared = [(name, str(one.name)) for name, col in schema.columns.items() for one in col.checks]
    declared += [(None, str(one.name)) for one in schema.checks]
    rules = compile_schema(schema)
    assert [(rule.column, rule.code) for rule in rules] == declared
    assert all(rule.expected and rule.message for rule in rules)
    assert {rule.code for rule in rules} <= set(Code)


def test_every_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Code)


def test_a_rule_says_where_it_looks_in_the_payload() -> None:
    paths = {rule.path for rule in EVENT_RULES}
    assert {"received_at", "body.client_id", "timestamp_micros", "params.value", "name"} <= paths
    assert "" not in paths
    assert {rule.path for rule in ITEM_RULES} >= {"item_id", "price", ""}


def declared(one: pa.Check) -> pa.DataFrameSchema:
    return pa.DataFrameSchema({"value": column("params.value", "any", [one])}, name="made up")


def says(function: Callable[..., object], **how: bool) -> pa.Check:
    expectation = Expectation("something", "is not so")
    return pa.Check(function, name="ODD", statistics={"says": expectation}, **how)


REFUSED = {
    "element-wise": says(lambda value: value > "0", element_wise=True),
    "element-wise over anything": says(lambda value: True, element_wise=True),
    "a constant": says(lambda data: True),
    "a collected frame": says(lambda data: data.lazyframe.collect()["value"] > "0"),
    "a filter": says(lambda data: data.lazyframe.filter(pl.col(data.key) > "0")),
    "a filter and a selection": says(lambda data: data.lazyframe.filter(pl.lit(True)).select(pl.lit(True))),
    "nothing selected": says(lambda data: data.lazyframe),
    "two expressions": says(lambda data: data.lazyframe.select(pl.lit(True), pl.lit(False))),
    "a list of expressions": says(lambda data: data.lazyframe.select([pl.lit(True), pl.lit(False)])),
    "a selection of a selection": says(lambda data: data.lazyframe.select("value").select(pl.lit(True))),
    "a name": says(lambda data: data.lazyframe.select("value")),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_one_expression_is_refused_and_named(kind: str) -> None:
    with pytest.raises(TypeError, match=r"^made up: the check ODD of value is not one polars expression\.$"):
        compile_schema(declared(REFUSED[kind]))


@pytest.mark.parametrize("kind", REFUSED)
def test_a_whole_frame_check_is_held_to_the_same(kind: str) -> None:
    schema = pa.DataFrameSchema({}, checks=[REFUSED[kind]], name="made up")
    with pytest.raises(TypeError, match="the check ODD of None is not one polars expression"):
        compile_schema(schema)


@pytest.mark.parametrize(
    "one",
    [
        pa.Check(lambda data: data.lazyframe.select(pl.col(data.key) > "0"), name="ODD"),
        pa.Check.gt("0", name="ODD"),
        pa.Check(lambda data: True, name="ODD", statistics={"says": "something"}),
    ],
)
def test_a_check_that_does_not_say_what_it_expects_is_refused_and_named(one: pa.Check) -> None:
    with pytest.raises(
        TypeError, match=r"made up: the check ODD of value was not made by contract\.fields\."
    ):
        compile_schema(declared(one))


def failing(schema: pa.DataFrameSchema, values: list[str | None]) -> list[tuple[int, str]]:
    frame = pl.DataFrame({"value": values}, schema={"value": pl.String})
    return list(failures(frame, compile_schema(schema)).select("row", "code").sort("row", "code").iter_rows())


def test_a_rule_is_never_null_and_says_what_it_saw() -> None:
    schema = pa.DataFrameSchema({"value": text("params.value", required())}, name="made up")
    assert failing(schema, ['"a"', None, "5", "null"]) == [
        (1, "FIELD_MISSING"),
        (2, "TYPE_MISMATCH"),
        (3, "TYPE_MISMATCH"),
    ]
    frame = pl.DataFrame({"value": ["5" * 300]})
    [violation] = failures(frame, compile_schema(schema)).to_dicts()
    assert violation == {
        "row": 0,
        "rule": 0,
        "code": "TYPE_MISMATCH",
        "path": "params.value",
        "message": "params.value must be a string",
        "expected": "a string",
        "observed": "5" * 200,
    }


def test_limits_are_allowed_themselves() -> None:
    schema = pa.DataFrameSchema({"value": number("v", at_least=0, at_most=10)}, name="made up")
    assert failing(schema, ["0", "10", "-0.001", "10.001", "1e1", None]) == [
        (2, "OUT_OF_RANGE"),
        (3, "OUT_OF_RANGE"),
    ]


def test_a_check_may_hold_against_null() -> None:
    strict = check(Code.ENUM_INVALID, lambda c: c == "1", "1", "must be 1", on_null=False)
    assert failing(declared(strict), ["1", None, "2"]) == [(1, "ENUM_INVALID"), (2, "ENUM_INVALID")]
    lax = check(Code.ENUM_INVALID, lambda c: c == "1", "1", "must be 1")
    assert failing(declared(lax), ["1", None, "2"]) == [(2, "ENUM_INVALID")]


def test_a_whole_frame_check_points_at_its_path() -> None:
    pair = frame_check(Code.OUT_OF_RANGE, pl.col("a") < pl.col("b"), "a < b", "is not below b", "params.a")
    [rule] = compile_schema(pa.DataFrameSchema({}, checks=[pair], name="made up"))
    frame = pl.DataFrame({"a": [1, 2, None], "b": [2, 2, 1]})
    assert failures(frame, [rule]).select("row", "path", "message").rows() == [
        (1, "params.a", "params.a is not below b")
    ]


def test_the_rules_of_an_event_type_hold_for_its_events_only() -> None:
    types = {
        "buy": event_type("buy", "value", "items"),
        "view": event_type("view", "value"),
        "read": event_type("read"),
    }
    rules = for_event_types(types)
    assert [(rule.code, rule.path) for rule in rules] == [
        ("FIELD_MISSING", "params.value"),
        ("FIELD_MISSING", "params.items"),
        ("ITEMS_MALFORMED", "params.items"),
    ]
    frame = pl.DataFrame(
        {"event_name": ['"buy"', '"view"', '"read"', '"other"', "buy", None], "value": None, "items": None},
        schema={"event_name": pl.String, "value": pl.String, "items": pl.List(pl.Struct({"i": pl.String}))},
    )
    assert failures(frame, rules).select("row", "path").sort("row", "path").rows() == [
        (0, "params.items"),
        (0, "params.value"),
        (1, "params.value"),
    ]
    empty = frame.with_columns(items=pl.lit([], dtype=frame.schema["items"]), value=pl.lit("1"))
    assert failures(empty, rules).select("row", "code").rows() == [(0, "ITEMS_MALFORMED")]


def test_no_row_is_judged_without_harm() -> None:
    schema = pa.DataFrameSchema({"value": number("v", at_least=0, at_most=1)}, name="made up")
    assert failing(schema, []) == []
