"""Delivery to real servers on loopback, by Apprise's own URLs."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_assets.alerts import Desk, Ledger, load_rules
from rs_assets.alerts.redact import masked, without_secrets
from rs_assets_tests.alerts import servers
from rs_assets_tests.alerts.tables import alert, day, evaluation


@pytest.fixture
def desk(tmp_path: Path):
    def make(*urls: str) -> Desk:
        return Desk(Ledger(str(tmp_path), "prod"), load_rules(), "prod", urls)

    return make


def test_an_alert_reaches_a_web_hook_whole(desk):
    with servers.http() as (port, taken):
        at = desk(f"json://127.0.0.1:{port}/hook")
        at.settle([evaluation(day(1), alert(date=day(1)))], day(1))
        assert at.deliver().sent == 1
        at.settle([evaluation(day(2))], day(2))
        assert at.deliver().sent == 1 and at.deliver().sent == 0
    first, second = taken
    assert first["title"] == "[prod] All of shop is wrong on 2024-01-02."
    assert first["type"] == "failure" and second["type"] == "success"
    assert second["title"] == "[prod] Over: all_bad/shop"
    for fact in (
        "fingerprint: all_bad/shop",
        "count: 7 of 7",
        "sample: too bad",
        "place: shop/1",
        "closer: look",
    ):
        assert fact in first["message"]


def test_an_alert_reaches_a_mailbox(desk):
    with servers.smtp() as (port, taken):
        at = desk(f"mailto://127.0.0.1:{port}?from=alerts@shop.example&to=data@shop.example&mode=insecure")
        at.settle([evaluation(day(1), alert(date=day(1)))], day(1))
        delivered = at.deliver()
        assert (delivered.sent, delivered.waiting, delivered.problems) == (1, 0, ())
    (mail,) = taken
    assert mail["Subject"] == "[prod] All of shop is wrong on 2024-01-02."
    assert "data@shop.example" in mail["To"]
    assert "all_bad/shop" in mail.get_body(("plain", "html")).get_content()


def test_what_cannot_be_delivered_waits_and_is_delivered_once_there_is_somebody(desk):
    port = servers.free_port()
    at = desk(f"json://127.0.0.1:{port}")
    at.settle([evaluation(day(1), alert(date=day(1)))], day(1))
    failed = at.deliver()
    assert (failed.sent, failed.waiting) == (0, 1) and len(failed.problems) == 1
    assert at.ledger.waiting()[0].attempts == 1
    with servers.http(port) as (_, taken):
        assert at.deliver().sent == 1
    assert len(taken) == 1 and at.ledger.waiting() == []


def test_one_destination_that_is_down_keeps_nothing_from_the_others_and_repeats_nothing(desk):
    down = servers.free_port()
    with servers.http() as (port, taken):
        at = desk(f"json://127.0.0.1:{port}", f"json://127.0.0.1:{down}")
        at.settle([evaluation(day(1), alert(date=day(1)))], day(1))
        assert (at.deliver().waiting, at.deliver().waiting, len(taken)) == (1, 1, 1)
        with servers.http(down) as (_, late):
            assert at.deliver().waiting == 0
        assert (len(taken), len(late)) == (1, 1)


def test_a_destination_that_was_taken_out_of_the_list_is_waited_for_no_longer(desk):
    at = desk(f"json://127.0.0.1:{servers.free_port()}")
    at.settle([evaluation(day(1), alert(date=day(1)))], day(1))
    assert at.deliver().waiting == 1
    with servers.http() as (port, taken):
        assert desk(f"json://127.0.0.1:{port}").deliver().waiting == 0
    assert taken == []


def test_a_destination_that_is_down_is_not_tried_for_each_of_many(desk, monkeypatch):
    from rs_assets.alerts import deliver

    tried: list[str] = []
    monkeypatch.setattr(deliver, "send", lambda url, notice, environment: tried.append(url) or "down")
    at = desk("json://127.0.0.1:9")
    at.settle([evaluation(day(1), *(alert(f"s{n:02}", day(1)) for n in range(40)))], day(1))
    assert at.deliver().waiting == 40
    assert len(tried) == 3


@pytest.mark.parametrize(
    "url",
    ["json://anna:hunter22@127.0.0.1:{}/hook/T0KEN-a?:X-Key=s3cret", "slack://T0KEN-a/hunter22", "hunter22"],
)
def test_a_problem_tells_no_secret_of_its_url(desk, url, capfd):
    at = desk(url.format(servers.free_port()))
    at.settle([evaluation(day(1), alert(date=day(1)))], day(1))
    (problem,) = at.deliver().problems
    written = "".join(str(path.read_bytes()) for path in Path(at.ledger._folder).rglob("*") if path.is_file())
    captured = capfd.readouterr()
    for secret in ("hunter22", "T0KEN-a", "s3cret", "anna"):
        assert secret not in problem + written + captured.out + captured.err
    assert "RS_ALERT_URLS" in problem or "did not take it" in problem


def test_a_refusal_says_why(desk):
    with servers.http(status=401) as (port, _):
        at = desk(f"json://127.0.0.1:{port}")
        at.settle([evaluation(day(1), alert(date=day(1)))], day(1))
        (problem,) = at.deliver().problems
    assert problem.startswith("json://[…] did not take it") and "401" in problem


def test_text_about_a_url_loses_every_part_of_it():
    url = "mailto://user:p%40ss@mail.example/x?to=a@b.example"
    assert masked(url) == "mailto://[…]"
    assert without_secrets("p@ss or p%40ss of user at mail.example", url) == "[…] or […] of […] at […]"
