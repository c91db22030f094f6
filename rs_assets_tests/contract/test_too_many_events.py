"""A request with more events than GA4 takes is one quarantined line, however many there are."""

from __future__ import annotations

import orjson
import pytest

from rs_assets_tests.logs import envelope, event, split_lines


@pytest.mark.parametrize(("count", "valid", "quarantined"), [(25, 25, 0), (26, 0, 1)])
def test_a_request_of_more_than_25_events_is_quarantined_as_one_line(count, valid, quarantined):
    line = envelope(*[event(page_title=str(n)) for n in range(count)])
    found = split_lines(line)
    assert (found.valid.height, found.quarantined.height) == (valid, quarantined)
    assert found.quarantined["raw"].to_list() == [line] * quarantined


def test_a_third_of_a_million_empty_events_in_one_line_are_one_row(tmp_path):
    line = envelope().replace(b"[]", orjson.dumps([{}] * 300_000))
    found = split_lines(line)
    assert found.reasons == {(1, None): ["BODY_TOO_LARGE", "TOO_MANY_EVENTS"]}
