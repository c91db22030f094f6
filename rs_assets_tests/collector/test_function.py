"""The Lambda handler, and the object store behind it."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from rs_assets.collector import Committer, function
from rs_assets.collector.committer import NotKept
from rs_assets.collector.envelopes import Envelope
from rs_assets.collector.objects import Objects
from rs_assets.log import RawLog
from rs_assets_tests.collector.asking import lines
from rs_assets_tests.logs import event, split
from rs_assets_tests.s3 import Store

BODY = orjson.dumps({"client_id": "c", "events": [event(page_location="https://shop.example/")]})
NOW = dt.datetime(2024, 1, 2, 10, tzinfo=dt.UTC)


def call(path: str, body: bytes, query: str = "") -> dict[str, Any]:
    """An event of an HTTP API, payload version 2.0."""
    http = {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": "application/json", "host": "x", "user-agent": "u"},
        "requestContext": {"http": http, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


@pytest.fixture
def bucket(s3: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    root = s3.bucket()
    monkeypatch.setenv("RS_RAW_LOG", root)
    monkeypatch.setenv("RS_SITES", "shop-a")
    monkeypatch.delenv("RS_COLLECTOR_SITES", raising=False)
    function._made.cache_clear()
    yield root
    function._made.cache_clear()


def test_each_call_of_a_function_is_an_object_of_its_own_that_the_split_reads(bucket: str):
    for _ in range(3):
        answer = function.handler(call("/mp/collect", BODY, "measurement_id=shop-a"), None)
        assert answer["statusCode"] == 204
    log = RawLog(bucket)
    (log_date,) = log.log_dates()
    assert len(log.segments(log_date)) == 3
    assert [line["ip"] for line in lines(bucket)] == ["203.0.113.0"] * 3
    found = split(log, log_date)
    assert found.valid["event_name"].to_list() == ["page_view"] * 3


def test_a_function_reads_its_sites_from_a_file(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sites = tmp_path / "sites.toml"
    sites.write_text('unknown = "refuse"\n[sites.shop-a]\nids = ["G-1"]\napi_secrets = ["s"]\n')
    monkeypatch.setenv("RS_COLLECTOR_SITES", str(sites))
    function._made.cache_clear()
    asked = ["measurement_id=G-1&api_secret=s", "measurement_id=G-1&api_secret=t"]
    found = [function.handler(call("/mp/collect", BODY, query), None)["statusCode"] for query in asked]
    assert found == [204, 403]


def test_a_bucket_that_is_away_is_answered_with_503(bucket: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RS_RAW_LOG", "s3://no-such-bucket-of-ours/raw")
    function._made.cache_clear()
    answer = function.handler(call("/mp/collect", BODY, "measurement_id=shop-a"), None)
    assert answer["statusCode"] == 503
    assert orjson.loads(answer["body"])["error"].startswith("Not kept: ")


def test_requests_that_wait_together_are_one_object_a_site_and_log_date(bucket: str):
    committer = Committer(Objects(bucket, seconds=0.2))
    eve = NOW - dt.timedelta(days=1)
    sent = [
        Envelope(site, f"{site}-{when:%d}-{k}", "/mp/collect", None, None).line(when, b'"body":{}')
        for site in ("shop-a", "b")
        for when in (NOW, eve)
        for k in range(5)
    ]

    async def keep() -> None:
        await asyncio.gather(*(committer.keep(one) for one in sent))

    asyncio.run(keep())
    log = RawLog(bucket)
    assert [len(log.segments(day)) for day in log.log_dates()] == [2, 2]  # before it is closed
    committer.close()
    assert len(lines(bucket)) == len(sent)


def test_after_the_end_nothing_is_taken(bucket: str):
    committer = Committer(Objects(bucket))
    committer.close()

    async def keep() -> None:
        await committer.keep(b"x\n")

    with pytest.raises(NotKept):
        asyncio.run(keep())
