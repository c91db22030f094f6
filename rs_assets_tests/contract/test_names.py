"""Names told line by line, held to what the native reader tells of the same lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.contract.names import FEW_LINES, Names, names_of_events, number_of, repeats
from rs_assets.contract.parse import Parser
from rs_assets_tests.logs import envelope, event, split_lines

KEYS = st.sampled_from(["name", "params", "items", "value", "é", 'a"b', "x y", "timestamp_micros"])
LEAVES = st.sampled_from(
    ["1", "1e400", "-0.5", "9" * 5000, '"t"', '"\\u00e9\\n"', "true", "null", "[]", "{}", '[{"a":1}]']
)


def written(members: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members) + "}"


OBJECTS = st.lists(st.tuples(KEYS, LEAVES), max_size=4).map(written)
ITEMS = st.lists(OBJECTS | LEAVES, max_size=3).map(lambda items: f"[{','.join(items)}]") | LEAVES
PARAMS = st.lists(st.tuples(KEYS, LEAVES) | st.tuples(st.just("items"), ITEMS), max_size=4).map(written)
EVENTS = st.lists(
    st.tuples(KEYS, LEAVES) | st.tuples(st.just("params"), PARAMS | LEAVES), min_size=1, max_size=4
).map(written)


def request(*events: str) -> bytes:
    return envelope("here").replace(b'"here"', ",".join(events).encode())


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(EVENTS | LEAVES, min_size=1, max_size=3), min_size=1, max_size=5))
def test_the_keys_of_events_are_those_that_the_native_reader_tells(requests: list[list[str]]) -> None:
    lines = [request(*events) for events in requests]
    with Parser() as parser:
        asked = parser.keys(lines)
    native: dict[tuple[int, int], Names] = {
        (k, index): (
            tuple(of_event or ()),
            tuple(of_params or ()),
            tuple(tuple(keys or ()) for keys in of_items or ()),
        )
        for k, index, of_event, of_params, of_items in asked.select(
            "k", "event_index", "of_event", "of_params", "of_items"
        ).iter_rows()
    }
    told = {
        (k, index): names or ((), (), ())
        for k, line in enumerate(lines)
        for index, names in enumerate(names_of_events(line) or [])
    }
    assert told == native


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(KEYS, LEAVES), max_size=4), st.lists(st.tuples(KEYS, LEAVES), max_size=4))
def test_a_line_that_repeats_a_field_is_one_to_the_native_reader(
    around: list[tuple[str, str]], of_body: list[tuple[str, str]]
) -> None:
    line = written([*around, ("body", written(of_body))]).encode()
    with Parser() as parser:
        assert [repeats(line)] == parser.repeat([line]).tolist()


def test_a_line_that_cannot_be_read_is_said_to_be_one() -> None:
    for line in (b'{"body":', b"\xff", b"[" * 100_000, b'{"a":nan}', b'{"a":1,}', b"null"):
        assert repeats(line) is None
        assert names_of_events(line) is None


@pytest.mark.parametrize("wrong", ["nan", "-inf", "1,", "NaN", "Infinity", "1e999", "[" * 1200 + "]" * 1200])
@pytest.mark.parametrize("where", ["own", "value"])
def test_what_json_forbids_has_the_same_reasons_among_few_lines_and_among_many(
    wrong: str, where: str
) -> None:
    params = {"page_title": "t", "currency": "EUR", "value": 1, "own": 2}
    lines = [
        envelope(
            event(**params), event(page_title="beside"), request_id=f"r-{n}", body={"client_id": f"c-{n}"}
        )
        .replace(f'"{where}":{params[where]}'.encode(), f'"{where}":{wrong}'.encode())
        .replace(b'"body":', b'"body": ')
        for n in range(3 * FEW_LINES)
    ]
    told = [split_lines(*lines), split_lines(*lines, batch_bytes=len(lines[0]) * FEW_LINES // 4)]
    assert told[0].reasons == told[1].reasons
    assert told[0].files == told[1].files


def test_a_key_that_is_no_text_is_refused_with_its_line() -> None:
    lone = envelope(event(page_title="t")).replace(b'"page_title"', b'"page_title":1,"\\ud800"')
    assert split_lines(lone).reasons == {(1, None): ["JSON_MALFORMED"]}


@pytest.mark.parametrize("count", [3, 900])
def test_few_lines_and_many_are_judged_alike(count: int) -> None:
    """Few are read line by line, many are asked of the native reader."""
    sound = [envelope(event(page_title=f"{n}")) for n in range(4 * count)]
    odd = [envelope(event(page_title=f"o{n}", own=1)) for n in range(count)]
    twice = [line.replace(b'"own":1', b'"own":1,"own":1') for line in odd]
    spaced = [
        envelope(event(page_title=f"s{n}")).replace(b'"body":', b'"site":"shop-a", "body":')
        for n in range(count)
    ]
    outcome = split_lines(*sound, *odd, *twice, *spaced)
    assert outcome.valid.height == 5 * count
    assert outcome.valid["flags"].explode().drop_nulls().to_list() == ["FIELD_UNEXPECTED"] * count
    assert set(map(tuple, outcome.reasons.values())) == {("NAME_DUPLICATED",)}
    assert len(outcome.reasons) == 2 * count


def test_shapes_have_numbers_of_their_own() -> None:
    some: list[Names] = [
        ((), (), ()),
        (("name",), (), ()),
        ((), ("name",), ()),
        (("name", "é"), (), ((), ("a",))),
    ]
    numbers = {number_of(names) for names in some}
    assert len(numbers) == len(some)
    assert all(1 < number < 1 << 64 for number in numbers)
