"""The ready-made expressions: what each changes, what it leaves, and that twice is once."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rs_assets.contract.repairs.expressions import (
    any_item,
    default,
    event_is,
    item,
    json_text,
    micros_from_milliseconds,
    micros_from_seconds,
    number_from_string,
    renamed_event,
    string_from_integer,
    upper_case,
)

HELPERS = {
    "number_from_string": number_from_string("event_name"),
    "string_from_integer": string_from_integer("event_name"),
    "micros_from_milliseconds": micros_from_milliseconds("event_name"),
    "micros_from_seconds": micros_from_seconds("event_name"),
    "upper_case": upper_case("event_name"),
    "default": default("event_name", "EUR"),
    "renamed_event": renamed_event({"addToCart": "add_to_cart", "a": "b"}),
}
SCALARS = (
    st.none() | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
)
NEAR = st.sampled_from(
    ["addToCart", "a", "eur", "straße", "12.5", "-0", 1704189600, 1704189600000, "\u0149", "\x00"]
)
TEXTS = (SCALARS | NEAR | st.lists(NEAR, max_size=2)).map(lambda v: None if v is None else json_text(v))  # type: ignore[arg-type]


def given_by(expr: pl.Expr, *texts: str | None) -> list[str | None]:
    frame = pl.DataFrame({"event_name": texts}, schema={"event_name": pl.String})
    return frame.select(expr.alias("given"))["given"].to_list()


@pytest.mark.parametrize("name", HELPERS)
@settings(max_examples=150, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=20))
@example(texts=[None, '"12.5"', "12", "1704189600000", "1704189600", '"eur"', '"a"', '"\\n"'])
def test_applied_twice_they_give_what_they_give_once(name: str, texts: list[str | None]) -> None:
    once = given_by(HELPERS[name], *texts)
    assert given_by(HELPERS[name], *once) == once


@pytest.mark.parametrize(
    ("helper", "text", "becomes"),
    [
        ("number_from_string", '"12.5"', "12.5"),
        ("number_from_string", '"-3"', "-3"),
        ("number_from_string", '"12.50"', "12.50"),
        ("string_from_integer", "404", '"404"'),
        ("string_from_integer", "-1", '"-1"'),
        ("micros_from_milliseconds", "1704189600000", "1704189600000000"),
        ("micros_from_seconds", "1704189600", "1704189600000000"),
        ("upper_case", '"eur"', '"EUR"'),
        ("upper_case", '"é"', '"É"'),
        ("default", None, '"EUR"'),
        ("renamed_event", '"addToCart"', '"add_to_cart"'),
    ],
)
def test_they_mend_what_they_are_for(helper: str, text: str | None, becomes: str) -> None:
    assert given_by(HELPERS[helper], text) == [becomes]


@pytest.mark.parametrize(
    ("helper", "texts"),
    [
        ("number_from_string", [None, '"12,5"', '" 1"', '"1e3"', '"01"', '".5"', '"5."', '"NaN"', '"-"', '""']),
        ("number_from_string", ["12", "{}"]),
        ("number_from_string", ['"1\\n"', '"12"x', '"\u0661"', '["1"]', "true"]),
        ("string_from_integer", [None, "12.0", "1e3", '"404"', "true", "[]", "NaN"]),
        ("micros_from_milliseconds", [None, "170418960000", "1704189600000.0", '"1704189600000"', "0000000000000"]),
        ("micros_from_milliseconds", ["1704189600000000", "-1704189600000", "1704189600"]),
        ("micros_from_seconds", ["1704189600000", "17041896000", "170418960"]),
        ("upper_case", [None, '"a\\n"', '"\\u0001b"', "true", '{"a":"b"}', '["a"]']),
        ("default", ['""', "0", "false"]),
        ("renamed_event", [None, '"addtocart"', '" addToCart"', "5", "addToCart"]),
    ],
)  # fmt: skip
def test_they_leave_what_they_do_not_understand(helper: str, texts: list[str | None]) -> None:
    assert given_by(HELPERS[helper], *texts) == texts


def test_a_condition_on_names_takes_exactly_these() -> None:
    assert given_by(event_is("a", 'b"'), '"a"', '"b\\""', '"A"', "a", None) == [
        True,
        True,
        False,
        False,
        None,
    ]


def test_a_condition_on_items_holds_if_it_holds_for_one() -> None:
    lists = [None, [], [None], [{"price": None}], [{"price": "1"}], [{"price": "1"}, {"price": '"1"'}]]
    frame = pl.DataFrame({"items": lists}, schema={"items": pl.List(pl.Struct({"price": pl.String}))})
    held = frame.select(any_item(item("price").str.starts_with('"')))["items"]
    assert held.to_list() == [False] * 5 + [True]
