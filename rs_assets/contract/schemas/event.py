"""The event's schema: the fields that mean the same on every event, whichever site sent it.

`event_micros` and `received_time` stand beside the JSON text, computed once (`candidates`).

Belongs here: who and when (the body's fields), the parameters with their types and ranges, and the rules
between them. Does not belong here: which parameters an event type requires or brings (`events`), and what an item
is (`items`). Facts: Google's GA4 event builder and Measurement Protocol reference.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandera.polars as pa
import polars as pl

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import (
    TEXT,
    check,
    column,
    filled,
    frame_check,
    integer,
    integer_of,
    is_string,
    json_object,
    number,
    required,
    scalar,
    text,
    written_out,
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
            quick=lambda c: (written_out(c) >= EARLIEST_MICROS).fill_null(False) | c.is_null(),
            at_least=EARLIEST_MICROS,
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
        pattern="^[A-Z]{3}$",
    )
    return text("params.currency", iso)


def _consent() -> pa.Column:
    said = check(
        Code.ENUM_INVALID,
        lambda c: ~c.str.contains(f'"{ABOUT_ADS}":') | c.str.contains(CONSENT),
        "ad_user_data and ad_personalization as GRANTED or DENIED",
        "says something else than GRANTED or DENIED",
        members={f"^{ABOUT_ADS}$": f"^{SAID}$"},
    )
    return json_object("body.consent", said)


ABOUT_ADS, SAID = "ad_(?:user_data|personalization)", "(?:GRANTED|DENIED)"
CONSENT = rf'^\{{(?:"{ABOUT_ADS}":"{SAID}",?)+\}}$'

BODY = {
    "client_id": text("body.client_id", filled(Code.CLIENT_ID_MISSING), chars=256),
    "user_id": text("body.user_id", chars=256),
    "body_timestamp_micros": timestamp("body.timestamp_micros"),
    "user_properties": json_object("body.user_properties"),
    "consent": _consent(),
    "event_timestamp_micros": timestamp("timestamp_micros"),
}

MONEY = {"at_least": 0, "at_most": MONEY_MAX}

GA4_PARAMS = {
    "session_id": scalar("params.session_id"),
    "engagement_time_msec": integer("params.engagement_time_msec", at_least=0, at_most=DAY_MSEC),
    "page_location": text("params.page_location", chars=1_000),
    "page_referrer": text("params.page_referrer", chars=420),
    "page_title": text("params.page_title", chars=300),
    "language": text("params.language"),
    "screen_resolution": text("params.screen_resolution"),
    "value": number("params.value", **MONEY),
    "currency": _currency(),
    "transaction_id": text("params.transaction_id"),
    "tax": number("params.tax", **MONEY),
    "shipping": number("params.shipping", **MONEY),
    **{
        name: text(f"params.{name}")
        for name in (
            *("coupon", "affiliation", "payment_type", "shipping_tier", "item_list_id", "item_list_name"),
            *("search_term", "method", "content_type", "content_id", "item_id", "item_name"),
            *("creative_name", "creative_slot", "location_id", "promotion_id", "promotion_name"),
            *("campaign", "campaign_id", "source", "medium", "term", "content"),
            *("ad_platform", "ad_source", "ad_format", "ad_unit_name", "screen_class", "screen_name"),
            *("group_id", "character", "achievement_id", "virtual_currency_name"),
        )
    },
    "level": number("params.level", at_least=-MONEY_MAX, at_most=MONEY_MAX),
    "score": number("params.score", at_least=-MONEY_MAX, at_most=MONEY_MAX),
}

VIRTUAL = ['"earn_virtual_currency"', '"spend_virtual_currency"']


def event(params: Mapping[str, pa.Column]) -> pa.DataFrameSchema:
    """The schema that every event has, with all the parameters there are."""
    return pa.DataFrameSchema({**BODY, **params}, checks=RULES, name="event")


RULES = [
    frame_check(
        Code.VALUE_CURRENCY_PAIR,
        (pl.col("value").is_null() == pl.col("currency").is_null())
        | (pl.col("currency").is_null() & pl.col("event_name").is_in(VIRTUAL)),
        "both value and currency, or neither",
        "says nothing without the other of value and currency",
        "params.currency",
        presence=True,
    ),
    frame_check(
        Code.TS_FUTURE,
        pl.col("event_micros") <= pl.col("received_time").dt.epoch("us") + FUTURE_MICROS,
        "a time at most 15 minutes after received_at",
        "lies more than 15 minutes after the event was received",
        "timestamp_micros",
    ),
]


NAME = "[A-Za-z][A-Za-z0-9_]{0,39}"
RESERVED = "(?:ga_|google_|firebase_)"
RESERVED_EVENTS = [
    f'"{name}"'
    for name in (
        *(
            "ad_activeview",
            "ad_click",
            "ad_exposure",
            "ad_impression",
            "ad_query",
            "ad_reward",
            "adunit_exposure",
        ),
        *("app_clear_data", "app_exception", "app_install", "app_remove", "app_store_refund", "app_update"),
        *(
            "app_upgrade",
            "dynamic_link_app_open",
            "dynamic_link_app_update",
            "dynamic_link_first_open",
            "error",
        ),
        *("first_open", "first_visit", "in_app_purchase", "notification_dismiss", "notification_foreground"),
        *("notification_open", "notification_receive", "os_update", "session_start", "user_engagement"),
    )
]


def _is_reserved(name: pl.Expr) -> pl.Expr:
    return name.str.contains(f'^"{RESERVED}') | name.is_in(RESERVED_EVENTS)


def _string() -> pa.Check:
    return check(Code.TYPE_MISMATCH, is_string, "a string", "must be a string")


def event_name(known: tuple[str, ...]) -> pa.DataFrameSchema:
    """The schema of the event's name: one of the contract's."""
    quoted = [f'"{name}"' for name in known]
    well_formed = check(
        Code.NAME_INVALID,
        lambda c: ~is_string(c) | c.str.contains(f'^"{NAME}"$'),
        "a letter, then letters, digits and underscores, 40 at most",
        "is no name of an event",
        quick=lambda c: c.is_in(quoted),
    )
    free = check(
        Code.NAME_RESERVED,
        lambda c: ~is_string(c) | ~_is_reserved(c) | c.is_in(quoted),
        "a name that Google has not taken for itself",
        "is a name that Google has taken for itself",
        quick=lambda c: c.is_in(quoted),
    )
    # A name that none may have is unknown as well, which says nothing more.
    in_contract = check(
        Code.EVENT_UNKNOWN,
        lambda c: ~c.str.contains(f'^"{NAME}"$') | _is_reserved(c) | c.is_in(quoted),
        "an event name of the contract",
        "is not an event of the contract",
        quick=lambda c: c.is_in(quoted),
    )
    return pa.DataFrameSchema(
        {"event_name": column("name", TEXT, [_string(), required(), well_formed, free, in_contract])},
        name="event name",
    )
