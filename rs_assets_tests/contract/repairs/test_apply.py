"""Repairs applied: what matches changes as declared, and nothing else, not even its place."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rs_assets.contract.parse import Parser
from rs_assets.contract.repairs.apply import repaired
from rs_assets.contract.repairs.expressions import (
    any_item,
    default,
    event_is,
    item,
    micros_from_milliseconds,
    number_from_string,
    renamed_event,
    string_from_integer,
    upper_case,
)
from rs_assets.contract.repairs.repair import ALL, Repair
from rs_assets.errors import UserError
from rs_assets_tests.logs import LOG_DATE, envelope, event

VALUE = pl.col("value")
STRINGS = Repair(
    "strings", 1, ALL, VALUE.str.starts_with('"'), {"value": number_from_string("value")},
)  # fmt: skip
NAMES = Repair(
    "names",
    3,
    ("shop-b",),
    event_is("addToCart"),
    {"event_name": renamed_event({"addToCart": "add_to_cart"})},
)
PRICES = Repair(
    "prices",
    1,
    ALL,
    any_item(item("price").str.starts_with('"')),
    items={"price": number_from_string("price")},
)
CURRENCY = Repair(
    "currency", 2, ALL, VALUE.is_not_null(), {"currency": default("currency", "EUR")}, first_log_date=LOG_DATE
)
CAPITALS = Repair("capitals", 1, ALL, pl.lit(True), {"currency": upper_case("currency")})
TIMES = Repair(
    "times", 1, ALL, pl.col("body_timestamp_micros").str.len_bytes() == 13,
    {"body_timestamp_micros": micros_from_milliseconds("body_timestamp_micros")},
    items={"item_id": string_from_integer("item_id")},
)  # fmt: skip
EACH = (STRINGS, NAMES, PRICES, CURRENCY, CAPITALS, TIMES)


def parsed(*lines: bytes) -> pl.DataFrame:
    with Parser() as parser:
        return parser.parse(lines)


def test_a_price_that_is_a_string_becomes_the_number_and_its_neighbours_stay() -> None:
    events = parsed(envelope(event(value="12.5"), event(value=3), event(value="x", a=1)), envelope(event()))
    after = repaired(events, [STRINGS], LOG_DATE)
    assert after["value"].to_list() == ["12.5", "3", '"x"', None]
    assert after["repairs"].to_list() == [["strings@1"], None, ["strings@1"], None]
    assert_frame_equal(after.drop("value", "repairs"), events.drop("value"))


def test_each_repair_sees_what_those_before_it_gave() -> None:
    events = parsed(envelope(event(value="5", currency="eur")))
    doubled = Repair("doubled", 1, ALL, VALUE == "5", {"value": VALUE + "0"})
    assert repaired(events, [STRINGS, doubled], LOG_DATE).select("value", "repairs").row(0) == (
        "50",
        ["strings@1", "doubled@1"],
    )
    assert repaired(events, [doubled, STRINGS], LOG_DATE).select("value", "repairs").row(0) == (
        "5",
        ["strings@1"],
    )


def test_the_transforms_of_one_repair_all_see_the_event_as_it_was_before_it() -> None:
    swap = Repair(
        "swap",
        1,
        ALL,
        pl.lit(True),
        {"value": pl.col("tax"), "tax": VALUE, "coupon": pl.lit(None, pl.String)},
    )
    after = repaired(parsed(envelope(event(value=1, tax=2, coupon="c"))), [swap], LOG_DATE)
    assert after.select("value", "tax", "coupon").row(0) == ("2", "1", None)


def test_a_repair_is_for_its_sites() -> None:
    events = parsed(envelope(event("addToCart")), envelope(event("addToCart"), site="shop-b"), b"{}")
    after = repaired(events, [NAMES], LOG_DATE)
    assert after["event_name"].to_list() == ['"addToCart"', '"add_to_cart"', None]
    assert after["repairs"].to_list() == [None, ["names@3"], None]


def test_items_are_mended_one_by_one_and_stay_in_their_lists() -> None:
    lists: list[object] = [
        [{"item_id": "a", "price": "1.5"}, {"price": "no"}, None, {"price": 2}],
        [],
        None,
        [{"item_id": "b", "price": 7}],
        [{"price": "8"}],
    ]
    events = parsed(envelope(*(event(items=items) for items in lists)))
    after = repaired(events, [PRICES], LOG_DATE)
    prices = [one and [i and i["price"] for i in one] for one in after["items"].to_list()]
    assert prices == [["1.5", '"no"', None, "2"], [], None, ["7"], ["8"]]
    assert after["items"][0][2] is None, "an item that is null is not one of nulls"
    assert after["items"][0][0]["item_id"] == '"a"'
    assert after["items"].to_list()[1:4] == events["items"].to_list()[1:4]
    assert after["repairs"].to_list() == [["prices@1"], None, None, None, ["prices@1"]]


def test_an_event_that_would_not_be_json_stays_as_received() -> None:
    broken = Repair(
        "broken", 1, ALL, pl.lit(True), {"value": VALUE.str.strip_suffix('"'), "tax": pl.lit("1")},
        items={"item_id": pl.col("item_id").str.replace("x", '"')},
    )  # fmt: skip
    items = [{"item_id": "ok"}, {"item_id": "x"}]
    events = parsed(envelope(event(value="12"), event(value=7), event(value=8, items=items), event(value={})))
    after = repaired(events, [broken], LOG_DATE)
    assert after["tax"].to_list() == [None, "1", None, "1"]
    assert after["repairs"].to_list() == [None, ["broken@1"], None, ["broken@1"]]
    assert_frame_equal(after.drop("tax", "repairs"), events.drop("tax"))


def test_where_no_repair_has_work_the_columns_are_the_same_memory() -> None:
    events = parsed(envelope(event(value="12.5")))
    for repairs, log_date in (([], LOG_DATE), ([CURRENCY], "2024-01-01"), ([NAMES], LOG_DATE)):
        after = repaired(events, repairs, log_date)
        assert after.columns == [*events.columns, "repairs"]
        assert after.schema["repairs"] == pl.List(pl.String)
        assert after["repairs"].null_count() == 1
        at, was = (f["fingerprint"].to_numpy().__array_interface__["data"] for f in (after, events))
        assert at == was
        assert_frame_equal(after.drop("repairs"), events)


def test_a_parameter_that_no_event_has_is_missing_in_all_of_them() -> None:
    events = parsed(envelope(event(value=1), event())).drop("currency", "tax", "coupon")
    taxed = Repair("taxed", 1, ALL, pl.col("tax").is_null(), {"coupon": default("coupon", "c")})
    after = repaired(events, [CURRENCY, taxed], LOG_DATE)
    assert after.columns == [*events.columns, "coupon", "currency", "tax", "repairs"]
    assert after.select("coupon", "currency", "tax").rows() == [('"c"', '"EUR"', None), ('"c"', None, None)]
    assert_frame_equal(after.select(events.columns), events)
    assert repaired(events, [], LOG_DATE).columns == [*events.columns, "repairs"]


def test_no_events_are_no_events() -> None:
    events = parsed(envelope(event())).clear()
    after = repaired(events, EACH, LOG_DATE)
    assert_frame_equal(after.drop("repairs"), events)
    assert after.schema["repairs"] == pl.List(pl.String)


def test_a_repair_that_polars_fails_over_is_named() -> None:
    events = parsed(envelope(event(value="12.5"))).drop("user_id")
    moved = Repair("moved", 1, ALL, pl.lit(True), {"value": pl.col("user_id")})
    with pytest.raises(UserError, match=rf"^The repair moved@1 fails on log date {LOG_DATE}: "):
        repaired(events, [moved], LOG_DATE)


MONEY = st.sampled_from([None, "12.5", "1,5", 3, 2.5, "", "eur", True, {"a": 1}])
ITEM = st.none() | st.fixed_dictionaries({"item_id": st.sampled_from(["a", 5]), "price": MONEY})
EVENT = st.builds(
    lambda name, params: {"name": name, "params": params},
    st.sampled_from(["addToCart", "add_to_cart", "page_view", 5]),
    st.fixed_dictionaries(
        {"page_title": st.text(max_size=3)},
        optional={
            "value": MONEY,
            "currency": st.sampled_from(["EUR", "eur", "e\n", 5]),
            "items": st.lists(ITEM),
        },
    ),
)
LINE = st.builds(
    lambda site, time, events: envelope(*events, site=site, body={"timestamp_micros": time}),
    st.sampled_from(["shop-a", "shop-b"]),
    st.sampled_from([None, 1704189600000, 1704189600000000]),
    st.lists(EVENT, max_size=4),
)
LOG = st.lists(LINE, min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(lines=LOG, repairs=st.permutations(EACH))
def test_rows_keep_their_order_and_what_does_not_match_keeps_every_column(
    lines: list[bytes], repairs: list[Repair]
) -> None:
    events = parsed(*lines)
    after = repaired(events, repairs, LOG_DATE)
    touched = {"items"}.union(*(r.transforms for r in repairs))
    fixed = [name for name in events.columns if name not in touched]
    assert after.columns == [*events.columns, "repairs"]
    assert_frame_equal(after.select(fixed), events.select(fixed))
    untouched = after["repairs"].is_null()
    assert_frame_equal(after.filter(untouched).drop("repairs"), events.filter(untouched))
    order = {r.label: n for n, r in enumerate(repairs)}
    for labels in after["repairs"].drop_nulls():
        places = [order[label] for label in labels]
        assert places == sorted(set(places))


@settings(max_examples=60, deadline=None)
@given(lines=LOG, repair=st.sampled_from(EACH))
def test_applied_twice_a_ready_made_repair_gives_what_it_gives_once(
    lines: list[bytes], repair: Repair
) -> None:
    once = repaired(parsed(*lines), [repair], LOG_DATE).drop("repairs")
    assert_frame_equal(repaired(once, [repair], LOG_DATE).drop("repairs"), once)


@settings(max_examples=40, deadline=None)
@given(lines=LOG, repairs=st.permutations(EACH), cut=st.integers(0, 24))
def test_a_batch_gives_what_its_parts_give(lines: list[bytes], repairs: list[Repair], cut: int) -> None:
    events = parsed(*lines)
    parts = [repaired(part, repairs, LOG_DATE) for part in (events[:cut], events[cut:])]
    assert_frame_equal(pl.concat(parts), repaired(events, repairs, LOG_DATE))
