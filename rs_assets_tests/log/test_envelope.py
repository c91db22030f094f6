"""Envelopes: any text of any field comes back as it was, and what is missing is left out."""

from __future__ import annotations

import datetime as dt

import orjson
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.log import envelope
from rs_assets.log import json_text as js
from rs_assets_tests.logs import RECEIVED, split_lines

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MAYBE = st.none() | TEXT
REQUEST = st.fixed_dictionaries(
    {
        "received_at": st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)),
        **{name: TEXT for name in ("site", "request_id", "body_text")},
        **{name: MAYBE for name in ("path", "ip", "user_agent", "body_base64")},
    }
)
SCHEMA = {
    "received_at": pl.Datetime("us"),
    **dict.fromkeys(("site", "request_id", "path", "ip", "user_agent"), pl.String),
    **dict.fromkeys(("body_text", "body_base64"), pl.String),
}


@settings(deadline=None)
@given(st.lists(REQUEST, min_size=1, max_size=5))
def test_any_text_comes_back_and_null_fields_are_left_out(requests: list[dict[str, object]]) -> None:
    data = envelope.lines(pl.DataFrame(requests, schema=SCHEMA))
    assert data.endswith(b"\n")
    rows = [orjson.loads(line) for line in data[:-1].split(b"\n")]
    assert rows == [
        {name: _sent(value) for name, value in request.items() if value is not None} for request in requests
    ]


def _sent(value: object) -> object:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, dt.datetime) else value


def test_a_body_stands_as_it_was_sent_to_the_last_space() -> None:
    body = '{"events" : [ {"name":"page_view","params":{"value":1.50}} ],"x":1e2}'
    line = envelope.lines(
        pl.DataFrame(
            {"received_at": [dt.datetime(2024, 1, 2)], "site": ["a"], "request_id": ["r"], "body": [body]}
        )
    )
    assert line.endswith(f'"body":{body}}}\n'.encode())
    assert line.startswith(b'{"received_at":"2024-01-02T00:00:00.000000Z","site":"a","request_id":"r",')


def test_no_requests_are_no_bytes() -> None:
    assert envelope.lines(pl.DataFrame(schema=SCHEMA)) == b""


def test_payloads_stand_side_by_side_row_by_row() -> None:
    frame = pl.DataFrame(
        {
            "received_at": [dt.datetime(2024, 1, 2)] * 3,
            "site": ["a"] * 3,
            "request_id": ["r"] * 3,
            "body": ["{}", None, None],
            "body_text": [None, "<xml>", None],
            "body_base64": [None, None, "/w=="],
        }
    )
    payloads = [list(orjson.loads(line))[3:] for line in envelope.lines(frame).splitlines()]
    assert payloads == [["body"], ["body_text"], ["body_base64"]]


def test_an_envelope_is_what_the_contract_takes() -> None:
    body = '{"client_id":"c","events":[{"name":"page_view","params":{"page_title":"t"}}]}'
    frame = pl.DataFrame(
        {
            "received_at": [dt.datetime.fromisoformat(RECEIVED).replace(tzinfo=None)],
            "site": ["shop-a"],
            "request_id": ["r"],
            "user_agent": ['a "quoted" \\ agent'],
            "body": [body],
        }
    )
    outcome = split_lines(envelope.lines(frame).removesuffix(b"\n"))
    assert outcome.valid["user_agent"].to_list() == ['a "quoted" \\ agent']
    assert outcome.report.quarantined == 0


def test_json_is_built_by_columns_without_what_is_null() -> None:
    frame = pl.DataFrame({"s": ['"', None], "n": [1.5, None], "b": [True, None]})
    fields = {"s": js.string(pl.col("s")), "n": js.number(pl.col("n")), "b": js.number(pl.col("b"))}
    assert frame.select(o=js.obj(fields))["o"].to_list() == ['{"s":"\\"","n":1.5,"b":true}', "{}"]
    assert frame.select(a=js.array(*fields.values()))["a"].to_list() == ['["\\"",1.5,true]', "[]"]
