"""From JSON text to columns: one structure whatever the site, values as they were meant."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import TEXT
from rs_assets.contract.typed import PARAM_KINDS, VALID_EVENTS
from rs_assets.log.generator import Plan, generate
from rs_assets.log.layout import RawLog
from rs_assets_tests.logs import LOG_DATE, MICROS, SITE, envelope, event, split, split_lines, write_log

HOUR = 3_600_000_000
RECEIVED = dt.datetime(2024, 1, 2, 10)


def one(line: bytes) -> dict[str, object]:
    """The row of a line with one valid event."""
    outcome = split_lines(line)
    assert outcome.reasons == {}
    [row] = outcome.valid.to_dicts()
    return row


def test_an_event_with_every_field_has_every_column() -> None:
    item = {
        "item_id": "i",
        "item_name": "n",
        "item_category": "k",
        "item_category2": "l",
        **{f"item_category{n}": f"{n}" for n in (3, 4, 5)},
        **{name: f"of {name}" for name in ("affiliation", "location_id", "creative_name", "creative_slot")},
        **{name: f"of {name}" for name in ("promotion_id", "promotion_name")},
        "tax": 0.25,
        "currency": "EUR",
        "item_brand": "b",
        "item_variant": "v",
        "price": 2.5,
        "quantity": 3,
        "discount": 0.5,
        "index": 0,
        "coupon": "c",
        "item_list_id": "li",
        "item_list_name": "ln",
    }
    params = {
        "engagement_time_msec": 12,
        "page_location": "/p/1",
        "page_referrer": "r",
        "page_title": "t",
        "value": 7,
        "currency": "EUR",
        "transaction_id": "T1",
        "tax": 0.5,
        "shipping": 1,
        "coupon": "c",
        "affiliation": "a",
        "payment_type": "p",
        "shipping_tier": "s",
        "item_list_id": "li",
        "item_list_name": "ln",
        "search_term": "q",
        "method": "m",
        "level": 3.0,
        "score": 4.5,
    }
    line = envelope(
        {
            "name": "purchase",
            "timestamp_micros": MICROS - 5,
            "params": {**params, "session_id": "s1", "items": [item]},
        },
        body={"user_id": "u", "user_properties": {"a": {"value": 1}}, "consent": {"ad_user_data": "DENIED"}},
        request_id="r-9",
        user_agent="agent",
    )
    row = one(line)
    assert isinstance(row.pop("fingerprint"), int)
    assert row == {
        **{name: None for name in PARAM_KINDS if name != "session_id"},
        **params,
        "log_date": dt.date(2024, 1, 2),
        "event_id": "shop-a/2024-01-02/000001.ndjson:1:0",
        "site": SITE,
        "request_id": "r-9",
        "event_index": 0,
        "received_at": RECEIVED,
        "event_time": RECEIVED - dt.timedelta(microseconds=5),
        "client_id": "c-1",
        "user_id": "u",
        "event_name": "purchase",
        "session_ref": "s1",
        "value": 7.0,
        "shipping": 1.0,
        "items": [item],
        "item_ids": ["i"],
        "item_prices": [2.5],
        "user_agent": "agent",
        "user_properties": '{"a":{"value":1}}',
        "consent": '{"ad_user_data":"DENIED"}',
        "is_late": False,
        "flags": ["TOTAL_MISMATCH"],
        "repairs": None,
    }


def test_every_parameter_of_the_contract_has_its_column() -> None:
    texts = [name for name, kind in PARAM_KINDS.items() if kind == TEXT and name != "currency"]
    for sent in (texts[:20], texts[20:40], texts[40:]):
        row = one(envelope(event("page_view", **{name: f"of {name}" for name in sent})))
        assert {name: row[name] for name in texts} == {
            name: f"of {name}" if name in sent else None for name in texts
        }


def test_what_is_asked_most_of_items_stands_beside_them_in_their_order() -> None:
    items = [{"item_id": "i\\u0041", "item_name": "n", "price": 2.5}, {"item_name": "only a name"}]
    viewed = [event("view_item", value=1, currency="EUR", items=items), event(page_title="t")]
    rows = split_lines(envelope(*viewed)).valid
    assert rows["item_ids"].to_list() == [["i\\u0041", "only a name"], None]
    assert rows["item_prices"].to_list() == [[2.5, None], None]


def test_flags_are_said_of_the_events_they_are_true_of_and_of_no_other() -> None:
    items = [{"item_id": "i", "price": 2.5, "quantity": 2}, {"item_id": "j", "price": 1}]
    buy = {"currency": "EUR", "items": items, "tax": 0.5, "shipping": 2}
    lines = [
        envelope(event(page_title="t")),
        envelope(event(page_title="hello ${title}"), event(page_title="t2")),
        envelope(event(page_title="t3", debug_mode=1), {"name": "login", "origin": "app"}),
        envelope(event(page_title="t4"), user_agent="Mozilla/5.0 (compatible; Googlebot/2.1)"),
        envelope(*(event("purchase", transaction_id=f"{n}", value=n, **buy) for n in (6, 8.5, 7, 6.01))),
        envelope(event("view_item", value=1, currency="EUR", items=[{"item_id": "{{ id }}"}])),
        envelope({"name": "login", "timestamp_micros": MICROS - 73 * HOUR, "params": {"page_title": "${a}"}}),
    ]
    outcome = split_lines(*lines)
    assert outcome.reasons == {}
    said = [(line, index) for _, _, line, index in outcome.where_valid]
    found = {at: flags for at, flags in zip(said, outcome.valid["flags"].to_list(), strict=True) if flags}
    assert found == {
        (2, 0): ["PLACEHOLDER"],
        (3, 0): ["FIELD_UNEXPECTED"],
        (3, 1): ["FIELD_UNEXPECTED"],
        (4, 0): ["BOT_SUSPECTED"],
        (5, 2): ["TOTAL_MISMATCH"],
        (6, 0): ["PLACEHOLDER"],
        (7, 0): ["PLACEHOLDER", "TS_LATE"],
    }


def test_a_broken_neighbour_takes_no_flag_from_an_event() -> None:
    template, unexpected = event(page_title="${title}"), event(page_title="t", debug_mode=1)
    outcome = split_lines(envelope(template, unexpected, 5, event(page_title="t")))
    assert outcome.valid["flags"].to_list() == [["PLACEHOLDER"], ["FIELD_UNEXPECTED"], None]


def test_a_bare_event_has_the_same_columns_and_they_are_null() -> None:
    outcome = split_lines(envelope({"name": "page_view"}))
    assert outcome.valid.schema == pl.Schema(VALID_EVENTS)
    filled = {name for name, value in outcome.valid.to_dicts()[0].items() if value is not None}
    assert filled == {
        *("log_date", "event_id", "site", "request_id", "event_index", "received_at", "event_time"),
        *("client_id", "event_name", "is_late", "fingerprint"),
    }


def test_every_site_has_one_structure_whatever_it_sends(tmp_path: Path) -> None:
    generate(Plan(days=1, events=3_000, broken=0, late=0), str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    outcome = split(RawLog(str(tmp_path / "raw")), "2024-01-01")
    assert outcome.valid.schema == pl.Schema(VALID_EVENTS)
    by_site = outcome.valid.group_by("site").agg(pl.all().count())
    assert by_site.height == 3
    # What differs on the wire (time of body or event, number or text as session_id) does not in the table.
    for column in ("session_ref", "event_time", "client_id", "items", "value", "currency"):
        assert by_site[column].min() > 0
    assert outcome.valid["session_ref"].str.contains(r"^\d+$").all()
    assert by_site["page_title"].to_list().count(0) == 2


TEXTS = {
    r"\u00e9": "é",
    r"\ud83d\ude00": "😀",
    r"\"": '"',
    r"\"\"": '""',
    r"\\": "\\",
    r"\\\"": '\\"',
    r"\/": "/",
    r"a\nb\tc": "a\nb\tc",
    r"\b\f\r": "\b\f\r",
    r"\u0000": "\0",
    r"\\u00e9": "\\u00e9",
    r"\u2028": "\u2028",
    r"\u0022quoted\u0022": '"quoted"',
    "é😀": "é😀",
    "": "",
    " ": " ",
}


@pytest.mark.parametrize("text", TEXTS)
def test_escapes_are_decoded_wherever_a_text_may_stand(text: str) -> None:
    line = envelope(
        event(
            "view_item", value=1, currency="EUR", page_title="@", items=[{"item_id": "@", "item_name": "x"}]
        ),
        event(page_title="plain"),
        body={"client_id": "c@"},
        user_agent="@",
    ).replace(b"@", text.encode())
    outcome = split_lines(line)
    assert outcome.reasons == {}
    meant, rows = TEXTS[text], outcome.valid.to_dicts()
    assert rows[0]["page_title"] == rows[0]["items"][0]["item_id"] == rows[0]["user_agent"] == meant
    assert [row["client_id"] for row in rows] == ["c" + meant] * 2
    assert (rows[1]["page_title"], rows[0]["items"][0]["item_name"]) == ("plain", "x")


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=8), min_size=1, max_size=6))
def test_any_text_comes_through(texts: list[str]) -> None:
    items = [{"item_id": text, "item_name": str(n)} for n, text in enumerate(texts)]
    line = envelope(
        *(event(page_title=text, session_id=str(n)) for n, text in enumerate(texts)),
        event("select_item", items=items),
    )
    outcome = split_lines(line)
    assert outcome.reasons == {}
    assert outcome.valid["page_title"].to_list() == [*texts, None]
    assert outcome.valid["items"].to_list()[-1] == [
        {**dict.fromkeys(outcome.valid.schema["items"].inner.to_schema()), **item} for item in items
    ]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1e12) | st.integers(0, 10**12), min_size=1, max_size=8))
def test_any_amount_comes_through(amounts: list[float]) -> None:
    outcome = split_lines(
        envelope(
            *(event(value=amount, currency="EUR", page_title=str(n)) for n, amount in enumerate(amounts))
        )
    )
    assert outcome.valid["value"].to_list() == [float(amount) for amount in amounts]


def test_a_whole_number_may_be_written_with_a_point_among_others_that_are_not() -> None:
    item = {"item_id": "i"}
    told = [(5, 2), (12.0, 3.0), (None, None), (0, 1.0)]
    outcome = split_lines(
        *(
            envelope(
                event(
                    "select_item",
                    engagement_time_msec=time,
                    items=[{**item, "quantity": count}],
                    page_title=f"{n}",
                )
            )
            for n, (time, count) in enumerate(told)
        )
    )
    assert outcome.reasons == {}
    assert outcome.valid["engagement_time_msec"].to_list() == [5, 12, None, 0]
    assert [items[0]["quantity"] for items in outcome.valid["items"].to_list()] == [2, 3, None, 1]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("1704189600", "1704189600"), ('"1704189600"', "1704189600"), ("12.0", "12.0"), ("-5", "-5"), ('""', ""),
     ("9007199254740993", "9007199254740993")],
)  # fmt: skip
def test_a_session_id_is_kept_as_text(sent: str, kept: str) -> None:
    line = envelope(event(session_id="@")).replace(b'"@"', sent.encode())
    assert one(line)["session_ref"] == kept


@pytest.mark.parametrize("doubtful", [False, True])
def test_a_session_id_is_the_same_when_its_line_must_be_read_exactly(doubtful: bool) -> None:
    events = [event(session_id=9007199254740993), *([5] if doubtful else [])]
    assert split_lines(envelope(*events)).valid["session_ref"].to_list() == ["9007199254740993"]


def test_the_event_s_time_is_its_own_else_the_body_s_else_that_of_receipt() -> None:
    own = {"name": "page_view", "timestamp_micros": MICROS - 3, "params": {}}
    line = envelope(own, event(page_title="t"), body={"timestamp_micros": MICROS - 2})
    outcome = split_lines(line, envelope(event(page_title="u")), envelope({**own, "timestamp_micros": None}))
    behind = [3, 2, 0, 0]
    assert outcome.valid["event_time"].to_list() == [RECEIVED - dt.timedelta(microseconds=n) for n in behind]


@pytest.mark.parametrize(
    ("behind", "late"), [(0, False), (72 * HOUR, False), (72 * HOUR + 1, True), (9_000 * HOUR, True)]
)
def test_an_event_is_late_more_than_72_hours_after_it_happened(behind: int, late: bool) -> None:
    row = one(envelope({"name": "page_view", "timestamp_micros": MICROS - behind}))
    assert row["is_late"] is late
    assert row["log_date"] == dt.date(2024, 1, 2)


@pytest.mark.parametrize(("ahead", "reasons"), [(900_000_000, {}), (900_000_001, {(1, 0): [Code.TS_FUTURE]})])
def test_a_clock_may_be_ahead_by_a_quarter_of_an_hour(ahead: int, reasons: object) -> None:
    assert split_lines(envelope({"name": "page_view", "timestamp_micros": MICROS + ahead})).reasons == reasons


@pytest.mark.parametrize("where", ["event", "body"])
@pytest.mark.parametrize("micros", [MICROS // 1_000, MICROS // 1_000_000, 0, -MICROS, 946_684_799_999_999])
def test_a_time_in_other_units_or_before_2000_is_invalid(where: str, micros: int) -> None:
    if where == "event":
        line, path = envelope({"name": "page_view", "timestamp_micros": micros}), "timestamp_micros"
    else:
        line, path = envelope(event(), body={"timestamp_micros": micros}), "body.timestamp_micros"
    outcome = split_lines(line)
    assert outcome.reasons == {(1, 0): [Code.TS_INVALID]}
    [violation] = outcome.quarantined["violations"][0]
    assert (violation["path"], violation["observed"]) == (path, str(micros))
    assert "13 digits are milliseconds, 10 are seconds" in violation["message"]


@pytest.mark.parametrize(
    ("received_at", "reason"),
    [
        ("2024-01-02T00:00:00.000000Z", None),
        ("2024-01-02T23:59:59.999999Z", None),
        ("2024-01-01T23:59:59.999999Z", Code.OUT_OF_RANGE),
        ("2024-01-03T00:00:00.000000Z", Code.OUT_OF_RANGE),
        ("2024-01-02T10:00:00Z", Code.TS_INVALID),
        ("2024-01-02T10:00:00.000Z", Code.TS_INVALID),
        ("2024-01-02 10:00:00.000000Z", Code.TS_INVALID),
        ("2024-01-02T10:00:00.000000", Code.TS_INVALID),
        ("2024-01-02T10:00:00.000000+00:00", Code.TS_INVALID),
        ("2024-13-02T10:00:00.000000Z", Code.TS_INVALID),
        ("", Code.TS_INVALID),
        (None, Code.FIELD_MISSING),
        (1704189600, Code.TYPE_MISMATCH),
    ],
)
def test_the_time_of_receipt_is_in_utc_on_its_log_date(received_at: object, reason: Code | None) -> None:
    outcome = split_lines(envelope(event(page_title="t"), received_at=received_at))
    assert outcome.reasons == ({(1, 0): [reason]} if reason else {})


def test_a_request_in_the_folder_of_another_site_is_refused(tmp_path: Path) -> None:
    outcome = split(write_log(tmp_path, {("shop-b", "1.ndjson"): envelope(event(page_title="t"))}))
    assert outcome.reasons == {(1, 0): [Code.ENUM_INVALID]}
    assert outcome.quarantined["site"].to_list() == ["shop-b"]
    assert str(outcome.quarantined["log_date"][0]) == LOG_DATE


def test_items_without_a_text_are_typed_as_well() -> None:
    from rs_assets.contract.typed import ITEM_KINDS, _cast

    prices = _cast(pl.DataFrame({"price": ["1.5", "2"], "quantity": ["1", "2.0"]}), ITEM_KINDS, np.arange(2))
    told = {values.name: values.to_list() for values in prices}
    assert told["price"] == [1.5, 2.0]
    assert told["quantity"] == [1, 2]
    assert told["item_id"] == [None, None]
