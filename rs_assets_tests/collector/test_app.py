"""The application: what it answers, and what of a request is in the log."""

from __future__ import annotations

import base64
import gzip
import hashlib
import tempfile
from pathlib import Path

import brotli
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rs_assets.collector.bodies import KEPT_BYTES
from rs_assets.collector.sites import Site, Sites
from rs_assets.log import RawLog
from rs_assets_tests.collector.asking import TO_SHOP_A, Request, answers, lines
from rs_assets_tests.logs import event, split

VIEW = event("page_view", page_location="https://shop.example/")
BODY = orjson.dumps({"client_id": "c-1", "events": [VIEW]})


def test_what_is_kept_is_answered_with_204_and_is_in_the_log_as_it_was_sent(tmp_path: Path):
    headers = {"user-agent": "Mozilla/5.0", "cookie": "secret=1", "authorization": "Basic eA=="}
    query = f"{TO_SHOP_A}&api_secret=never-stored"
    (answer,) = answers(tmp_path, Request(body=BODY, headers=headers, query=query))
    assert (answer.status, answer.body) == (204, b"")
    (line,) = lines(tmp_path)
    assert line["received_at"][:10] == RawLog(str(tmp_path)).log_dates()[0]
    assert {name: line[name] for name in line if name not in ("received_at", "request_id")} == {
        "site": "shop-a",
        "path": "/mp/collect",
        "ip": "203.0.113.0",
        "user_agent": "Mozilla/5.0",
        "body": orjson.loads(BODY),
    }
    assert b"secret" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@settings(max_examples=50, deadline=None)
@example(b"")
@example(b"null")
@example(b'{"a":\n1,\r\n"b":"\\n"}')
@example(b"\xff\xfe\x00")
@example(b'{"cut')
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_one_line_that_gives_them_back_and_the_split_accounts_for_it(body: bytes):
    with tempfile.TemporaryDirectory() as folder:
        (answer,) = answers(Path(folder), Request(body=body))
        assert answer.status == 204
        (line,) = lines(folder)
        if "body" in line:
            assert line["body"] == orjson.loads(body)
        elif "body_text" in line:
            assert line["body_text"].encode() == body
        else:
            assert base64.b64decode(line["body_base64"]) == body
        log = RawLog(folder)
        outcome = split(log, log.log_dates()[0])
        assert outcome.report.conserved and outcome.report.events >= 1


@pytest.mark.parametrize(
    ("client", "kept"),
    [
        ("198.51.100.200", "198.51.100.0"),
        ("2001:db8:1:2::3", "2001:db8:1::"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("2002:cb00:7109::1", "203.0.113.0"),  # 6to4: the first 48 bits are an IPv4 address, whole
        ("fe80::1%eth0", "fe80::"),
        ("203.0.113.77:4711", None),
        ("unix", None),
    ],
)
def test_of_an_address_the_network_is_kept(tmp_path: Path, client: str, kept: str | None):
    answers(tmp_path, Request(body=BODY, client=client))
    assert lines(tmp_path)[0].get("ip") == kept


@pytest.mark.parametrize("pack", [gzip.compress, brotli.compress], ids=["gzip", "br"])
def test_packed_bodies_are_unpacked_and_bombs_are_not(tmp_path: Path, pack):
    encoding = {"content-encoding": "br" if pack is brotli.compress else "gzip"}
    bomb = pack(b" " * (64 << 20))
    found = answers(
        tmp_path,
        Request(body=pack(BODY), headers=encoding),
        Request(body=bomb, headers=encoding),
        Request(body=b"no such thing", headers=encoding),
        Request(body=pack(BODY)[:-3], headers=encoding),
    )
    assert [answer.status for answer in found] == [204] * 4
    sound, large, text, cut = lines(tmp_path)
    assert sound["body"] == orjson.loads(BODY)
    assert large["body_too_large"]["sha256"] == hashlib.sha256(bomb).hexdigest()
    assert large["body_too_large"]["content_encoding"] == encoding["content-encoding"]
    assert text["body_text"] == "no such thing"
    assert base64.b64decode(cut["body_base64"]) == pack(BODY)[:-3]


def test_of_a_body_that_is_too_large_the_digest_the_size_and_the_beginning_are_kept(tmp_path: Path):
    body = b'{"client_id":"' + b"x" * KEPT_BYTES + b'"}'
    parts = [body[:1000], body[1000:700_000], body[700_000:]]
    found = answers(tmp_path, Request(body=body), Request(parts=parts))
    assert [answer.status for answer in found] == [204, 204]
    said = [line["body_too_large"] for line in lines(tmp_path)]
    assert said[0] == said[1]
    assert (said[0]["bytes"], said[0]["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert base64.b64decode(said[0]["first_base64"]) == body[:1024]
    log = RawLog(str(tmp_path))
    reasons = split(log, log.log_dates()[0]).quarantined["reasons"].to_list()
    assert reasons == [["BODY_TOO_LARGE"]] * 2


def test_a_request_that_ends_before_its_body_is_not_kept(tmp_path: Path):
    parts: list[bytes] = []
    (answer,) = answers(tmp_path, Request(parts=parts))
    assert answer.status == 400
    assert lines(tmp_path) == []


def test_browsers_may_send_from_any_page(tmp_path: Path):
    origin = {"origin": "https://shop.example", "content-type": "text/plain;charset=UTF-8"}
    asked = {**origin, "access-control-request-headers": "x-own"}
    before, beacon, head = answers(
        tmp_path,
        Request("OPTIONS", headers=asked),
        Request(body=BODY, headers=origin),
        Request("HEAD", path="/g/collect"),
    )
    assert before.status == 204 and before.headers["access-control-allow-methods"] == "POST"
    assert before.headers["access-control-allow-headers"] == "x-own"
    assert beacon.status == 204
    assert beacon.headers["access-control-allow-origin"] == "https://shop.example"
    assert beacon.headers["access-control-allow-credentials"] == "true"
    assert head.status == 204
    assert len(lines(tmp_path)) == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (Request(path="/nowhere"), 404),
        (Request("GET"), 405),
        (Request("DELETE", path="/g/collect"), 405),
        (Request(query="x" * 20_000), 414),
        (Request(headers={"x": "y" * 20_000}), 431),
    ],
)
def test_what_is_no_event_is_refused_and_nothing_is_kept(tmp_path: Path, request_: Request, status: int):
    (answer,) = answers(tmp_path, request_)
    assert answer.status == status and answer.json["error"]
    assert lines(tmp_path) == []


def test_unknown_sites_and_wrong_secrets_are_kept_apart_or_refused(tmp_path: Path):
    shop = Site("shop-a", (b"right", b"older"))
    known = {"shop-a": shop, "G-1": shop}
    asked = [
        Request(body=BODY, query="measurement_id=G-1&api_secret=older"),
        Request(body=BODY, query="measurement_id=G-1&api_secret=wrong"),
        Request(body=BODY, query="measurement_id=G-1"),
        Request(body=BODY, query="measurement_id=../../etc"),
    ]
    found = answers(tmp_path / "apart", *asked, sites=Sites(known))
    assert [answer.status for answer in found] == [204] * 4
    assert sorted(line["site"] for line in lines(tmp_path / "apart")) == ["_unknown"] * 3 + ["shop-a"]
    found = answers(tmp_path / "refused", *asked, sites=Sites(known, keep_unknown=False))
    assert [answer.status for answer in found] == [204, 403, 403, 403]
    assert len(lines(tmp_path / "refused")) == 1


def test_a_site_that_sends_more_than_it_may_is_told_to_wait(tmp_path: Path):
    now = [100.0]
    sites = Sites({"shop-a": Site("shop-a", rate=2), "b": Site("b")}, clock=lambda: now[0])
    mine, other = Request(body=BODY), Request(body=BODY, query="measurement_id=b")
    found = answers(tmp_path, mine, mine, mine, other, sites=sites)
    assert [answer.status for answer in found] == [204, 204, 429, 204]
    assert found[2].headers["retry-after"] == "1"
    now[0] += 0.5
    found = answers(tmp_path, mine, mine, sites=sites)
    assert [answer.status for answer in found] == [204, 429]


def test_debug_says_what_the_contract_holds_against_a_body_and_keeps_nothing(tmp_path: Path):
    bad = event("purchase", value=-1, currency="EUR", items=[{"item_id": "a"}])
    sound, refused, text = answers(
        tmp_path,
        Request(path="/debug/mp/collect", body=BODY),
        Request(path="/debug/mp/collect", body=orjson.dumps({"client_id": "c", "events": [VIEW, bad]})),
        Request(path="/debug/mp/collect", body=b"{"),
    )
    assert (sound.status, sound.json) == (200, {"validationMessages": []})
    said = {(one["fieldPath"], one["validationCode"]) for one in refused.json["validationMessages"]}
    assert ("events[1].params.value", "OUT_OF_RANGE") in said
    assert ("events[1].params.transaction_id", "FIELD_MISSING") in said
    assert [one["validationCode"] for one in text.json["validationMessages"]] == ["JSON_MALFORMED"]
    assert lines(tmp_path) == []


def test_health_says_how_much_was_kept(tmp_path: Path):
    _, answer = answers(tmp_path, Request(body=BODY), Request("GET", path="/health"))
    said = {"status": "ok", "trouble": None, "kept": 1, "refused": 0, "late": {}}
    assert (answer.status, answer.json) == (200, said)
