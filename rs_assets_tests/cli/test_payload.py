from __future__ import annotations

import json

import pytest

from rs_assets.cli.quarantine.payload import laid_out


def _text(line: str, event_index: int | None = None, width: int = 100) -> str:
    made = laid_out(line.encode(), event_index, width)
    assert made is not None
    return made.text


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


def test_other_events_of_the_request_are_left_out() -> None:
    line = '{"site":"a","body":{"events":[{"name":"x"},{"name":"y"},{"name":"z"}]}}'
    made = laid_out(line.encode(), 1, 10)
    assert made is not None and made.left_out == 2
    assert '"y"' in made.text and "… event 0," in made.text and "… event 2" in made.text
    assert '"x"' not in made.text and '"z"' not in made.text


@pytest.mark.parametrize("line", [b"", b"{", b'{"a": nul}', b"\xff", b'{"a": 1} {', b"[" * 100_000])
def test_what_is_no_json_is_not_laid_out(line: bytes) -> None:
    assert laid_out(line, None, 100) is None
