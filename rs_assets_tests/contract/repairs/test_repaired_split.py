"""The split with repairs: what is sound after them is valid, says so, and is still the event that was received."""

from __future__ import annotations

import polars as pl

from rs_assets.contract.repairs.expressions import json_text, number_from_string
from rs_assets.contract.repairs.repair import ALL, Repair
from rs_assets_tests.logs import Outcome, envelope, event, split_lines

VALUE = pl.col("value")
STRINGS = Repair("strings", 1, ALL, VALUE.str.starts_with('"'), {"value": number_from_string("value")})


def view(value: object) -> bytes:
    return envelope(event("view_item", value=value, currency="EUR", items=[{"item_id": "i"}]))


def repaired_split(*lines: bytes, repairs: tuple[Repair, ...] = (STRINGS,)) -> Outcome:
    return split_lines(*lines, repairs=repairs)  # type: ignore[arg-type]


def test_a_repaired_event_is_valid_and_names_its_repairs() -> None:
    outcome = repaired_split(view("12.5"), view(3), view("x"))
    assert outcome.valid.select("value", "repairs").rows() == [(12.5, ["strings@1"]), (3.0, None)]
    assert outcome.reasons == {(3, 0): ["TYPE_MISMATCH"]}
    assert outcome.quarantined["raw"].to_list() == [view("x")]


def test_an_event_is_identified_by_what_was_received() -> None:
    outcome = repaired_split(view("1"), view(1), view("1"))
    assert outcome.reasons == {(3, 0): ["DUPLICATE"]}
    as_received = split_lines(view(1)).valid["fingerprint"].to_list()
    assert outcome.valid["fingerprint"].to_list()[1:] == as_received


def test_an_escape_that_only_a_repair_wrote_is_resolved() -> None:
    quoted = Repair("quoted", 1, ALL, VALUE == "1", {"coupon": pl.lit(json_text('10" off'))})
    assert repaired_split(view(1), repairs=(quoted,)).valid["coupon"].to_list() == ['10" off']
