from __future__ import annotations

import pytest

from rs_assets.contract.report.payload import parsed
from rs_assets.contract.report.pointing import point, position

LINE = (
    b'{"site":"a","body":{"client_id":"c","timestamp_micros":1,"events":[{"name":"x"},'
    b'{"name":"y","params":{"items":[{"price":1},{"price":2,"price":3}],"a/b":4}}]}}'
)


@pytest.mark.parametrize(
    ("event_index", "path", "pointer", "missing"),
    [
        (1, "params.items[0].price", "/body/events/1/params/items/0/price", ""),
        (1, "params.value", "/body/events/1/params", "value"),
        (0, "params.value", "/body/events/0", "params.value"),
        (1, "params.items[7].price", "/body/events/1/params/items", "7.price"),
        (1, "name", "/body/events/1/name", ""),
        (1, "", "/body/events/1", ""),
        (1, "timestamp_micros", "/body/timestamp_micros", ""),
        (0, "body.user_id", "/body", "user_id"),
        (0, "site", "/site", ""),
        (None, "body.events", "/body/events", ""),
        (None, "", "", ""),
        (None, "body_text", "", "body_text"),
    ],
)
def test_a_violation_is_at_its_path_or_at_what_is_nearest(
    event_index: int | None, path: str, pointer: str, missing: str
) -> None:
    root = parsed(LINE)
    assert root is not None
    found = point(root, event_index, path)
    assert (found.pointer, found.missing) == (pointer, missing)


def test_of_equal_keys_each_is_pointed_at() -> None:
    root = parsed(LINE)
    assert root is not None
    assert len(point(root, 1, "params.items[1].price").steps) == 2


@pytest.mark.parametrize(
    ("line", "message", "at"),
    [
        (b'{"a":\xff}', "byte 6 of the line is not UTF-8 (invalid start byte)", 5),
        (b'{"\xff":\xff}', "byte 6 of the line is not UTF-8", 8),
        (b'{"a" 1}', "the line is not JSON: expected ':' at character 6", 5),
        (b'{"a":1', "the line ends after 6 bytes, before its JSON does", 6),
        (b"x" * 2000, "byte 1,234 of the line is NUL", 1233),
        (b"x", "the payload was not JSON and is kept as text", None),
    ],
)
def test_in_a_line_that_is_no_json_the_message_says_where(line: bytes, message: str, at: int | None) -> None:
    assert position(line, message) == at
