"""The quick way is the contract: what it takes, the judge takes, as the same events; and nothing breaks either."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.contract.repairs import repair
from rs_assets.log import RawLog
from rs_assets.log.blocks import read_batches
from rs_assets.log.generator import Plan, generate
from rs_assets.scorer.intake import Intake, Request
from rs_assets.scorer.judging import Judge
from rs_assets_tests.logs import MICROS, event

ITEM = {"item_id": "i", "price": 2.5, "quantity": 1}
PAID = {"value": 1.5, "currency": "EUR"}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    judge = Judge()
    yield judge
    judge.close()


@pytest.fixture(scope="module")
def intake() -> Intake:
    return Intake()


def request(body: object, received: int = MICROS) -> Request:
    return Request("shop-a", body if isinstance(body, bytes) else orjson.dumps(body), received)


def body(*events: object, **fields: object) -> dict[str, object]:
    return {"client_id": "c", "events": list(events), **fields}


def compare(intake: Intake, judge: Judge, requests: list[Request]) -> tuple[int, int]:
    """How many the quick way took, and how many the judge takes whole; what both take is the same."""
    quick, sound = 0, 0
    for one, judged in zip(requests, judge.judge(requests), strict=True):
        taken = intake.take(one)
        sound += not judged.violations
        if taken is not None:
            quick += 1
            assert not judged.violations, (one, judged.violations)
            assert (taken.client_id, list(taken.events)) == (judged.client_id, list(judged.events)), one
    return quick, sound


def test_of_a_log_with_every_fault_it_takes_what_is_sound_and_nothing_else(intake, judge, tmp_path: Path):
    generate(Plan(days=1, events=8_000, broken=0.2), str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    log = RawLog(str(tmp_path / "raw"))
    (log_date,) = log.log_dates()
    requests = []
    for batch in read_batches(log, log_date):
        for line in batch.lines:
            try:
                envelope = orjson.loads(line)
                requests.append(request(envelope["body"], MICROS))
            except (ValueError, KeyError, TypeError):
                continue
    quick, sound = compare(intake, judge, requests)
    assert len(requests) > 5_000
    assert sound * 0.98 < quick <= sound < len(requests)


PLACES = (
    *(
        "client_id",
        "user_id",
        "timestamp_micros",
        "user_properties",
        "consent",
        "events",
        "site",
        "Client_id",
    ),
)
NAMES = ("view_item", "purchase", "add_to_cart", "page_view", "search", "View_item", "session_start", "x y")
PARAMS = (
    *("value", "currency", "items", "transaction_id", "search_term", "session_id", "page_title", "Value"),
    *("engagement_time_msec", "method", "ga_x", "score", "a.b", ""),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from(
        [MICROS, MICROS + 10**9, MICROS + 9 * 10**8, 1.5, -0.0, 1e12, 1e12 + 1, 12.0, 1e21, 86_400_000]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["EUR", "eur", "x" * 100, "x" * 101, "é" * 100, "\N{GRINNING FACE}" * 60, "a\\b", 'q"', "\0", "{{t}}"]
    ),
)
ITEMS = st.dictionaries(
    st.sampled_from(["item_id", "item_name", "price", "quantity", "index", "Item_id", "colour"]),
    SCALARS,
    max_size=4,
)
VALUES = st.one_of(SCALARS, st.lists(st.one_of(ITEMS, SCALARS), max_size=3), ITEMS)
FINE = st.sampled_from(
    [
        event("page_view"),
        event("view_item", **PAID, items=[ITEM]),
        event("purchase", **PAID, items=[ITEM, {"item_name": "n"}], transaction_id="t"),
        event("add_to_cart", **PAID, items=[ITEM]) | {"timestamp_micros": MICROS - 5},
    ]
)


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    """A sound body with a few things changed."""
    made: Any = body(*json.loads(json.dumps(draw(st.lists(FINE, min_size=1, max_size=3)))))
    for _ in range(draw(st.integers(0, 2))):
        where = draw(st.integers(0, 3))
        if where == 0:
            made[draw(st.sampled_from(PLACES))] = draw(VALUES)
            continue
        events = made["events"]
        if not isinstance(events, list) or not events or not isinstance(events[0], dict):
            continue
        if where == 1:
            key = draw(st.sampled_from(["name", "params", "timestamp_micros", "Name", "more"]))
            events[0][key] = draw(st.one_of(st.sampled_from(NAMES), VALUES))
        elif isinstance(events[0].get("params"), dict):
            if where == 2:
                events[0]["params"][draw(st.sampled_from(PARAMS))] = draw(VALUES)
            elif events[0]["params"]:
                del events[0]["params"][draw(st.sampled_from(sorted(events[0]["params"])))]
    return made


WRITERS = (
    lambda made: orjson.dumps(made),
    lambda made: json.dumps(made).encode(),
    lambda made: json.dumps(made, indent=1, ensure_ascii=False).encode(),
)


def written(made: Any, writer: int) -> bytes:
    try:
        return WRITERS[writer](made)
    except TypeError:  # a number that orjson does not write
        return WRITERS[1](made)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(bodies(), st.integers(0, 2)), min_size=10, max_size=25))
def test_what_it_takes_the_judge_takes_as_the_same_events(intake, judge, drawn):
    compare(intake, judge, [request(written(made, writer)) for made, writer in drawn])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(bodies(), st.integers(0, 10**6), st.binary(max_size=3)), min_size=5, max_size=15))
def test_bytes_put_into_a_body_are_no_way_around_the_judge(intake, judge, drawn):
    requests = []
    for made, at, more in drawn:
        text = written(made, 0)
        at %= len(text)
        requests.append(request(text[:at] + more + text[at + len(more) // 2 :]))
    compare(intake, judge, requests)


@pytest.mark.parametrize(
    "text",
    [
        b'{"client_id":"c","client_id":"d","events":[{"name":"page_view"}]}',
        b'{"client_id":"c","events":[{"name":"page_view","name":"login"}]}',
        b'{"client_id":"c","events":[{"name":"page_view","params":{"a":1,"a":2}}]}',
        b'{"client_id":"c","events":[{"name":"page_view","params":{"page_title":"\\ud83d\\ude00"}}]}',
        orjson.dumps(body({"name": "page_view", "timestamp_micros": MICROS + 901_000_000})),
        orjson.dumps(body(event(page_title="x" * 140_000))),
        b'{"client_id":"c","events":[{"name":"page_view"},]}',
        b"[" * 3_000,
        b'{"client_id":"c","events":[{"name":"page_view","params":{"method":'
        + b"[" * 500
        + b"]" * 500
        + b"}}]}",
        b"null",
        b"",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_plain_is_left_to_the_judge(intake, judge, text):
    assert intake.take(request(text)) is None
    (taken,) = judge.judge([request(text)])
    assert taken.events or taken.violations


def test_a_site_that_is_not_declared_is_the_judges(judge):
    asked = request(body(event("page_view")))
    assert Intake(frozenset({"shop-b"})).take(asked) is None
    strict = Judge(frozenset({"shop-b"}))
    (taken,) = strict.judge([asked])
    strict.close()
    assert [one.code for one in taken.violations] == ["SITE_UNKNOWN"]


def test_while_a_repair_is_in_force_everything_is_the_judges(intake, monkeypatch: pytest.MonkeyPatch):
    asked = request(body(event("page_view")))
    assert intake.take(asked) is not None
    monkeypatch.setattr("rs_assets.scorer.intake.in_force", lambda log_date: (repair,))
    assert Intake().take(asked) is None


def test_requests_of_two_log_dates_are_judged_together(judge):
    day = 86_400_000_000
    taken = judge.judge([request(body(event("page_view")), MICROS + day * n) for n in (0, 1, 0)])
    assert [one.events[0][0].received for one in taken] == [MICROS, MICROS + day, MICROS]
