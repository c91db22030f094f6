"""Whatever a client of another dialect sends is a line that holds it: no payload is an error of ours."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rs_assets.collector.dialects.piece import micros
from rs_assets_tests.collector.asking import Request, answers, lines

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["1e308", "9" * 40, "-0", "1e-320", "2024-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]),
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner)
)
SNOWPLOW = ("e", "aid", "duid", "uid", "dtm", "ttm", "url", "page", "sid", "se_ac", "se_va", "ue_pr", "ue_px")
SEGMENT = ("type", "event", "timestamp", "anonymousId", "userId", "properties", "context", "messageId")
KINDS = {
    "e": st.sampled_from(["pv", "se", "ue", "pp"]),
    "type": st.sampled_from(["track", "page", "identify"]),
}


def said(keys: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={key: KINDS.get(key, JSON) | JSON for key in keys})


SOME = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def kept(root: Path, *requests: Request) -> list[int]:
    return [one.status for one in answers(root, *requests)]


@SOME
@given(st.lists(said(SNOWPLOW), min_size=1, max_size=3))
@example([{"e": "pv", "dtm": 1e308}])
@example([{"e": "pv", "dtm": "1e308"}])
@example([{"e": "pv", "ttm": 2**64 - 1}])
def test_any_payload_of_snowplows_is_kept(
    tmp_path_factory: pytest.TempPathFactory, sent: list[dict[str, Any]]
):
    root = tmp_path_factory.mktemp("raw")
    body = orjson.dumps({"schema": "x", "data": sent})
    assert kept(root, Request(path="/com.snowplowanalytics.snowplow/tp2", body=body)) == [204]
    assert len(lines(root)) == len(sent)


@SOME
@given(st.lists(said(SEGMENT), min_size=1, max_size=3))
def test_any_payload_of_segments_is_kept(
    tmp_path_factory: pytest.TempPathFactory, sent: list[dict[str, Any]]
):
    root = tmp_path_factory.mktemp("raw")
    body = orjson.dumps({"batch": sent})
    assert kept(root, Request(path="/v1/batch", body=body)) == [204]
    assert len(lines(root)) == len(sent)


@SOME
@given(
    st.dictionaries(st.sampled_from(["en", "cid", "_et", "epn.a", "ep.b", "upn.c", "pr1", "pr2"]), SCALARS)
)
def test_any_query_of_gtags_is_kept(tmp_path_factory: pytest.TempPathFactory, sent: dict[str, Any]):
    root = tmp_path_factory.mktemp("raw")
    assert kept(root, Request(path="/g/collect", query="tid=shop-a&" + urlencode(sent))) == [204]
    assert len(lines(root)) == 1


@pytest.mark.parametrize(
    ("millis", "expected"),
    [(1_700_000_000_000, 1_700_000_000_000_000), ("1700000000000", 1_700_000_000_000_000), (0, 0)],
)
def test_milliseconds_are_microseconds(millis: object, expected: int):
    assert micros(millis) == expected


@pytest.mark.parametrize("millis", [True, None, "soon", 1e308, "1e308", -math.inf, 2**64 - 1, [1]])
def test_what_is_no_time_stays_as_it_was_for_the_contract_to_refuse(millis: object):
    assert micros(millis) is millis
