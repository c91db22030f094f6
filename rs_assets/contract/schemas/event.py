"""The event's schema: the fields that mean the same on every event, whichever site sent it.

`event_micros` and `received_time` stand beside the JSON text, computed once (`candidates`).

Belongs here: who and when (the body's fields), the parameters with their types and ranges, and the rules
between them. Does not belong here: which parameters an event type requires (the family modules beside this
one), and what an item is (`items`). Facts: Google's GA4 event builder and Measurement Protocol reference.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import (
    check,
    filled,
    frame_check,
    integer,
    integer_of,
    is_string,
    number,
    required,
    scalar,
    text,
    within,
)

MONEY_MAX = 1e12  # more than any order in any currency; sums of it stay exact
DAY_MSEC = 86_400_000
EARLIEST_MICROS = (
    946_684_800_000_000  # 2000-01-01: GA4 began later, and milliseconds read as micros fall below
)
FUTURE_MICROS = 15 * 60 * 1_000_000  # clocks of clients drift; more than a quarter of an hour is no drift


def timestamp(path: str) -> pa.Column:
    """Microseconds since 1970-01-01 UTC."""
    return integer(
        path,
        check(
            Code.TS_INVALID,
            lambda c: integer_of(c) >= EARLIEST_MICROS,
            "microseconds since 1970, in or after the year 2000",
            "is no time in microseconds since 1970 (13 digits are milliseconds, 10 are seconds)",
        ),
    )


def event_micros() -> pl.Expr:
    """When it happened: the event's own time, else the body's, else when it was received. Microseconds."""
    sent = (integer_of(pl.col(f"{of}_timestamp_micros")) for of in ("event", "body"))
    return pl.coalesce(*sent, pl.col("received_time").dt.epoch("us"))


def _currency() -> pa.Column:
    iso = check(
        Code.ENUM_INVALID,
        lambda c: ~is_string(c) | c.str.contains(r'^"[A-Z]{3}"$'),
        "an ISO 4217 code such as EUR",
        "must be three capital letters (ISO 4217)",
    )
    return text("params.currency", iso)


BODY = {
    "client_id": text("body.client_id", filled(Code.CLIENT_ID_MISSING)),
    "user_id": text("body.user_id"),
    "body_timestamp_micros": timestamp("body.timestamp_micros"),
    "event_timestamp_micros": timestamp("timestamp_micros"),
}

PARAMS = {
    "session_id": scalar("params.session_id"),
    "engagement_time_msec": integer("params.engagement_time_msec", within(0, DAY_MSEC)),
    "page_location": text("params.page_location"),
    "page_referrer": text("params.page_referrer"),
    "page_title": text("params.page_title"),
    "value": number("params.value", at_least=0, at_most=MONEY_MAX),
    "currency": _currency(),
    "transaction_id": text("params.transaction_id"),
    "tax": number("params.tax", at_least=0, at_most=MONEY_MAX),
    "shipping": number("params.shipping", at_least=0, at_most=MONEY_MAX),
    "coupon": text("params.coupon"),
    "affiliation": text("params.affiliation"),
    "payment_type": text("params.payment_type"),
    "shipping_tier": text("params.shipping_tier"),
    "item_list_id": text("params.item_list_id"),
    "item_list_name": text("params.item_list_name"),
    "search_term": text("params.search_term"),
    "method": text("params.method"),
}

EVENT = pa.DataFrameSchema(
    {**BODY, **PARAMS},
    checks=[
        frame_check(
            Code.VALUE_CURRENCY_PAIR,
            pl.col("value").is_null() == pl.col("currency").is_null(),
            "both value and currency, or neither",
            "says nothing without the other of value and currency",
            "params.currency",
        ),
        frame_check(
            Code.TS_FUTURE,
            pl.col("event_micros") <= pl.col("received_time").dt.epoch("us") + FUTURE_MICROS,
            "a time at most 15 minutes after received_at",
            "lies more than 15 minutes after the event was received",
            "timestamp_micros",
        ),
    ],
    name="event",
)


def event_name(known: tuple[str, ...]) -> pa.DataFrameSchema:
    """The schema of the event's name: one of the contract's."""
    quoted = [f'"{name}"' for name in known]
    in_contract = check(
        Code.EVENT_UNKNOWN,
        lambda c: ~is_string(c) | c.is_in(quoted),
        "an event name of the contract",
        "is not an event of the contract",
    )
    return pa.DataFrameSchema({"event_name": text("name", required(), in_contract)}, name="event name")
