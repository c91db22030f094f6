"""The exact reading of one line: what is wrong, where, and what of it can still be judged."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rs_assets.contract.codes import Code
from rs_assets.contract.exact import WHOLE_LINE, Examined, Misshapen, examine
from rs_assets.contract.queries import LINE_BYTES
from rs_assets_tests.logs import envelope, event

SOUND = envelope(event(page_title="t"))


def only(examined: Examined) -> Misshapen:
    [violation] = examined.violations
    return violation


def test_a_sound_line_comes_back_as_it_was() -> None:
    examined = examine(SOUND)
    assert examined.violations == []
    assert examined.sound == SOUND


def test_a_cut_line_says_how_much_of_it_there_is() -> None:
    examined = examine(SOUND[:50])
    assert examined.sound is None
    assert only(examined) == Misshapen(
        WHOLE_LINE,
        Code.LINE_TRUNCATED,
        "",
        "the line ends after 50 bytes, before its JSON does",
        "a whole envelope",
        SOUND[10:50].decode(),
    )


def test_what_is_no_json_says_where_and_shows_it() -> None:
    violation = only(examine(SOUND.replace(b'"site":', b'"site"=')))
    at = SOUND.index(b'"site":') + len(b'"site"')
    assert violation.code == Code.JSON_MALFORMED
    assert violation.message.startswith("the line is not JSON: ")
    assert violation.message.endswith(f"at character {at + 1}")
    assert '"site"=' in str(violation.observed)


@pytest.mark.parametrize("before", [b"", "é€😀".encode()])
def test_a_byte_that_is_not_utf_8_is_counted_and_shown(before: bytes) -> None:
    violation = only(examine(b'{"a":"' + before + b"\xc3\x28"))
    assert violation.code == Code.ENCODING_INVALID
    assert violation.message == (
        f"byte {7 + len(before)} of the line is not UTF-8 (invalid continuation byte)"
    )
    assert (violation.expected, violation.observed) == ("UTF-8", "c3")


def test_the_first_nul_is_counted() -> None:
    violation = only(examine(b'{"a":"\0\0"}'))
    assert (violation.code, violation.message) == (Code.NUL_BYTE, "byte 7 of the line is NUL")


def test_a_line_that_is_too_large_is_not_read_at_all() -> None:
    violation = only(examine(b"\0" * (LINE_BYTES + 1)))
    assert violation.code == Code.BODY_TOO_LARGE
    assert (violation.message, violation.expected) == (
        "the line has 1,048,577 bytes and was not read",
        "a body of at most 130,000 bytes",
    )


@pytest.mark.parametrize("more", [0, 1])
def test_a_body_is_as_large_as_it_was_sent_and_white_space_around_it_is_none_of_it(more: int) -> None:
    body = b'{"client_id":"c", "events" : [' + b" " * 129_000 + orjson.dumps(event()) + b"]}"
    body = body.replace(b'"c"', b'"' + b"c" * (130_000 - len(body) + 1 + more) + b'"')
    line = envelope(site="s" * 500).replace(b'{"client_id":"c-1","events":[]}', b"  " + body + b" " * 500)
    examined = examine(line)
    assert [v.code for v in examined.violations] == [Code.BODY_TOO_LARGE] * more
    if more:
        assert only(examined).message == "the body has 130,001 bytes"


@pytest.mark.parametrize(
    ("twice", "path"),
    [
        ('"site":"shop-a"', "site"),
        ('"x":1', "x"),
        ('"client_id":"c-1"', "body.client_id"),
        ('"client\\u005fid":"c-1"', "body.client_id"),
        ('"x":{"a":[1,{"x":"}"}]}', "body.x"),
    ],
)
def test_a_field_that_stands_twice_is_held_against_each_event_of_the_line(twice: str, path: str) -> None:
    text = envelope(event(), event(), body={"x": {"x": 2}} if path == "body.x" else {})
    text = text.replace(b'{"client_id"', b"{" + twice.encode() + b',"client_id"') if "." in path else text
    text = text if "." in path else b"{" + twice.encode() + b"," + text[1:]
    text = text if path != "x" else b'{"x":{},' + text[1:]
    assert [(v.event_index, v.code, v.path) for v in examine(text, repeats=True).violations] == [
        (0, Code.NAME_DUPLICATED, path),
        (1, Code.NAME_DUPLICATED, path),
    ]
    assert examine(text).violations == []


@pytest.mark.parametrize("path", ["body", "body.events"])
def test_of_two_bodies_or_lists_of_events_nobody_can_tell_which_was_meant(path: str) -> None:
    name = path.rpartition(".")[2].encode()
    line = envelope(event()).replace(b'"' + name + b'":', b'"' + name + b'":{},"' + name + b'":')
    violation = only(examine(line, repeats=True))
    assert (violation.event_index, violation.code, violation.path) == (
        WHOLE_LINE,
        Code.NAME_DUPLICATED,
        path,
    )


def test_a_payload_that_was_no_json_is_shown_in_part() -> None:
    line = orjson.dumps({"body": None, "body_text": "<xml>" * 100})
    violation = only(examine(line))
    assert (violation.code, violation.path) == (Code.JSON_MALFORMED, "body_text")
    assert violation.observed == ("<xml>" * 100)[:80]


def test_a_body_counts_and_not_the_text_beside_it() -> None:
    assert examine(envelope(event(), body_text="x", body_base64="eA==")).violations == []


def test_misshapen_containers_are_left_out_and_the_rest_is_kept() -> None:
    good = event("view_item", value=1, items=[{"item_id": "i"}])
    line = envelope(
        good, 5, {"name": "a", "params": [1], "timestamp_micros": 7}, event("b", items={}, value=2), good
    )
    examined = examine(line)
    assert [(v.event_index, v.code, v.path, v.observed) for v in examined.violations] == [
        (1, Code.TYPE_MISMATCH, "", "5"),
        (2, Code.TYPE_MISMATCH, "params", "[1]"),
        (3, Code.ITEMS_MALFORMED, "params.items", "{}"),
    ]
    assert orjson.loads(examined.sound or b"")["body"]["events"] == [
        good,
        {},
        {"name": "a", "params": None, "timestamp_micros": 7},
        event("b", items=None, value=2),
        good,
    ]


def test_items_that_are_no_objects_become_empty_ones_at_their_place() -> None:
    examined = examine(envelope(event("b", items=[1, {"item_id": "i"}, None, [], "i"])))
    assert examined.violations == []
    items = orjson.loads(examined.sound or b"")["body"]["events"][0]["params"]["items"]
    assert items == [{}, {"item_id": "i"}, {}, {}, {}]


def test_what_is_seen_is_shown_in_80_characters() -> None:
    violation = only(examine(envelope(event("b", items="ü" * 200))))
    assert violation.observed == '"' + "ü" * 79


@pytest.mark.parametrize("levels", [100, 250, 251, 252, 253, 254, 255, 500, 1_015])
@pytest.mark.parametrize("where", ["line", "body", "events", "event", "params", "items", "other"])
def test_no_depth_is_too_deep_to_be_told(levels: int, where: str) -> None:
    deep = "[" * levels + "]" * levels
    line = {
        "line": deep,
        "body": '{"body":' + deep + "}",
        "events": '{"body":{"events":' + deep + "}}",
        "event": '{"body":{"events":[5,' + deep + "]}}",
        "params": '{"body":{"events":[{"params":' + deep + "}]}}",
        "items": '{"body":{"events":[{"params":{"items":{"a":' + deep + "}}}]}}",
        "other": '{"body":{"events":[{"a":' + deep + ',"params":5}]},"b":' + deep + "}",
    }[where]
    examined = examine(line.encode())
    assert all(v.code in {Code.TYPE_MISMATCH, Code.ITEMS_MALFORMED} for v in examined.violations)
    if where in {"line", "body", "params"}:
        assert only(examined).observed == "[" * 80
    if where == "other":
        assert only(examined).path == "params"
        assert examined.sound is not None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
EVENT = JSON | st.fixed_dictionaries(
    {}, optional={"name": JSON, "params": JSON | st.fixed_dictionaries({}, optional={"items": JSON})}
)
ENVELOPE = st.fixed_dictionaries(
    {},
    optional={
        "body": JSON | st.fixed_dictionaries({}, optional={"events": JSON | st.lists(EVENT, max_size=3)}),
        "body_text": JSON,
        "body_base64": JSON,
    },
)


@settings(deadline=None)
@given(JSON | ENVELOPE)
@example({"body": {"events": [1e300, {"params": {"items": [1e16, -0.0]}}]}})
def test_any_json_has_a_verdict_and_what_is_sound_has_its_shape(value: object) -> None:
    examined = examine(orjson.dumps(value))
    if examined.sound is None:
        assert only(examined).event_index == WHOLE_LINE
        return
    sent, kept = value["body"]["events"], orjson.loads(examined.sound)["body"]["events"]
    assert len(kept) == len(sent) > 0
    wrong = {violation.event_index for violation in examined.violations}
    assert wrong <= set(range(len(sent)))
    for index, (before, after) in enumerate(zip(sent, kept, strict=True)):
        params = after.get("params")
        assert params is None or isinstance(params, dict)
        items = (params or {}).get("items")
        assert items is None or all(isinstance(item, dict) for item in items)
        if index not in wrong:
            assert {name: after[name] for name in before if name != "params"} == {
                name: before[name] for name in before if name != "params"
            }


@given(st.binary(max_size=60))
def test_any_bytes_have_a_verdict(line: bytes) -> None:
    examined = examine(line)
    assert examined.sound is not None or only(examined).event_index == WHOLE_LINE
