from __future__ import annotations

import base64
import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from typer.testing import Result

from rs_assets.contract.codes import Code
from rs_assets.contract.report.remedies import REMEDIES
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.cli.homes import Home
from rs_assets_tests.lakes import put_split
from rs_assets_tests.logs import SITE, envelope, event, write_log

Call = Callable[..., Result]
CallJson = Callable[..., Any]

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]


@pytest.fixture(scope="module")
def planted(home: Home) -> list[dict[str, str]]:
    """The truth about the published log dates."""
    rows = csv.DictReader(home.truth.read_text().splitlines())
    return [row for row in rows if row["log_date"] in DATES]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One log date of lines made by hand."""
    path = tmp_path_factory.mktemp("odd")
    lines = [
        envelope(event("page_view")),
        envelope(
            event("ViewItem", value=1.5), event("search"), event("login"), event("page_view", page_title=7)
        ),
        b'{"received_at":"2024-01-02T10:00:00.000000Z","site":"shop-a\x1b[2J","body":}',
        b'{"site":"shop-a","body":"\xff\xfe"}',
        envelope(event("page_view", page_title=7)).replace(
            b'"page_title":7', b'"page_title": 7.50, "page_title" :7'
        ),
    ]
    write_log(path / "raw", {(SITE, "000001.ndjson"): b"\n".join(lines) + b"\n"})
    made = Home(path, Plan(), None)  # type: ignore[arg-type]
    put_split(made.lake, made.log, made.log.log_dates())
    return made


def _line(home: Home, place: dict[str, Any]) -> bytes:
    path = home.path / "raw" / f"site={place['site']}" / f"log_date={place['log_date']}" / place["segment"]
    return path.read_bytes().split(b"\n")[place["line"] - 1]


def _raw(home: Home, quarantine_id: str) -> bytes:
    """The line of an event, from the lake."""
    objects = home.lake.objects("quarantined_events", DATES)
    return pl.read_parquet(objects).filter(pl.col("quarantine_id") == quarantine_id)["raw"].item()


def test_the_counts_are_those_of_the_planted_faults(
    call_json: CallJson, home: Home, planted: list[dict[str, str]]
) -> None:
    found = call_json("quarantine", "--json", home=home)
    assert (found["environment"], found["first_log_date"], found["last_log_date"]) == (
        "prod",
        DATES[0],
        DATES[-1],
    )
    assert found["quarantined"] == len(planted)
    assert {g["name"]: g["quarantined"] for g in found["by_reason"]} == Counter(
        row["reason"] for row in planted
    )
    assert {g["name"]: g["quarantined"] for g in found["by_site"]} == Counter(row["site"] for row in planted)
    by_date = Counter(row["log_date"] for row in planted)
    assert {day["log_date"]: day["quarantined"] for day in found["by_log_date"]} == by_date
    assert found["rate"] == found["quarantined"] / found["events"]
    assert sum(day["events"] for day in found["by_log_date"]) == found["events"]
    assert sum(group["events"] for group in found["by_site"]) == found["events"]


def test_each_group_knows_when_it_was_seen(
    call_json: CallJson, home: Home, planted: list[dict[str, str]]
) -> None:
    for group in call_json("quarantine", "--json", home=home)["by_reason"]:
        dates = Counter(row["log_date"] for row in planted if row["reason"] == group["name"])
        assert group["by_log_date"] == dates
        assert (group["first_log_date"], group["last_log_date"]) == (min(dates), max(dates))


@pytest.mark.parametrize(
    ("options", "keeps"),
    [
        (["--from", DATES[1]], lambda row: row["log_date"] >= DATES[1]),
        (["--to", DATES[1]], lambda row: row["log_date"] <= DATES[1]),
        (["--from", DATES[1], "--to", DATES[1]], lambda row: row["log_date"] == DATES[1]),
        (["--site", "shop-b"], lambda row: row["site"] == "shop-b"),
        (["--reason", "DUPLICATE"], lambda row: row["reason"] == "DUPLICATE"),
        (
            ["--reason", "NUL_BYTE", "--reason", "TS_FUTURE", "--site", "shop-a", "--from", DATES[2]],
            lambda row: (
                (row["reason"], row["site"], row["log_date"])
                in {(reason, "shop-a", DATES[2]) for reason in ("NUL_BYTE", "TS_FUTURE")}
            ),
        ),
    ],
)
def test_a_part_can_be_asked_for(
    call_json: CallJson,
    home: Home,
    planted: list[dict[str, str]],
    options: list[str],
    keeps: Callable[[dict[str, str]], bool],
) -> None:
    found = call_json("quarantine", *options, "--json", home=home)
    kept = [row for row in planted if keeps(row)]
    assert found["quarantined"] == len(kept) > 0
    assert {g["name"]: g["quarantined"] for g in found["by_reason"]} == Counter(row["reason"] for row in kept)
    assert {sample["code"] for sample in found["samples"]} == {row["reason"] for row in kept}


def test_the_rate_of_one_reason_is_of_all_events(call_json: CallJson, home: Home) -> None:
    everything = call_json("quarantine", "--json", home=home)
    one = call_json("quarantine", "--reason", "DUPLICATE", "--json", home=home)
    assert one["events"] == everything["events"]
    assert 0 < one["quarantined"] < everything["quarantined"]


@pytest.mark.parametrize("wanted", [0, 1, 3])
def test_samples_are_as_many_as_asked_and_say_where_they_stand(
    call_json: CallJson, home: Home, planted: list[dict[str, str]], wanted: int
) -> None:
    samples = call_json("quarantine", "--samples", wanted, "--json", home=home)["samples"]
    reasons = Counter(row["reason"] for row in planted)
    assert Counter(sample["code"] for sample in samples) == {code: wanted for code in reasons if wanted}
    at = {(r["site"], r["log_date"], r["segment"], r["line"], r["event_index"], r["reason"]) for r in planted}
    for sample in samples:
        index = "" if sample["event_index"] is None else str(sample["event_index"])
        place = (sample["site"], sample["log_date"], sample["segment"], str(sample["line"]), index)
        assert (*place, sample["code"]) in at
        assert sample["message"] and sample["expected"]


def test_samples_of_a_reason_differ_where_they_can(call_json: CallJson, home: Home) -> None:
    found = call_json("quarantine", "--reason", "TYPE_MISMATCH", "--json", home=home)
    assert len({sample["path"] for sample in found["samples"]}) == 3


def test_the_page_says_how_much_why_since_when_and_where(call: Call, home: Home) -> None:
    result = call("quarantine", "--samples", 1, home=home)
    text = result.stdout
    assert result.exit_code == 0
    assert "environment prod, log dates 2024-01-01 to 2024-01-03" in text
    for part in (
        "TYPE_MISMATCH",
        "a field is of another JSON type than the contract's",
        "shop-b",
        "first seen",
    ):
        assert part in text
    assert any(bar in text for bar in "▅▆▇█")
    (sample,) = call("quarantine", "--samples", 1, "--reason", "TS_FUTURE", home=home).stdout.split(
        "TS_FUTURE"
    )[-1:]
    assert "site shop-" in sample and "segment 000001.ndjson.zst, line " in sample
    assert "expected a time at most 15 minutes after received_at" in sample
    assert '"timestamp_micros": ####' in sample and "◀" in sample, (
        "the event, redacted, and what is wrong in it"
    )
    assert all(len(line) <= 100 for line in text.splitlines())


def test_the_page_fits_a_narrow_terminal(call: Call, home: Home) -> None:
    text = call("quarantine", "--samples", 0, home=home, COLUMNS="80").stdout
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "…" not in text


def test_an_explained_event_has_the_lines_own_bytes(call_json: CallJson, odd: Home) -> None:
    samples = call_json("quarantine", "--samples", 9, "--json", home=odd)["samples"]
    assert len({sample["quarantine_id"] for sample in samples}) == 6
    for sample in samples:
        found = call_json("quarantine", "--explain", sample["quarantine_id"], "--json", home=odd)
        raw = base64.b64decode(found["raw_base64"]) if found["raw"] is None else found["raw"].encode()
        assert raw == _line(odd, sample)
        assert {name: found[name] for name in ("site", "log_date", "segment", "line", "event_index")} == {
            name: sample[name] for name in ("site", "log_date", "segment", "line", "event_index")
        }
        assert sample["code"] in {violation["code"] for violation in found["violations"]}
        assert all(violation["remedy"] for violation in found["violations"])


def test_an_explained_event_is_shown_among_its_own_request_only(call: Call, odd: Home) -> None:
    text = call("quarantine", "--explain", f"{SITE}/2024-01-02/000001.ndjson:2:0", home=odd).stdout
    assert '"name": "ViewItem"' in text and '"login"' not in text
    assert "3 other events of the same request not shown" in text
    assert "EVENT_UNKNOWN" in text and "Is it view_item?" in text
    assert "event          0, counted from 0, ViewItem" in text


def test_an_explained_event_keeps_its_tokens(call: Call, odd: Home) -> None:
    text = call("quarantine", "--explain", f"{SITE}/2024-01-02/000001.ndjson:5:0", home=odd).stdout
    assert [line.strip() for line in text.splitlines() if '"page_title"' in line] == [
        '"page_title": 7.50,  ◀ 1 TYPE_MISMATCH',
        '"page_title": 7  ◀ 1 TYPE_MISMATCH',
    ], "which of the two it is cannot be told"
    assert "Send params.page_title as a string." in text


@pytest.mark.parametrize(("line", "shown"), [(3, '"site":"shop-a\\x1b[2J"'), (4, '"body":"\\xff\\xfe"')])
def test_a_line_that_is_no_json_is_shown_with_escapes(call: Call, odd: Home, line: int, shown: str) -> None:
    result = call("quarantine", "--explain", f"{SITE}/2024-01-02/000001.ndjson:{line}", home=odd)
    assert result.exit_code == 0
    assert "the line, which is not JSON" in result.stdout and shown in result.stdout


def test_an_event_that_is_not_in_quarantine_is_said_not_to_be(call: Call, home: Home) -> None:
    for flag in ([], ["--json"]):
        result = call("quarantine", "--explain", "shop-a/2024-01-01/x:1:0", *flag, home=home)
        assert (result.exit_code, result.stdout) == (1, "")
        assert (
            "No event of the environment prod has the quarantine id 'shop-a/2024-01-01/x:1:0'."
            in result.stderr
        )


def test_what_an_explained_event_lacks_is_pointed_at_where_it_should_be(
    call: Call, call_json: CallJson, odd: Home
) -> None:
    asked = ("quarantine", "--explain", f"{SITE}/2024-01-02/000001.ndjson:2:1")
    text = call(*asked, home=odd).stdout
    assert '"params": {}  ◀ 1 FIELD_MISSING' in text
    assert "/body/events/1/params, which has no search_term" in text
    found = call_json(*asked, "--json", home=odd)
    (violation,) = found["violations"]
    assert (violation["pointer"], violation["missing"]) == ("/body/events/1/params", "search_term")
    assert [line for line in found["payload"] if "◀" in line] == ['        "params": {}  ◀ 1 FIELD_MISSING']


def test_in_a_line_that_is_no_json_the_fault_is_pointed_at(
    call: Call, call_json: CallJson, odd: Home
) -> None:
    asked = ("quarantine", "--explain", f"{SITE}/2024-01-02/000001.ndjson:4")
    *_, around, mark = [
        line for line in call(*asked, home=odd).stdout.splitlines() if "\\xff" in line or "▲" in line
    ]
    assert around.index("\\xff") == mark.index("▲ ENCODING_INVALID")
    (violation,) = call_json(*asked, "--json", home=odd)["violations"]
    assert violation["pointer"] is None and violation["position"] == len('{"site":"shop-a","body":"')


def test_samples_are_redacted_and_keep_their_structure(call: Call, call_json: CallJson, home: Home) -> None:
    samples = call_json("quarantine", "--samples", 3, "--json", home=home)["samples"]
    lines = {sample["quarantine_id"]: _raw(home, sample["quarantine_id"]) for sample in samples}
    names = re.compile(rb'"(?:client_id|user_id|ip|user_agent)": ?"([^"]{4,})"')
    secrets = {found.decode(errors="replace") for line in lines.values() for found in names.findall(line)}
    assert len(secrets) > 40
    for text in (json.dumps(samples), call("quarantine", home=home).stdout):
        assert not [secret for secret in secrets if secret in text]
    (mismatch, *_) = [sample for sample in samples if sample["code"] == "TYPE_MISMATCH"]
    assert '"name": "' in mismatch["payload"] and "◀" in mismatch["payload"]


def test_each_group_knows_its_first_and_last_place(
    call_json: CallJson, home: Home, planted: list[dict[str, str]]
) -> None:
    for group in call_json("quarantine", "--json", home=home)["by_reason"]:
        places = [
            (row["log_date"], row["segment"], int(row["line"]), row["site"])
            for row in planted
            if row["reason"] == group["name"]
        ]
        found = [
            tuple(group[at][name] for name in ("log_date", "segment", "line", "site"))
            for at in ("first", "last")
        ]
        assert [place[:3] for place in found] == [min(places)[:3], max(places)[:3]]
        assert set(found) <= set(places)


def test_of_an_event_name_all_events_received_are_known(call_json: CallJson, home: Home) -> None:
    everything = call_json(
        "query",
        "SELECT event_name, count(*) AS n FROM valid_events GROUP BY ALL",
        "--format",
        "json",
        home=home,
    )
    valid = {row["event_name"]: row["n"] for row in everything}
    for group in call_json("quarantine", "--json", home=home)["by_event_name"]:
        assert group["events"] == valid.get(group["name"], 0) + group["quarantined"]
        assert group["rate"] == group["quarantined"] / group["events"]


def test_every_reason_has_a_remedy() -> None:
    assert set(REMEDIES) == set(Code)
    for code, text in REMEDIES.items():
        assert "{" not in text.format(path="params.value", expected="a number"), code


def test_before_a_replay_it_says_what_to_run(call: Call, tmp_path: Path) -> None:
    result = call("quarantine", home=tmp_path)
    assert result.exit_code == 1
    assert "quarantined_events is not published" in result.stderr
    assert result.stderr.endswith("run `rs-assets generate`, then `rs-assets replay`.\n")
    generate(Plan(days=1, events=10), str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    assert call("quarantine", home=tmp_path).stderr.endswith("published.\nRun `rs-assets replay`.\n")


def test_an_empty_quarantine_is_good_news(call: Call, call_json: CallJson, tmp_path: Path) -> None:
    generate(Plan(days=1, events=300, broken=0), str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    put_split(Lake(str(tmp_path / "lake")), RawLog(str(tmp_path / "raw")), ["2024-01-01"])
    result = call("quarantine", home=tmp_path)
    assert result.exit_code == 0
    assert "Nothing of that is in quarantine, of " in result.stdout
    found = call_json("quarantine", "--json", home=tmp_path)
    assert (found["quarantined"], found["rate"], found["by_reason"], found["samples"]) == (0, 0.0, [], [])


def test_a_range_without_a_published_log_date_says_which_there_are(call: Call, home: Home) -> None:
    result = call("quarantine", "--from", "2024-01-04", home=home)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1] == "It has 2024-01-01 to 2024-01-03."


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--from", "2024-01-03", "--to", "2024-01-01"], "2024-01-03 is after 2024-01-01."),
        (["--reason", "NOPE"], "there is no reason 'NOPE'; there are JSON_MALFORMED"),
        (["--from", "yesterday"], "'yesterday' is no log date"),
        (["--samples", "-1"], "--samples"),
    ],
)
def test_a_senseless_question_is_a_wrong_call(call: Call, home: Home, options: list[str], says: str) -> None:
    result = call("quarantine", *options, home=home)
    assert result.exit_code == 2
    assert says in " ".join(result.output.replace("│", " ").split())


def test_an_event_name_cannot_be_sql_or_markup(call: Call, call_json: CallJson, tmp_path: Path) -> None:
    names = ["'; DROP VIEW chosen; --", "[red]x[/red]", "\x1b[31mred", "x" * 500]
    lines = b"".join(orjson.dumps(json.loads(envelope(event(name)))) + b"\n" for name in names)
    log = write_log(tmp_path / "raw", {(SITE, "000001.ndjson"): lines})
    put_split(Lake(str(tmp_path / "lake")), log, log.log_dates())
    found = call_json("quarantine", "--json", home=tmp_path)
    assert found["event_names"] == len(names)
    text = call("quarantine", home=tmp_path).stdout
    assert "'; DROP VIEW chosen; --" in text and "[red]x[/red]" in text
    assert all(len(line) <= 100 for line in text.splitlines())
