"""Fields of the envelope and the body that stand twice: found natively, and held to an exact reading."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rs_assets.contract.members import members, repeated
from rs_assets_tests.logs import envelope, event, split_lines

TITLED = event(page_title="t")
FIELDS = ["site", "request_id", "ip", "path", "user_agent", "x"]
OF_BODY = ["client_id", "user_id", "timestamp_micros", "user_properties", "x", "events_"]
VALUES = st.sampled_from(
    [
        '"shop-a"',
        '"c"',
        "1",
        "1e5",
        "12.50",
        "null",
        "{}",
        '{"a":1,"a":2}',
        '"\\u00e9"',
        '" , \\" }"',
        "[]",
        "[1, 2]",
    ]
)
MEMBERS = st.tuples(st.lists(st.tuples(st.sampled_from(FIELDS), VALUES), max_size=3),
                    st.lists(st.tuples(st.sampled_from(OF_BODY), VALUES), max_size=3),
                    st.sampled_from(["", " ", "\t"]))  # fmt: skip


def line(
    around: list[tuple[str, str]], of_body: list[tuple[str, str]], space: str = "", *events: object
) -> bytes:
    """A request of a site, with these fields more, and with white space where JSON has some."""

    def written(pairs: list[tuple[str, str]]) -> str:
        said = (f"{json.dumps(name)}{space}:{space}{text}" for name, text in pairs)
        return "{" + f"{space},".join(said) + space + "}"

    of_events = json.dumps(events or [TITLED], separators=(",", ":"))
    body = [("client_id", '"c-1"'), *of_body, ("events", of_events)]
    first = [("received_at", '"2024-01-02T10:00:00.000000Z"'), ("site", '"shop-a"'), ("request_id", '"r"')]
    return written([*first, *around, ("body", written(body))]).encode()


class Names(list[str]):
    """The names of an object, repeated ones repeated."""


def is_repeating(text: bytes) -> bool:
    """The rule, by another reader."""

    def names(pairs: list[tuple[str, object]]) -> object:
        held = dict(pairs)
        return Names(name for name, _ in pairs), held

    (of_line, held) = json.loads(text, object_pairs_hook=names)
    of_body, _ = held["body"]
    return len(set(of_line)) < len(of_line) or len(set(of_body)) < len(of_body)


@settings(deadline=None, max_examples=60)
@given(st.lists(MEMBERS, min_size=1, max_size=8))
@example([([], [], ""), ([("ip", '"1"'), ("ip", '"1"')], [], ""), ([], [("client_id", '"c-1"')], " ")])
def test_a_field_that_stands_twice_is_told_and_none_else(
    requests: list[tuple[list[tuple[str, str]], list[tuple[str, str]], str]],
) -> None:
    lines = [line(*request) for request in requests]
    told = split_lines(*lines).reasons
    found = ["NAME_DUPLICATED" in told.get((n, 0), told.get((n, None), [])) for n in range(1, len(lines) + 1)]
    assert found == [*map(is_repeating, lines)]


def test_every_event_of_the_line_is_quarantined_and_no_neighbour() -> None:
    sound = line([], [])
    double = line([], [("user_id", '"u"'), ("user_id", '"w"')], "", TITLED, TITLED)
    outcome = split_lines(sound, double, sound.replace(b'"c-1"', b'"c-2"'))
    assert outcome.reasons == {(2, 0): ["NAME_DUPLICATED"], (2, 1): ["NAME_DUPLICATED"]}
    assert outcome.valid.height == 2


def test_it_is_one_reason_of_several() -> None:
    double = line([], [("user_id", '"u"'), ("user_id", '"w"')], "", event("page_view", value="12"))
    assert set(split_lines(double).reasons[1, 0]) >= {"NAME_DUPLICATED", "TYPE_MISMATCH"}


def test_a_line_with_two_lists_of_events_is_kept_whole() -> None:
    double = envelope(TITLED).replace(b'"events":', b'"events":[{"name":"login"}],"events":')
    outcome = split_lines(double)
    assert outcome.reasons == {(1, None): ["NAME_DUPLICATED"]}
    assert outcome.quarantined["raw"].to_list() == [double]


@pytest.mark.parametrize("text", ["{}", " { } ", '{"a":{"b":1},"a":[{"c":":"}]}', '{"\\"a,":1,"b":"}"}'])
def test_members_are_those_of_an_exact_reader(text: str) -> None:
    found = list(members(text.encode()))
    read = [(one.name, json.loads(text[one.start : one.end], object_pairs_hook=list)) for one in found]
    assert read == json.loads(text, object_pairs_hook=list)
    assert repeated(found) == (["a"] if text.startswith('{"a"') else [])


def test_what_is_no_object_has_no_members() -> None:
    text = b'{"a":[{"b":1}],"c":5,"d":"{","e":{"f":1}}'
    inside = {one.name: [each.name for each in members(text, one.start)] for one in members(text)}
    assert inside == {"a": [], "c": [], "d": [], "e": ["f"]}
