"""Real clients against a real server: each from its call to rows of `valid_events`."""

from __future__ import annotations

import base64
import http.server
import os
import shutil
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from rs_assets.log import RawLog
from rs_assets_tests.collector.asking import collecting, lines
from rs_assets_tests.logs import Outcome, split

ITEM = {"item_id": "A1", "item_name": "Mug", "price": 9.5, "quantity": 2}
SITES = """
[sites.shop-a]
ids = ["G-TEST123", "app-1", "write-key-1"]
api_secrets = ["s3cret"]
"""


def collected(tmp_path: Path, send: Callable[[str], None]) -> Outcome:
    """What the split makes of what a client sent."""
    sites = tmp_path / "sites.toml"
    sites.write_text(SITES)
    raw = tmp_path / "raw"
    with collecting(raw, "--sites", str(sites)) as (address, process):
        send(address)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    log = RawLog(str(raw))
    (log_date,) = log.log_dates()
    return split(log, log_date)


def rows(table: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return list(table.sort("event_name").select("site", "event_name", *columns).iter_rows())


def test_ga4mp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from ga4mp import GtagMP

    def send(address: str) -> None:
        tracker = GtagMP(measurement_id="G-TEST123", api_secret="s3cret", client_id="123.456")
        # The package has Google's address built in: it is led to ours, and sends as it does.
        real = urllib.request.Request

        def led(url: str, *more: Any, **named: Any) -> urllib.request.Request:
            return real(url.replace("https://www.google-analytics.com", address), *more, **named)

        monkeypatch.setattr(urllib.request, "Request", led)
        event = tracker.create_new_event("purchase")
        event.set_event_param("currency", "EUR")
        event.set_event_param("value", 19)
        event.set_event_param("transaction_id", "T-1")
        item = event.create_new_item(item_id="A1", item_name="Mug")
        item.set_parameter("price", 9.5)
        item.set_parameter("quantity", 2)
        event.add_item_to_event(item)
        tracker.send(events=[event])
        monkeypatch.undo()

    found = collected(tmp_path, send)
    assert found.quarantined.to_dicts() == []
    assert rows(found.valid, "client_id", "value", "transaction_id") == [
        ("shop-a", "purchase", "123.456", 19.0, "T-1")
    ]
    (items,) = found.valid["items"]
    assert {name: items[0][name] for name in ITEM} == ITEM


def test_snowplow_tracker(tmp_path: Path):
    from snowplow_tracker import (
        Emitter,
        PagePing,
        PageView,
        SelfDescribing,
        SelfDescribingJson,
        StructuredEvent,
        Subject,
        Tracker,
    )

    def send(address: str) -> None:
        host = address.removeprefix("http://")
        name, _, port = host.partition(":")
        for method in ("post", "get"):
            emitter = Emitter(name, protocol="http", port=int(port), method=method, batch_size=1)
            subject = Subject().set_domain_user_id(f"duid-{method}").set_user_id("u-1")
            tracker = Tracker("t", emitters=[emitter], subject=subject, app_id="app-1")
            tracker.track(PageView(page_url="https://shop.example/a", page_title="A"))
            tracker.track(StructuredEvent(category="shop", action="Add To Wishlist"))
            schema = "iglu:com.example/login/jsonschema/1-0-0"
            tracker.track(SelfDescribing(SelfDescribingJson(schema, {"method": "mail"})))
            tracker.track(PagePing(page_url="https://shop.example/a"))
            tracker.flush()

    found = collected(tmp_path, send)
    logins = found.valid.filter(pl.col("event_name") == "login")
    assert sorted(rows(logins, "client_id", "user_id", "method")) == [
        ("shop-a", "login", "duid-get", "u-1", "mail"),
        ("shop-a", "login", "duid-post", "u-1", "mail"),
    ]
    views = found.valid.filter(pl.col("event_name") == "page_view")
    assert views["page_location"].to_list() == ["https://shop.example/a"] * 2
    # A wish without a product keeps no contract, and a ping is no event of GA4's: both stay, with the reason.
    assert found.report.events == 8 and found.report.conserved
    refused = found.quarantined.select("event_name", "reasons")
    assert refused.filter(pl.col("event_name") == "add_to_wishlist").height == 2
    assert refused.filter(pl.col("event_name").is_null()).height == 2
    assert all(refused["reasons"].list.len() > 0)


def test_segment_by_its_http_api(tmp_path: Path):
    """As its documentation has a request: basic authentication by the write key, a batch of messages."""
    message = {"anonymousId": "anon-1", "userId": "u-1", "context": {"library": {"name": "x"}}}
    product = {"product_id": "A1", "name": "Mug", "price": 9.5, "quantity": 2}
    order = {"order_id": "O-1", "total": 19.0, "currency": "EUR", "products": [product]}
    batch = [
        {**message, "type": "track", "event": "Order Completed", "properties": order},
        {**message, "type": "track", "event": "Product Viewed", "properties": {**product, "currency": "EUR"}},
        {**message, "type": "page", "properties": {"url": "https://shop.example/", "title": "Home"}},
        {**message, "type": "identify", "traits": {"plan": "x"}},
    ]

    def send(address: str) -> None:
        key = base64.b64encode(b"write-key-1:").decode()
        headers = {"authorization": f"Basic {key}", "content-type": "application/json"}
        sent = urllib.request.Request(f"{address}/v1/batch", orjson.dumps({"batch": batch}), headers)
        with urllib.request.urlopen(sent) as answer:
            assert answer.status == 204

    found = collected(tmp_path, send)
    assert rows(found.valid, "client_id", "user_id", "value", "transaction_id") == [
        ("shop-a", "page_view", "anon-1", "u-1", None, None),
        ("shop-a", "purchase", "anon-1", "u-1", 19.0, "O-1"),
        ("shop-a", "view_item", "anon-1", "u-1", 19.0, None),
    ]
    assert found.quarantined["reasons"].to_list() == [["FIELD_MISSING"]]
    said = [one for one in lines(tmp_path / "raw") if "sent_text" not in one]
    assert [one["body"]["type"] for one in said] == ["identify"]


NODE = """
const { Analytics } = require("@segment/analytics-node");
const analytics = new Analytics({ writeKey: "write-key-1", host: process.argv[2], flushAt: 2, maxRetries: 0 });
analytics.on("error", (problem) => { console.error(problem); process.exitCode = 1; });
const product = { product_id: "A1", name: "Mug", price: 9.5, quantity: 2 };
const who = { anonymousId: "anon-1", userId: "u-1" };
analytics.page({ ...who, properties: { url: "https://shop.example/mug", title: "Mug" } });
analytics.track({ ...who, event: "Product Added", properties: { ...product, currency: "EUR" } });
analytics.track({ ...who, event: "Order Completed",
  properties: { order_id: "O-1", total: 19, currency: "EUR", products: [product] } });
analytics.closeAndFlush();
"""


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs node and npm")
def test_segments_own_client_for_node(tmp_path: Path):
    (tmp_path / "client.cjs").write_text(NODE)
    add = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--prefix",
        str(tmp_path),
        "@segment/analytics-node@3",
    ]
    added = subprocess.run(add, capture_output=True, text=True, timeout=180)
    if added.returncode:
        pytest.skip(f"npm cannot install the client here: {added.stderr.strip()[-200:]}")

    def send(address: str) -> None:
        done = subprocess.run(
            ["node", str(tmp_path / "client.cjs"), address], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout

    found = collected(tmp_path, send)
    assert found.quarantined.to_dicts() == []
    assert rows(found.valid, "client_id", "user_id", "value", "transaction_id") == [
        ("shop-a", "add_to_cart", "anon-1", "u-1", 19.0, None),
        ("shop-a", "page_view", "anon-1", "u-1", None, None),
        ("shop-a", "purchase", "anon-1", "u-1", 19.0, "O-1"),
    ]
    assert found.valid["page_location"].drop_nulls().to_list() == ["https://shop.example/mug"]


PAGE = """<!doctype html><title>Mug</title><script>
const to = "ADDRESS/g/collect?v=2&tid=G-TEST123&cid=77.88&sid=1700000000&dl="
  + encodeURIComponent("https://shop.example/mug") + "&dt=Mug";
const lines = [
  "en=page_view",
  "en=view_item&cu=EUR&epn.value=9.5&pr1=idA1~nmMug~pr9.5~qt1~k0colour~v0blue",
].join("\\r\\n");
const sent = navigator.sendBeacon(to, lines);
fetch(to + "&en=search&ep.search_term=mug", {mode: "no-cors", keepalive: true})
  .then(() => fetch(to + "&en=login&ep.method=mail", {method: "POST"}))
  .then(answer => new Promise(done => setTimeout(() => done(answer), 500)))
  .then(answer => { document.title = `sent ${sent} ${answer.status}`; });
</script>"""


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Debian's chromium")
def test_a_page_in_a_browser_by_beacon_and_fetch(tmp_path: Path):
    def send(address: str) -> None:
        page = PAGE.replace("ADDRESS", address).encode()

        class Shop(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *args: object) -> None: ...

        shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"]
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        where = f"http://127.0.0.1:{shop.server_port}/"
        env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        shown = subprocess.run(
            [*command, profile, "--dump-dom", where], capture_output=True, text=True, timeout=120, env=env
        )
        shop.shutdown()
        assert "<title>sent true 204</title>" in shown.stdout, shown.stdout + shown.stderr

    found = collected(tmp_path, send)
    assert found.quarantined.to_dicts() == []
    assert rows(found.valid, "client_id", "session_ref", "value") == [
        ("shop-a", "login", "77.88", "1700000000", None),
        ("shop-a", "page_view", "77.88", "1700000000", None),
        ("shop-a", "search", "77.88", "1700000000", None),
        ("shop-a", "view_item", "77.88", "1700000000", 9.5),
    ]
    (agent,) = found.valid["user_agent"].unique()
    assert "Chrome" in agent
