"""Shapes: worked out once, from the keys as the native reader sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_assets.contract.parse import Parser
from rs_assets.contract.shapes import Shape, Shapes
from rs_assets.log.blocks import read_batches
from rs_assets_tests.logs import LOG_DATE, envelope, event, split_lines, write_log


def shapes_of(tmp_path: Path, *lines: bytes) -> list[Shape | None]:
    log = write_log(tmp_path, {("shop-a", "1.ndjson"): b"\n".join(lines)})
    with Parser() as parser:
        [(batch, parsed)] = parser.stream(read_batches(log, LOG_DATE))
        assert parsed is not None
        events, found = Shapes().of(parser, batch.text, parsed)
        return [found.get(shape) for shape in events["shape"].to_list()]


def test_a_shape_is_the_keys_in_their_order(tmp_path: Path) -> None:
    lines = envelope(event(a=1, items=[]), event(items=[], a="x"), {"name": "page_view", "origin": 1})
    assert shapes_of(tmp_path, lines) == [
        Shape(("name", "params"), ("a", "items")),
        Shape(("name", "params"), ("items", "a")),
        Shape(("name", "origin"), ()),
    ]


def test_a_repeated_key_is_repeated(tmp_path: Path) -> None:
    line = envelope(event(a=1)).replace(b'"a":1', b'"a":1,"a":2')
    assert shapes_of(tmp_path, line) == [Shape(("name", "params"), ("a", "a"))]


@pytest.mark.parametrize("params", [{}, [1], 5, "x"])
def test_a_params_without_a_key_is_hollow(tmp_path: Path, params: object) -> None:
    [shape] = shapes_of(tmp_path, envelope({"name": "page_view", "params": params}))
    assert shape is not None
    assert shape.hollow


def test_what_is_no_event_has_no_shape(tmp_path: Path) -> None:
    assert shapes_of(tmp_path, b"{}", b"no json", envelope(5), envelope()) == [None] * 4


def test_a_line_that_holds_two_lists_of_events_gives_nobody_else_its_shape() -> None:
    """The shape of an event is read from the very event, whatever else its line holds."""
    double = envelope(event("page_view", items={})).replace(
        b'"events":', b'"events":[{"name":"login"}],"events":', 1
    )
    wrong = envelope(event("page_view", items={}))
    outcome = split_lines(double, wrong, envelope(event("page_view", page_title="t")))
    assert outcome.reasons[2, 0] == ["ITEMS_MALFORMED"]
    assert (3, 0) not in outcome.reasons


def test_a_parameter_first_sent_late_in_the_log_date_is_read_like_any_other() -> None:
    """Columns follow what the first batch sends; what it does not send is seen by its shape."""
    lines = [envelope(event(page_title=f"{n}")) for n in range(50)]
    late = envelope(event("login", method="mail", coupon=5), event("login", method="mail", affiliation="a"))
    outcome = split_lines(*lines, late, *lines[:1], batch_bytes=1)
    assert outcome.reasons == {(51, 0): ["TYPE_MISMATCH"], (52, 0): ["DUPLICATE"]}
    assert outcome.valid["affiliation"].drop_nulls().to_list() == ["a"]
    assert outcome.valid["method"].drop_nulls().to_list() == ["mail"]
    assert outcome.files == split_lines(*lines, late, *lines[:1]).files
