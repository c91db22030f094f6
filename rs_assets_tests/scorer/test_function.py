"""The Lambda handler, called as API Gateway calls it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from rs_assets.lake import Lake
from rs_assets.scorer import Application, Scorer, function
from rs_assets_tests.logs import event
from rs_assets_tests.scorer.asgi import post

VIEW = event("view_item", value=2.5, currency="EUR", items=[{"item_id": "A00001", "price": 2.5}])


@pytest.fixture
def handler(replayed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("RS_HOME", str(replayed))
    function._made.cache_clear()
    yield function.handler
    function._made.cache_clear()


def call(path: str, body: bytes, query: str = "", method: str = "POST") -> dict[str, Any]:
    """An event of an HTTP API, payload version 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": "application/json", "host": "x"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.1"},
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def test_a_function_answers_as_the_server_does(handler, lake: Lake):
    scorer = Scorer(lake)
    looked = VIEW | {"timestamp_micros": 1_704_880_000_000_000}
    body = orjson.dumps({"site": "shop-a", "client_id": "c", "events": [looked]})
    for path in ("/recommend", "/intent"):
        answer = handler(call(path, body), None)
        assert answer["statusCode"] == 200
        status, expected = post(Application(scorer), path, body)
        found = orjson.loads(answer["body"])
        assert status == 200
        assert found == expected
    scorer.close()


def test_what_is_refused_is_refused_with_the_reasons_and_the_next_call_is_answered(handler):
    answer = handler(call("/intent", b"{", "site=shop-a"), None)
    assert answer["statusCode"] == 400
    assert orjson.loads(answer["body"])["violations"][0]["code"] == "JSON_MALFORMED"
    assert handler(call("/health", b"", method="GET"), None)["statusCode"] == 200


def test_a_session_that_is_sent_whole_with_each_call_counts_once(handler):
    events = [{**event("page_view"), "timestamp_micros": 1_704_880_000_000_000 + n} for n in range(4)]
    for n in range(1, 5):
        body = orjson.dumps({"site": "shop-a", "client_id": "whole", "events": events[:n]})
        assert orjson.loads(handler(call("/intent", body), None)["body"])["position"] == n
