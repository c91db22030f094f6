"""What repeats something of the log date before, or the purchase of a transaction, and whose site is not declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_assets.contract.codes import Code
from rs_assets.contract.publish import publish_split
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets_tests.lakes import published, through
from rs_assets_tests.logs import MICROS, SITE, Json, encoded, envelope, event, split, split_lines, write_log

DAY = 24 * 3600 * 1_000_000
DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
ITEMS = [{"item_id": "i", "price": 5, "quantity": 1}]


def purchase(transaction_id: str, micros: int = MICROS - DAY, **more: object) -> Json:
    bought = event("purchase", transaction_id=transaction_id, value=5, currency="EUR", items=ITEMS, **more)
    return {**bought, "timestamp_micros": micros}


def received(day: int, *events: Json, site: str = SITE, client: str = "c-1") -> bytes:
    received_at = f"{DATES[day]}T23:00:00.000000Z"
    return envelope(*events, site=site, body={"client_id": client}, received_at=received_at) + b"\n"


def write(root: Path, days: dict[int, bytes], site: str = SITE) -> RawLog:
    for day, lines in days.items():
        write_log(root, {(site, "1.ndjson"): lines}, DATES[day])
    return RawLog(str(root))


VIEW: Json = {**event(page_title="t"), "timestamp_micros": MICROS - DAY}


def test_an_event_of_the_log_date_before_is_a_duplicate(tmp_path: Path) -> None:
    log = write(tmp_path, {0: received(0, VIEW), 1: received(1, VIEW) + received(1, VIEW, client="c-2")})
    assert split(log, DATES[0]).reasons == {}
    assert split(log, DATES[1]).reasons == {(1, 0): [Code.DUPLICATE]}


def test_only_one_log_date_is_looked_back(tmp_path: Path) -> None:
    log = write(tmp_path, {0: received(0, VIEW), 2: received(2, VIEW)})
    assert split(log, DATES[2]).reasons == {}


def test_a_duplicate_counts_as_received_so_that_two_dates_are_enough_to_know(tmp_path: Path) -> None:
    log = write(tmp_path, {day: received(day, VIEW) for day in (0, 1, 2)})
    assert split(log, DATES[2]).reasons == {(1, 0): [Code.DUPLICATE]}


def test_an_equal_of_the_date_before_that_broke_the_contract_makes_no_duplicate(tmp_path: Path) -> None:
    from_the_future = received(0, VIEW).replace(b"T23:", b"T01:")
    log = write(tmp_path, {0: from_the_future, 1: received(1, VIEW)})
    assert split(log, DATES[0]).reasons == {(1, 0): [Code.TS_FUTURE]}
    assert split(log, DATES[1]).reasons == {}


def test_another_purchase_of_a_transaction_is_quarantined_and_its_first_is_valid() -> None:
    lines = [envelope(purchase("t", MICROS - n)) for n in range(3)] + [envelope(purchase("u"))]
    outcome = split_lines(*lines)
    assert outcome.reasons == {(n, 0): [Code.TRANSACTION_REPEATED] for n in (2, 3)}
    [violation] = outcome.quarantined["violations"][0]
    assert (violation["path"], violation["expected"]) == (
        "params.transaction_id",
        "a transaction that is new",
    )


def test_an_equal_purchase_is_a_duplicate_and_nothing_more() -> None:
    line = envelope(purchase("t"))
    assert split_lines(line, line).reasons == {(2, 0): [Code.DUPLICATE]}


def test_within_one_request_and_over_batches_too() -> None:
    request = envelope(purchase("t"), purchase("t", MICROS - 7))
    again = envelope(purchase("t", MICROS - 9))
    assert split_lines(request, again, batch_bytes=1).reasons == {
        (1, 1): [Code.TRANSACTION_REPEATED],
        (2, 0): [Code.TRANSACTION_REPEATED],
    }


def test_a_transaction_of_the_log_date_before_is_repeated_and_that_of_another_site_is_not(
    tmp_path: Path,
) -> None:
    write(tmp_path, {0: received(0, purchase("t")), 1: received(1, purchase("t", MICROS))})
    log = write(tmp_path, {1: received(1, purchase("t", MICROS), site="shop-b")}, "shop-b")
    outcome = split(log, DATES[1])
    assert outcome.report.by_site == {SITE: (0, 1), "shop-b": (1, 0)}
    assert outcome.quarantined["reasons"].to_list() == [[Code.TRANSACTION_REPEATED]]


@pytest.mark.parametrize("name", ["refund", "add_payment_info"])
def test_other_events_of_a_transaction_may_be_many(name: str) -> None:
    lines = [envelope({**purchase("t", MICROS - n), "name": name}) for n in range(3)]
    assert split_lines(*lines).reasons == {}


def test_day_by_day_and_as_one_range_give_the_same_objects(tmp_path: Path) -> None:
    log = write(
        tmp_path / "raw",
        {
            0: received(0, VIEW, purchase("t")),
            1: received(1, VIEW, purchase("t", MICROS), purchase("u")),
            2: received(2, VIEW, purchase("t"), purchase("u", MICROS + DAY)),
        },
    )
    one, other = Lake(str(tmp_path / "a")), Lake(str(tmp_path / "b"))
    together = through(one, lambda stage: publish_split(log, stage, DATES, threads=2))
    for log_date in reversed(DATES):
        through(other, lambda stage, only=log_date: publish_split(log, stage, [only], threads=2))
    assert [report.by_reason for report in together] == [
        {},
        {Code.DUPLICATE: 1, Code.TRANSACTION_REPEATED: 1},
        {Code.DUPLICATE: 1, Code.TRANSACTION_REPEATED: 2},
    ]
    assert len(published(one)) == 6 and published(one) == published(other)


def test_when_sites_are_declared_events_of_another_are_quarantined(tmp_path: Path) -> None:
    files = {(site, "1.ndjson"): envelope(VIEW, site=site) for site in ("shop-a", "shop-b")}
    root = write_log(tmp_path, files).root
    assert split(RawLog(root)).report.quarantined == 0
    outcome = split(RawLog(root, frozenset({"shop-a"})))
    assert outcome.report.by_site == {"shop-a": (1, 0), "shop-b": (0, 1)}
    assert outcome.quarantined["reasons"].to_list() == [[Code.SITE_UNKNOWN]]


def test_an_event_is_told_all_that_is_wrong_with_it_and_that_its_site_is_unknown_too(tmp_path: Path) -> None:
    lines = encoded(envelope({"name": "login", "params": 5}, event("search")), "gz")
    root = write_log(tmp_path, {(SITE, "1.ndjson.gz"): lines}).root
    assert split(RawLog(root, frozenset({"shop-b"}))).reasons == {
        (1, 0): [Code.SITE_UNKNOWN, Code.TYPE_MISMATCH],
        (1, 1): [Code.FIELD_MISSING, Code.SITE_UNKNOWN],
    }
