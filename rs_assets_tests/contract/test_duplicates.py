"""Duplicates: the first received stays valid, wherever the others stand, and only equal ones are equal."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.contract.codes import Code
from rs_assets.contract.duplicates import Seen
from rs_assets_tests.logs import (
    MICROS,
    SITE,
    Json,
    Outcome,
    encoded,
    envelope,
    event,
    split,
    split_lines,
    write_log,
)

DUPLICATE = [Code.DUPLICATE]
REFUND: Json = {
    "name": "refund",  # of which a transaction may have several
    "timestamp_micros": MICROS,
    "params": {
        "value": 9.5,
        "currency": "EUR",
        "transaction_id": "t",
        "session_id": "7",
        "items": [{"item_id": "i", "price": 4.5, "quantity": 1}, {"item_id": "j", "price": 5}],
    },
}
LINE = envelope(REFUND)


def split_segments(tmp_path: Path, *segments: bytes, **how: int) -> Outcome:
    files = {(SITE, f"{n}.ndjson"): data for n, data in enumerate(segments)}
    return split(write_log(tmp_path, files), **how)


def test_of_three_copies_two_are_quarantined_and_the_first_is_valid() -> None:
    outcome = split_lines(LINE, LINE, LINE)
    assert outcome.where_valid == [(SITE, "000001.ndjson", 1, 0)]
    assert outcome.reasons == {(2, 0): DUPLICATE, (3, 0): DUPLICATE}
    assert outcome.report.by_reason == {Code.DUPLICATE: 2}
    [violation] = outcome.quarantined["violations"][0]
    assert violation == {
        "code": "DUPLICATE",
        "path": "",
        "message": "an equal event (site, client, name, time, parameters) was received before",
        "expected": "an event that is new",
        "observed": None,
    }


def test_within_one_request_too() -> None:
    other = event(page_title="t")
    assert split_lines(envelope(REFUND, other, REFUND)).reasons == {(1, 2): DUPLICATE}


@pytest.mark.parametrize("how", [{}, {"batch_bytes": 1}, {"batch_bytes": 1, "threads": 1}])
def test_over_segments_and_batches(tmp_path: Path, how: dict[str, int]) -> None:
    outcome = split_segments(tmp_path, LINE, envelope(event(page_title="t")), LINE, LINE, **how)
    assert outcome.where_valid == [(SITE, "0.ndjson", 1, 0), (SITE, "1.ndjson", 1, 0)]
    assert outcome.where_quarantined == [(SITE, "2.ndjson", 1, 0), (SITE, "3.ndjson", 1, 0)]


def test_over_the_batches_of_one_segment(tmp_path: Path) -> None:
    padding = b"".join(envelope(event(page_title=f"{n}")) + b"\n" for n in range(12_000))
    outcome = split_segments(tmp_path, LINE + b"\n" + padding + LINE, batch_bytes=1 << 18)
    assert outcome.reasons == {(12_002, 0): DUPLICATE}


def test_an_equal_event_at_another_site_is_none(tmp_path: Path) -> None:
    sites = ("shop-a", "shop-b")
    files = {(site, "1.ndjson"): envelope(REFUND, site=site) for site in sites}
    for how in ({}, {"batch_bytes": 1}):
        outcome = split(write_log(tmp_path, files), **how)
        assert outcome.report.by_site == {site: (1, 0) for site in sites}


def test_another_request_another_time_of_receipt_and_another_agent_are_no_difference() -> None:
    again = envelope(
        REFUND, request_id="r-2", received_at="2024-01-02T23:59:59.999999Z", user_agent="x", ip="203.0.113.0"
    )
    assert split_lines(LINE, again).reasons == {(2, 0): DUPLICATE}


def test_without_a_time_of_its_own_the_time_of_receipt_tells_events_apart() -> None:
    timeless = {name: value for name, value in REFUND.items() if name != "timestamp_micros"}
    later = envelope(timeless, received_at="2024-01-02T10:00:00.000001Z")
    assert split_lines(envelope(timeless), later).reasons == {}
    assert split_lines(envelope(timeless), envelope(timeless, request_id="r-2")).reasons == {
        (2, 0): DUPLICATE
    }


def test_the_body_s_time_counts_where_the_event_has_none() -> None:
    timeless = {name: value for name, value in REFUND.items() if name != "timestamp_micros"}
    lines = [envelope(timeless, body={"timestamp_micros": MICROS - n}) for n in (0, 1, 0)]
    assert split_lines(*lines).reasons == {(3, 0): DUPLICATE}


@pytest.mark.parametrize(
    "body", [{"client_id": "c-2"}, {"user_id": "u"}], ids=["another client", "another user"]
)
def test_another_person_is_a_difference(body: Json) -> None:
    assert split_lines(LINE, envelope(REFUND, body=body)).reasons == {}


def changed(**params: object) -> Json:
    return {**REFUND, "params": {**REFUND["params"], **params}}


ITEMS = REFUND["params"]["items"]
DIFFERENT = {
    "another name": {**REFUND, "name": "purchase"},
    "another time": {**REFUND, "timestamp_micros": MICROS - 1},
    "another value": changed(value=9.51),
    "another text": changed(transaction_id="T"),
    "a session_id that is a number": changed(session_id=7),
    "one parameter more": changed(coupon="c"),
    "an empty one more": changed(coupon=""),
    "a value in another place": changed(affiliation="c"),
    "another item": changed(items=[{**ITEMS[0], "item_id": "k"}, ITEMS[1]]),
    "another field of an item": changed(items=[{**ITEMS[0], "quantity": 2}, ITEMS[1]]),
    "a field more in the last item": changed(items=[ITEMS[0], {**ITEMS[1], "coupon": "c"}]),
    "a field in another item": changed(items=[{"item_id": "i", "price": 4.5}, {**ITEMS[1], "quantity": 1}]),
    "items in another order": changed(items=ITEMS[::-1]),
    "one item more": changed(items=[*ITEMS, ITEMS[1]]),
    "one item less": changed(items=ITEMS[:1]),
    "a parameter the contract does not know": changed(debug_mode=1),
    "another value of one": changed(debug_mode=2),
    "a field of the event the contract does not know": {**REFUND, "origin": "app"},
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_events_that_differ_in_one_thing_are_no_duplicates(name: str) -> None:
    outcome = split_lines(LINE, envelope(DIFFERENT[name]), LINE)
    assert outcome.reasons == {(3, 0): DUPLICATE}


def test_no_two_of_those_are_duplicates_of_each_other() -> None:
    lines = [envelope(other) for other in DIFFERENT.values()]
    assert split_lines(LINE, *lines, *lines).report.quarantined == len(lines)


def test_white_space_and_the_spelling_of_characters_are_no_difference() -> None:
    spaced = LINE.replace(b'":', b'" : ').replace(b'"EUR"', b'"\\u0045UR"')
    assert spaced != LINE
    assert split_lines(LINE, spaced).reasons == {(2, 0): DUPLICATE}


def test_an_event_whose_only_equal_is_quarantined_is_no_duplicate(tmp_path: Path) -> None:
    folder_of_another_day = envelope(REFUND, received_at="2024-01-01T23:59:59.000000Z")
    early = envelope(REFUND, received_at="2024-01-02T09:00:00.000000Z")
    for how in ({}, {"batch_bytes": 1}):
        outcome = split_segments(tmp_path, folder_of_another_day, early, LINE, LINE, **how)
        assert outcome.where_valid == [(SITE, "2.ndjson", 1, 0)]
        assert outcome.quarantined["reasons"].to_list() == [
            [Code.OUT_OF_RANGE, Code.TS_FUTURE],
            [Code.TS_FUTURE],
            DUPLICATE,
        ]


def test_a_broken_event_is_never_called_a_duplicate_as_well() -> None:
    broken = envelope(event("search"))
    assert split_lines(broken, broken).reasons == {(1, 0): ["FIELD_MISSING"], (2, 0): ["FIELD_MISSING"]}


def test_a_copy_that_must_be_read_exactly_is_still_a_copy() -> None:
    doubtful = envelope(REFUND, 5)
    assert split_lines(doubtful, LINE, doubtful).reasons == {
        (1, 1): [Code.TYPE_MISMATCH],
        (2, 0): DUPLICATE,
        (3, 0): DUPLICATE,
        (3, 1): [Code.TYPE_MISMATCH],
    }


def test_the_order_of_the_log_decides_by_site_and_segment_and_not_by_size(tmp_path: Path) -> None:
    many = b"".join(envelope(event(page_title=f"{n}")) + b"\n" for n in range(3_000))
    files = {
        (SITE, "1.ndjson.gz"): encoded(many + LINE, "gz"),
        (SITE, "2.ndjson"): LINE,
        (SITE, "3.ndjson.zst"): encoded(LINE, "zst"),
    }
    outcome = split(write_log(tmp_path, files), batch_bytes=1, threads=2)
    assert outcome.where_quarantined == [(SITE, "2.ndjson", 1, 0), (SITE, "3.ndjson.zst", 1, 0)]


PARAMS = st.fixed_dictionaries(
    {"page_title": st.sampled_from("ab")},
    optional={"method": st.sampled_from(["a", "b"]), "session_id": st.sampled_from([1, "1"])},
)
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["shop-a", "shop-b"]), st.sampled_from("cd"), st.lists(PARAMS, min_size=1, max_size=2)
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=15)
@given(REQUESTS)
def test_the_valid_ones_are_the_first_of_each_kind(requests: list[tuple[str, str, list[Json]]]) -> None:
    first, expected, files = set(), [], {}
    requests = sorted(requests, key=lambda request: request[0])
    for n, (site, client, params) in enumerate(requests):
        files[site, f"{n:03d}.ndjson"] = envelope(
            *(event(**one) for one in params), site=site, body={"client_id": client}
        )
        for index, one in enumerate(params):
            if (key := repr((site, client, one))) not in first:
                first.add(key)
                expected.append((site, f"{n:03d}.ndjson", 1, index))
    with tempfile.TemporaryDirectory() as folder:
        log = write_log(Path(folder), files)
        for how in ({}, {"batch_bytes": 1}):
            outcome = split(log, **how)
            assert outcome.where_valid == expected
            assert set(outcome.quarantined["reasons"].explode()) <= {Code.DUPLICATE}


@given(st.lists(st.lists(st.integers(0, 12) | st.integers(2**63, 2**64 - 1), max_size=8), max_size=6))
def test_seen_remembers_every_fingerprint(batches: list[list[int]]) -> None:
    seen, known = Seen(), set()
    asked = np.array(range(13), np.uint64)
    for batch in batches:
        assert seen.contains(asked).tolist() == [fingerprint in known for fingerprint in range(13)]
        expected = []
        for fingerprint in batch:
            expected.append(fingerprint in known)
            known.add(fingerprint)
        assert seen.repeated(np.array(batch, np.uint64)).tolist() == expected
