from __future__ import annotations

import json

import pytest

from rs_assets.contract.report.leaving_out import leave_out_others, shorten
from rs_assets.contract.report.payload import laid_out, member, parsed


def _text(line: str, width: int = 100) -> str:
    root = parsed(line.encode())
    assert root is not None
    return "\n".join(line.text for line in laid_out(root, width))


@pytest.mark.parametrize(
    "line",
    [
        '{"a":12.50,"a":1E5,"b":"\\u00e9 \\"x\\", {[","c":[],"d":{},"e":[1,[2,{"f":null}]]}',
        "[true, false, null]",
        '"just text"',
        "-0.0",
    ],
)
@pytest.mark.parametrize("width", [1, 20, 100])
def test_every_token_stays_as_it_was_sent(line: str, width: int) -> None:
    text = _text(line, width=width)
    pairs = [json.loads(t, object_pairs_hook=list, parse_float=str, parse_int=str) for t in (text, line)]
    assert pairs[0] == pairs[1]


def test_what_fits_stays_on_one_line() -> None:
    line = '{"items":[{"id":"a","price":1.0},{"id":"b","price":2.50}],"n":1}'
    assert _text(line) == '{"items": [{"id": "a", "price": 1.0}, {"id": "b", "price": 2.50}], "n": 1}'
    assert _text(line, width=40).splitlines() == [
        "{",
        '  "items": [',
        '    {"id": "a", "price": 1.0},',
        '    {"id": "b", "price": 2.50}',
        "  ],",
        '  "n": 1',
        "}",
    ]


def test_what_is_marked_has_a_line_of_its_own() -> None:
    root = parsed(b'{"a":{"b":1,"c":2},"d":3}')
    assert root is not None
    lines = laid_out(root, 100, {(0, 1): (1, 2), (1,): (3,)})
    assert [(line.text.strip(), line.violations) for line in lines if line.violations] == [
        ('"c": 2', (1, 2)),
        ('"d": 3', (3,)),
    ]


def test_a_part_is_laid_out_alone() -> None:
    root = parsed(b'{"a":{"b":1},"d":3}')
    assert root is not None
    assert [line.text for line in laid_out(root, 100, at=(0,))] == ['{"b": 1}']


def test_other_events_of_the_request_are_left_out() -> None:
    root = parsed(b'{"site":"a","body":{"events":[{"name":"x"},{"name":"y"},{"name":"z"}]}}')
    assert root is not None and leave_out_others(root, 1) == 2
    text = "\n".join(line.text for line in laid_out(root, 10))
    assert '"y"' in text and "… event 0," in text and "… event 2" in text
    assert '"x"' not in text and '"z"' not in text


def test_of_an_array_one_element_is_left_in_its_place() -> None:
    root = parsed(b'{"items":[1,2,3,4]}')
    assert root is not None
    shorten(member(root, "items"), 1)
    assert laid_out(root, 100)[0].text == '{"items": [… 0, 2, … 2 more]}'


@pytest.mark.parametrize(
    "line", [b"", b"{", b'{"a": nul}', b"\xff", b'{"a": 1} {', b"[" * 100_000, b"[" * 150 + b"]" * 150]
)
def test_what_is_no_json_or_too_deep_is_no_tree(line: bytes) -> None:
    assert parsed(line) is None
