"""Plain events: told by length, and held to what an exact reading of their keys says."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rs_assets.contract import parse, schemas
from rs_assets.contract.parse import PLAIN, Parser, Sent
from rs_assets.contract.queries import ALL_FIELDS, ITEM_FIELDS, Fields
from rs_assets.contract.schemas.shape import MAX_PARAMS
from rs_assets.contract.shape_rules import SHAPE_RULES
from rs_assets.contract.shapes import Shape
from rs_assets.contract.verdict import failures
from rs_assets.log.blocks import read_batches
from rs_assets_tests.logs import LOG_DATE, envelope, event, split_lines, write_log

PARAMS = list(schemas.PARAMS)


class Object(list[tuple[str, object]]):
    """The members of a JSON object, repeated ones repeated."""


def line(*events: str) -> bytes:
    """A request with these events, as they are written."""
    return envelope().replace(b'"events":[]', b'"events":[' + ",".join(events).encode() + b"]")


def told_plain(folder: Path, *events: str, read: Fields = ALL_FIELDS) -> list[bool]:
    log = write_log(folder, {("shop-a", "1.ndjson"): b"\n".join(map(line, events))})
    with Parser(sent=Sent(read)) as parser:
        [(_, frame)] = parser.stream(read_batches(log, LOG_DATE))
    assert frame is not None
    return (frame["shape"] == PLAIN).fill_null(False).to_list()


def is_plain(text: str) -> bool:
    """The rule, by an exact reader."""
    read = json.loads(text, object_pairs_hook=Object)
    if not holds_only(read, {"name", "timestamp_micros", "params"}):
        return False
    params = dict(read).get("params")
    if not holds_only(params, {*PARAMS, "items"}):
        return False
    items = dict(params).get("items")
    return items is None or (
        isinstance(items, list)
        and not isinstance(items, Object)
        and len(items) > 0
        and all(holds_only(item, ITEM_FIELDS) for item in items)
    )


def holds_only(value: object, names: Container[str]) -> bool:
    """Whether it is an object with some of these members, each once and not null, and no other."""
    if not isinstance(value, Object) or not value or len({name for name, _ in value}) < len(value):
        return False
    return all(name in names and member is not None for name, member in value)


def written(members: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in members) + "}"


def array(texts: list[str]) -> str:
    return "[" + ",".join(texts) + "]"


def objects(names: list[str], texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(st.sampled_from(names), texts), max_size=4).map(written)


TEXT = st.sampled_from(
    ["1", "5", "12.50", "1e5", "-0", "1E-7", "19.0", "123456789012345678901234567890", "true", "null", '""', '":"',
     '"\\u00e9"', '"\\""', '"\\\\"', '"é,{}"', "{}", "[]", '{"a":1}', "[1]", ' { "a" : [ 1 , null ] } '],
) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5).map(json.dumps)  # fmt: skip
ITEMS = st.lists(objects(["item_id", "price", "x", ""], TEXT) | TEXT, max_size=3).map(array)
PARAM = st.tuples(st.sampled_from([*PARAMS[:4], "", "x"]), TEXT) | st.tuples(st.just("items"), ITEMS | TEXT)
MEMBER = st.tuples(st.sampled_from(["name", "timestamp_micros", "x"]), TEXT) | st.tuples(
    st.just("params"), st.lists(PARAM, max_size=4).map(written) | TEXT
)
EVENT = st.lists(MEMBER, max_size=4).map(written)
SOUND = json.dumps(event("view_item", value=1.5, currency="EUR", items=[{"item_id": "i"}, {"price": 2}]))


@settings(deadline=None, max_examples=50)
@given(st.lists(EVENT, min_size=1, max_size=12))
@example([SOUND, SOUND.replace('"currency"', '"value"'), SOUND.replace("1.5", "null"), '{"params":5}'])
@example(['{"params":{"items":[5]}}', '{"params":{"items":[{}]}}', '{"params":{"items":[{"item_id":1}]}}'])
def test_an_event_is_plain_if_and_only_if_it_has_the_contract_s_fields_alone(
    tmp_path_factory: pytest.TempPathFactory, events: list[str]
) -> None:
    assert told_plain(tmp_path_factory.mktemp("log"), *events) == [*map(is_plain, events)]


def test_white_space_and_the_spelling_of_characters_are_no_difference(tmp_path: Path) -> None:
    spaced = SOUND.replace(":", " : ").replace("EUR", "\\u0045UR").replace('"value"', '"v\\u0061lue"')
    assert told_plain(tmp_path, SOUND, spaced) == [True, True]


def test_a_field_that_was_not_read_makes_an_event_other_than_plain(tmp_path: Path) -> None:
    read = Fields.known(["value", "currency"], ["item_id"])
    line_of_first = json.dumps(event("view_item", value=1, currency="EUR", items=[{"item_id": "i"}]))
    log = write_log(tmp_path, {("shop-a", "1.ndjson"): line(line_of_first) + b"\n" + line(SOUND)})
    with Parser(always=read, sent=Sent(read)) as parser:
        frames = [frame for _, frame in parser.stream(read_batches(log, LOG_DATE, batch_bytes=1))]
    assert [frame["shape"].to_list() for frame in frames if frame is not None] == [[PLAIN], [None]]


def test_what_is_sent_is_told_by_the_first_batch_that_has_lines(tmp_path: Path) -> None:
    """A segment that breaks off before its first line gives a batch of none."""
    [batch] = read_batches(write_log(tmp_path, {("shop-a", "1.ndjson"): line(SOUND)}), LOG_DATE)
    none = replace(
        batch,
        start=batch.start[:0],
        end=batch.end[:0],
        segment=batch.segment[:0],
        line=batch.line[:0],
        size=0,
    )
    with Parser(sent=Sent(Fields.known([], ["item_id"]))) as parser:
        frames = [frame for _, frame in parser.stream([none, batch])]
    assert [frame["shape"].to_list() for frame in frames if frame is not None] == [[], [PLAIN]]


@pytest.mark.parametrize(("more", "plain"), [(0, True), (1, False)])
def test_with_more_parameters_than_allowed_no_event_is_plain(tmp_path: Path, more: int, plain: bool) -> None:
    names = PARAMS[: MAX_PARAMS - 1 + more]
    text = json.dumps(event("page_view", items=[{"item_id": "i"}], **dict.fromkeys(names, 1)))
    assert told_plain(tmp_path, text) == [plain]


@given(
    st.lists(st.sampled_from([*PARAMS, "items"]), unique=True, max_size=MAX_PARAMS),
    st.lists(st.lists(st.sampled_from(sorted(ITEM_FIELDS)), unique=True), max_size=3),
)
def test_no_rule_on_keys_is_broken_by_the_contract_s_own_names(
    params: list[str], items: list[list[str]]
) -> None:
    shape = Shape(("name", "timestamp_micros", "params"), (*params,), tuple(map(tuple, items)))
    names = pl.List(pl.String)
    frame = pl.DataFrame(
        [(1, shape.keys, shape.params, shape.items)],
        schema={"shape": pl.UInt64, "keys": names, "params": names, "items": pl.List(names)},
        orient="row",
    )
    assert failures(frame, SHAPE_RULES).is_empty()
    assert not shape.unexpected


@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
def test_keys_asked_for_at_once_and_afterwards_come_to_the_same(
    monkeypatch: pytest.MonkeyPatch, batch_bytes: int
) -> None:
    strange = [event(page_title=f"{n}", x=n) for n in range(6)]
    twice = envelope(event(page_title="t")).replace(b'"page_title"', b'"page_title":1,"page_title"')
    lines = [envelope(*strange[:3]), twice, envelope(*strange[3:], 5), line(SOUND), envelope(event(items=[]))]
    outcomes = []
    for share in (-1.0, 0.5, 2.0):
        monkeypatch.setattr(parse, "MANY", share)
        outcomes.append(split_lines(*lines, *lines, batch_bytes=batch_bytes))
    assert outcomes[0].reasons[2, 0] == ["NAME_DUPLICATED", "TYPE_MISMATCH"]
    assert outcomes[0].valid["flags"].drop_nulls().to_list() == [["FIELD_UNEXPECTED"]] * 6
    assert outcomes[0].files == outcomes[1].files == outcomes[2].files
