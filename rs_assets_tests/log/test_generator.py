"""What the generator promises, held against the bytes it writes.

`judged` is a second opinion: a plain, slow judge of lines that knows nothing of how faults are planted.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.log.generator import FAULTS, Plan, Summary, generate, lines, run

DAY = 86_400_000_000
HALF_AN_HOUR = 1_800_000_000
YEAR_2000 = 946_684_800_000_000
WHOLE_LINE = {
    *(
        "JSON_MALFORMED",
        "LINE_TRUNCATED",
        "ENCODING_INVALID",
        "NUL_BYTE",
        "BODY_TOO_LARGE",
        "TOO_MANY_EVENTS",
    ),
}
VALUED = {
    "view_item", "add_to_cart", "remove_from_cart", "view_cart", "add_to_wishlist", "begin_checkout",
    "add_shipping_info", "add_payment_info", "purchase",
}  # fmt: skip
REQUIRED = {
    **{name: {"value", "items"} for name in VALUED},
    "purchase": {"value", "items", "currency", "transaction_id"},
    "view_item_list": {"items"},
    "select_item": {"items"},
    "search": {"search_term"},
    "login": {"method"},
    "sign_up": {"method"},
    "page_view": set(),
}
TEXTS = (
    "page_location",
    "page_title",
    "page_referrer",
    "search_term",
    "method",
    "currency",
    "transaction_id",
)

Event = dict[str, Any]
Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Line:
    """One line as it stands in a segment."""

    site: str
    log_date: str
    segment: str
    number: int
    data: bytes

    @property
    def key(self) -> Key:
        return self.site, self.log_date, self.segment, self.number


@dataclass(frozen=True)
class Log:
    """A generated log, read back."""

    plan: Plan
    summary: Summary
    lines: list[Line]
    truth: list[dict[str, str]]
    truth_text: str


@dataclass(frozen=True)
class Visit:
    """The events of one session as the client numbers it: their times, and the events."""

    site: str
    client: str
    times: list[int]
    events: list[Event]


def read_lines(raw: str) -> Iterator[Line]:
    log = RawLog(raw)
    for log_date in log.log_dates():
        for segment in log.segments(log_date):
            data = Path(segment.path).read_bytes()
            if segment.codec == "zst":
                data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
            elif segment.codec == "gz":
                data = gzip.decompress(data)
            assert data.endswith(b"\n")
            for number, line in enumerate(data[:-1].split(b"\n"), start=1):
                yield Line(segment.site, log_date, segment.name, number, line)


def generated(plan: Plan, folder: Path) -> Log:
    raw, truth = str(folder / "raw"), folder / "truth.csv"
    summary = generate(plan, raw, str(truth))
    text = truth.read_text()
    return Log(plan, summary, list(read_lines(raw)), list(csv.DictReader(text.splitlines())), text)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """Three sites over a weekend, several segments a day, faults of every class."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_LINES_AT_ONCE", 700)
        patch.setattr(lines, "SEGMENT_BYTES", 1 << 20)
        return generated(
            Plan(start=dt.date(2024, 1, 5), days=3, events=24_000), tmp_path_factory.mktemp("broken")
        )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """The same without a fault, and with more late sessions."""
    plan = Plan(days=4, events=30_000, broken=0, late=0.03)
    return generated(plan, tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def visits(sound: Log) -> list[Visit]:
    found: dict[tuple[str, str, str], list[tuple[int, Event]]] = defaultdict(list)
    for line in sound.lines:
        body = orjson.loads(line.data)["body"]
        for event in body["events"]:
            time = event.get("timestamp_micros", body.get("timestamp_micros"))
            session = (line.site, body["client_id"], str(event["params"]["session_id"]))
            found[session].append((time, event))
    for events in found.values():
        events.sort(key=lambda timed: timed[0])
    return [
        Visit(site, client, [t for t, _ in events], [e for _, e in events])
        for (site, client, _), events in found.items()
    ]


def micros(received_at: str) -> int:
    moment = dt.datetime.strptime(received_at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.UTC)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def reasons_of_bytes(data: bytes) -> set[str]:
    """Why a line cannot be read; empty if it can."""
    if b"\0" in data:
        return {"NUL_BYTE"}
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"ENCODING_INVALID"}
    try:
        envelope = json.loads(text)
    except json.JSONDecodeError as error:
        at_the_end = not text.endswith("}") or error.pos == len(text)
        return {"LINE_TRUNCATED" if at_the_end else "JSON_MALFORMED"}
    if "body_text" in envelope:
        return {"JSON_MALFORMED"}
    too_large = len(data) - len(orjson.dumps({**envelope, "body": {}})) > 130_000
    return ({"BODY_TOO_LARGE"} if too_large else set()) | (
        {"TOO_MANY_EVENTS"} if len(envelope["body"]["events"]) > 25 else set()
    )


def reasons_of_items(items: object) -> set[str]:
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        return {"ITEMS_MALFORMED"}
    found = set()
    for item in items:
        if not {"item_id", "item_name"} & set(item):
            found.add("ITEMS_MALFORMED")
        price, quantity = item["price"], item["quantity"]
        if not is_number(price) or not isinstance(quantity, int):
            found.add("TYPE_MISMATCH")
        elif price < 0 or quantity < 1:
            found.add("OUT_OF_RANGE")
        assert all(isinstance(item[name], str) for name in item if "item_" in name)
        found |= (
            {"VALUE_TOO_LONG"} if any(len(item[name]) > 100 for name in item if "item_" in name) else set()
        )
        assert set(item) <= {
            *("item_id", "item_name", "item_category", "item_brand", "item_variant"),
            *("price", "quantity", "index"),
        }
    return found


class Members(dict[str, object]):
    """An object that remembers whether it said a name twice."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.repeats = len(self) < len(pairs)


GOOGLES = {"session_start", "user_engagement", "first_visit"}


def reasons_of_name(name: str) -> set[str]:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,39}", name):
        return {"NAME_INVALID"}
    return {"NAME_RESERVED"} if name in GOOGLES or re.match("ga_|google_|firebase_", name) else set()


def reasons_of_event(event: Event, body_time: object, received: int) -> set[str]:
    found = reasons_of_name(event["name"])
    if not found and event["name"] not in REQUIRED:
        found.add("EVENT_UNKNOWN")
    time = event.get("timestamp_micros", body_time)
    if not isinstance(time, int):
        found.add("TYPE_MISMATCH")
    elif time < YEAR_2000:
        found.add("TS_INVALID")
    elif time > received:
        assert 20 * 60_000_000 <= time - received <= DAY
        found.add("TS_FUTURE")
    params = event["params"]
    if not isinstance(params, dict):
        return found | {"TYPE_MISMATCH"}
    for name in params:
        found |= reasons_of_name(name)
    found |= {"NAME_DUPLICATED"} if params.repeats else set()
    found |= {"TOO_MANY_PARAMS"} if len(params) > 25 else set()
    if REQUIRED.get(event["name"], set()) - set(params):
        found.add("FIELD_MISSING")
    for name in ("value", "engagement_time_msec"):
        if name in params:
            number = params[name]
            kind = is_number(number) if name == "value" else isinstance(number, int)
            found |= {"TYPE_MISMATCH"} if not kind else {"OUT_OF_RANGE"} if number < 0 else set()
    for name in TEXTS:
        if name in params and not isinstance(params[name], str):
            found.add("TYPE_MISMATCH")
        elif name in params:
            assert len(params[name]) > 0
            found |= (
                {"VALUE_TOO_LONG"}
                if len(params[name]) > (1000 if name == "page_location" else 100)
                else set()
            )
    if "value" in params and "currency" not in params:
        found.add("VALUE_CURRENCY_PAIR")
    if "currency" in params and not re.fullmatch("[A-Z]{3}", params["currency"]):
        found.add("ENUM_INVALID")
    if "items" in params:
        found |= reasons_of_items(params["items"])
    return found


def judged(log: Log) -> Counter[tuple[Key, str, str]]:
    """Every (line, event index, reason) that the slow judge finds."""
    found: Counter[tuple[Key, str, str]] = Counter()
    seen: set[tuple[str, bytes]] = set()
    bought: set[tuple[str, str]] = set()
    for line in log.lines:
        whole = reasons_of_bytes(line.data)
        if whole:
            found.update((line.key, "", reason) for reason in whole)
            continue
        envelope = json.loads(line.data, object_pairs_hook=Members)
        body = envelope["body"]
        received = micros(envelope["received_at"])
        assert 1 <= len(body["events"]) <= 4
        for index, event in enumerate(body["events"]):
            reasons = reasons_of_event(event, body.get("timestamp_micros"), received)
            if not body.get("client_id"):
                reasons.add("CLIENT_ID_MISSING")
            identity = (line.site, orjson.dumps([body.get("client_id"), body.get("timestamp_micros"), event]))
            if not reasons and identity in seen:
                reasons.add("DUPLICATE")
            if event["name"] == "purchase" and not reasons:
                transaction = (line.site, event["params"]["transaction_id"])
                if transaction in bought:
                    reasons.add("TRANSACTION_REPEATED")
                bought.add(transaction)
            seen.add(identity)
            found.update((line.key, str(index), reason) for reason in reasons)
    return found


def test_a_plain_judge_finds_the_planted_faults_where_the_truth_says_and_no_other(log: Log) -> None:
    truth = Counter(
        ((r["site"], r["log_date"], r["segment"], int(r["line"])), r["event_index"], r["reason"])
        for r in log.truth
    )
    assert judged(log) == truth
    assert set(truth.values()) == {1}


def test_every_class_of_fault_is_planted_and_their_share_is_as_planned(log: Log) -> None:
    assert {row["reason"] for row in log.truth} == set(FAULTS)
    assert log.summary.broken / log.summary.events == pytest.approx(0.02, rel=0.05)
    assert Counter(row["reason"] for row in log.truth) == log.summary.by_reason
    assert max(log.summary.by_reason.values()) <= min(log.summary.by_reason.values()) + 4


def test_the_truth_is_sorted_and_names_an_event_unless_the_whole_line_is_lost(log: Log) -> None:
    assert log.truth_text.startswith("site,log_date,segment,line,event_index,reason\n")
    keys = [(r["site"], r["log_date"], r["segment"], int(r["line"]), r["event_index"]) for r in log.truth]
    assert keys == sorted(keys)
    for row in log.truth:
        assert (row["event_index"] == "") == (row["reason"] in WHOLE_LINE)


def test_a_request_without_a_client_has_each_of_its_events_in_the_truth(log: Log) -> None:
    listed = Counter(
        (r["site"], r["log_date"], r["segment"], int(r["line"]))
        for r in log.truth
        if r["reason"] == "CLIENT_ID_MISSING"
    )
    sizes = {
        line.key: len(orjson.loads(line.data)["body"]["events"]) for line in log.lines if line.key in listed
    }
    assert sizes == listed
    assert max(sizes.values()) > 1


def test_batches_are_hit_in_one_of_their_events(log: Log) -> None:
    hit = {
        r["site"] + r["log_date"] + r["segment"] + r["line"]: r for r in log.truth if r["event_index"] > "0"
    }
    broken = Counter(row["site"] + row["log_date"] + row["segment"] + row["line"] for row in log.truth)
    assert sum(broken[line] == 1 for line in hit) > 10


def test_a_repeated_request_comes_later_in_the_same_log_date_under_another_id(log: Log) -> None:
    by_key = {line.key: line for line in log.lines}
    bodies: dict[tuple[str, str, bytes], list[Line]] = defaultdict(list)
    for line in log.lines:
        bodies[line.site, line.log_date, line.data.partition(b'"body":')[2]].append(line)
    repeats = [r for r in log.truth if r["reason"] == "DUPLICATE"]
    for row in repeats:
        copy = by_key[row["site"], row["log_date"], row["segment"], int(row["line"])]
        first, second = bodies[copy.site, copy.log_date, copy.data.partition(b'"body":')[2]]
        assert second == copy
        before, after = orjson.loads(first.data), orjson.loads(second.data)
        assert before["received_at"] < after["received_at"]
        assert before["request_id"] != after["request_id"]
    assert len(repeats) == sum(len(same) - 1 for (*_, body), same in bodies.items() if body)


def test_the_summary_counts_what_is_in_the_log(log: Log, tmp_path: Path) -> None:
    assert log.summary.requests == len(log.lines)
    assert log.summary.segments == len({(line.site, line.log_date, line.segment) for line in log.lines})
    assert log.summary.segments > 9
    assert log.summary.events == pytest.approx(log.plan.events, rel=0.08)
    summary = generate(replace(log.plan, codec="none"), str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    assert summary.bytes == sum(path.stat().st_size for path in (tmp_path / "raw").rglob("*.ndjson"))


def test_lines_lie_in_the_log_date_in_which_they_were_received_in_that_order(sound: Log, log: Log) -> None:
    for one in (sound, log):
        latest: dict[tuple[str, str], str] = {}
        for line in one.lines:
            if reasons_of_bytes(line.data):
                continue
            envelope = orjson.loads(line.data)
            assert envelope["site"] == line.site
            assert envelope["received_at"][:10] == line.log_date
            assert latest.get((line.site, line.log_date), "") <= envelope["received_at"]
            latest[line.site, line.log_date] = envelope["received_at"]
            assert envelope["ip"].endswith(".0")
        assert len(latest) == one.plan.days * len(one.plan.sites)


def test_request_ids_are_unique(sound: Log) -> None:
    assert len({orjson.loads(line.data)["request_id"] for line in sound.lines}) == len(sound.lines)


def test_a_log_without_faults_has_none_and_is_as_large_as_asked(sound: Log) -> None:
    assert not judged(sound)
    assert sound.truth == []
    assert sound.summary.events == pytest.approx(sound.plan.events, rel=0.06)
    assert sound.summary.broken == 0


def test_some_sessions_are_delivered_late_on_a_later_log_date(sound: Log) -> None:
    delays: dict[tuple[str, str], list[int]] = defaultdict(list)
    dates_apart: list[int] = []
    for line in sound.lines:
        envelope = orjson.loads(line.data)
        received, body = micros(envelope["received_at"]), envelope["body"]
        newest = max(e.get("timestamp_micros", body.get("timestamp_micros")) for e in body["events"])
        delays[line.site, body["client_id"]].append(received - newest)
        if received - newest > 10_000_000:
            assert 2 * HALF_AN_HOUR < received - newest < 4 * DAY
            dates_apart.append(received // DAY - newest // DAY)
    late = sum(max(delay) > 10_000_000 for delay in delays.values()) / len(delays)
    assert 0.01 < late < 0.06
    assert min(dates_apart) == 1
    assert max(dates_apart) >= 2
    assert min(min(delay) for delay in delays.values()) > 0


def test_sessions_cross_midnight_without_a_break(visits: list[Visit]) -> None:
    crossing = [visit for visit in visits if visit.times[0] // DAY != visit.times[-1] // DAY]
    assert {visit.site for visit in crossing} == {"shop-a", "shop-b", "shop-c"}


def test_a_session_has_no_silence_of_half_an_hour_and_the_next_one_starts_after_it(
    visits: list[Visit],
) -> None:
    by_client: dict[tuple[str, str], list[Visit]] = defaultdict(list)
    for visit in visits:
        assert len(visit.times) <= 40
        assert all(0 < after - before < HALF_AN_HOUR for before, after in pairwise(visit.times))
        by_client[visit.site, visit.client].append(visit)
    again = 0
    for mine in by_client.values():
        mine.sort(key=lambda visit: visit.times[0])
        for before, after in pairwise(mine):
            again += 1
            assert after.times[0] - before.times[-1] > HALF_AN_HOUR
    assert again > 100


def test_two_to_five_sessions_in_a_hundred_buy(visits: list[Visit]) -> None:
    buys = sum(any(event["name"] == "purchase" for event in visit.events) for visit in visits)
    assert 0.02 < buys / len(visits) < 0.05


def test_the_first_events_tell_something_about_a_purchase_but_not_all(visits: list[Visit]) -> None:
    longer = [visit for visit in visits if len(visit.events) > 5]
    carts = [v for v in longer if any(e["name"] == "add_to_cart" for e in v.events[:5])]
    others = [v for v in longer if v not in carts]

    def share(group: list[Visit]) -> float:
        return sum(any(e["name"] == "purchase" for e in v.events[5:]) for v in group) / len(group)

    assert share(carts) > 2.5 * share(others) > 0
    assert share(carts) < 0.5


def test_what_is_viewed_next_mostly_stays_in_the_category(visits: list[Visit]) -> None:
    pairs = [
        (before["params"]["items"][0], after["params"]["items"][0])
        for visit in visits
        for before, after in pairwise([e for e in visit.events if e["name"] == "view_item"])
    ]
    same = sum(before["item_category"] == after["item_category"] for before, after in pairs)
    assert 0.6 < same / len(pairs) < 0.95


def test_the_value_of_an_event_is_the_sum_of_its_items(visits: list[Visit]) -> None:
    checked = 0
    for visit in visits:
        for event in visit.events:
            if event["name"] in VALUED:
                items = event["params"]["items"]
                total = sum(item["price"] * item["quantity"] for item in items)
                assert event["params"]["value"] == pytest.approx(total, abs=1e-9)
                assert len(str(event["params"]["value"]).partition(".")[2]) <= 2
                checked += 1
    assert checked > 5_000


def test_transaction_ids_are_unique_within_a_site(visits: list[Visit]) -> None:
    ids = [
        (visit.site, event["params"]["transaction_id"])
        for visit in visits
        for event in visit.events
        if event["name"] == "purchase"
    ]
    assert len(set(ids)) == len(ids) > 100


def test_sites_differ_in_what_they_send(sound: Log) -> None:
    batches: dict[str, set[int]] = defaultdict(set)
    body_times: dict[str, set[bool]] = defaultdict(set)
    session_ids: dict[str, set[type]] = defaultdict(set)
    params: dict[str, set[str]] = defaultdict(set)
    for line in sound.lines:
        body = orjson.loads(line.data)["body"]
        batches[line.site].add(len(body["events"]))
        body_times[line.site].add("timestamp_micros" in body)
        for event in body["events"]:
            session_ids[line.site].add(type(event["params"]["session_id"]))
            params[line.site] |= set(event["params"])
    assert batches == {"shop-a": {1}, "shop-b": {1, 2, 3, 4}, "shop-c": {1}}
    assert body_times == {"shop-a": {True}, "shop-b": {False}, "shop-c": {False}}
    assert session_ids == {"shop-a": {str}, "shop-b": {str}, "shop-c": {int}}
    assert params["shop-b"] - params["shop-a"] == {"item_list_id", "item_list_name"}
    assert {"coupon", "page_title"} <= params["shop-c"] - params["shop-b"]


def test_some_clients_have_an_account_and_come_back_under_the_same_ids(sound: Log) -> None:
    accounts: dict[tuple[str, str], set[str]] = defaultdict(set)
    requests = signed = 0
    for line in sound.lines:
        body = orjson.loads(line.data)["body"]
        assert re.fullmatch(r"[12]\d{9}\.\d{9,10}", body["client_id"])
        requests += 1
        if "user_id" in body:
            signed += 1
            accounts[line.site, body["client_id"]].add(body["user_id"])
    assert 0.1 < signed / requests < 0.4
    assert all(len(users) == 1 for users in accounts.values())
    assert len({(site, *users) for (site, _), users in accounts.items()}) == len(accounts)


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_plan_gives_the_same_bytes_on_one_core_and_on_more(tmp_path: Path) -> None:
    plan = Plan(days=3, events=3_000, broken=0.1)
    code = (
        "import sys; from rs_assets.log.generator import Plan, generate; "
        f"generate(Plan(days={plan.days}, events={plan.events}, broken={plan.broken}), *sys.argv[1:])"
    )
    paths = [str(tmp_path / "one" / "raw"), str(tmp_path / "one" / "truth.csv")]
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, *paths], check=True, env=environment)
    generate(plan, str(tmp_path / "more" / "raw"), str(tmp_path / "more" / "truth.csv"))
    assert digest(tmp_path / "one") == digest(tmp_path / "more")
    generate(replace(plan, seed=8), str(tmp_path / "other" / "raw"), str(tmp_path / "other" / "truth.csv"))
    other = digest(tmp_path / "other")
    assert not set(other.values()) & set(digest(tmp_path / "more").values())


def test_only_the_classes_asked_for_are_planted(tmp_path: Path) -> None:
    plan = Plan(days=2, events=2_000, broken=0.1, faults=("TS_FUTURE", "NUL_BYTE"))
    summary = generate(plan, str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    assert set(summary.by_reason) == {"TS_FUTURE", "NUL_BYTE"}
    assert summary.broken == pytest.approx(summary.events * 0.1, rel=0.02)


@pytest.mark.parametrize(
    "plan", [Plan(events=1), Plan(events=40, days=2), Plan(days=1, events=300, broken=1)]
)
def test_a_log_of_almost_nothing_is_still_true(plan: Plan, tmp_path: Path) -> None:
    log = generated(replace(plan, sites=("shop-a", "shop-b")), tmp_path)
    assert sum(judged(log).values()) == len(log.truth) == log.summary.broken
    assert log.summary.requests == len(log.lines)


@pytest.mark.parametrize("codec", ["zst", "gz", "none"])
def test_a_log_says_the_same_in_every_codec(codec: str, tmp_path: Path) -> None:
    plain = generated(Plan(days=1, events=400, codec="none"), tmp_path / "plain")
    coded = generated(Plan(days=1, events=400, codec=codec), tmp_path / "coded")
    assert [line.data for line in coded.lines] == [line.data for line in plain.lines]


def test_progress_is_told_once_a_log_date(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    plan = Plan(days=3, events=900)
    summary = generate(
        plan,
        str(tmp_path / "raw"),
        str(tmp_path / "truth.csv"),
        lambda date, events: told.append((date, events)),
    )
    assert [date for date, _ in told] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert [events for _, events in told] == sorted(events for _, events in told)
    assert told[-1][1] == summary.events


def test_a_log_that_holds_one_of_the_dates_is_left_alone(tmp_path: Path) -> None:
    raw, truth = str(tmp_path / "raw"), str(tmp_path / "truth.csv")
    generate(Plan(days=2, events=500), raw, truth)
    before = digest(tmp_path)
    with pytest.raises(UserError, match="already holds site=shop-a/log_date=2024-01-02"):
        generate(Plan(start=dt.date(2024, 1, 2), days=2, events=500), raw, truth)
    assert digest(tmp_path) == before
    generate(Plan(days=2, events=500, sites=("shop-d",)), raw, str(tmp_path / "more.csv"))
    generate(Plan(start=dt.date(2024, 1, 3), days=2, events=500), raw, str(tmp_path / "later.csv"))
    assert before.items() <= digest(tmp_path).items()


def test_the_truth_never_lies_within_the_log(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="within the raw log"):
        generate(Plan(days=1, events=10), str(tmp_path / "raw"), str(tmp_path / "raw" / "truth.csv"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "plan",
    [
        Plan(days=0),
        Plan(events=0),
        Plan(broken=-0.1),
        Plan(broken=1.1),
        Plan(broken=float("nan")),
        Plan(late=2),
        Plan(faults=("MISSPELT",)),
        Plan(sites=()),
        Plan(sites=("shop a",)),
        Plan(sites=("../up",)),
        Plan(sites=("shop-a", "shop-a")),
        Plan(seed=-1),
        Plan(start=dt.date(1999, 1, 1)),
        Plan(codec="rar"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_before_anything_is_written(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        generate(plan, str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    assert list(tmp_path.iterdir()) == []
