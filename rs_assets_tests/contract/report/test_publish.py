"""quarantine_report: what is in its objects, from a log to the lake."""

from __future__ import annotations

import csv
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from rs_assets.contract.codes import MEANINGS, Code
from rs_assets.contract.report.dated import QUARANTINE_REPORT
from rs_assets.contract.report.markdown import by_event_name, by_reason, by_site
from rs_assets.contract.report.plot import by_log_date
from rs_assets.contract.report.publish import PAGE, REPORT, ReportPublished, publish_report
from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.tables import digest
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.cli.homes import Home
from rs_assets_tests.lakes import put_split, through
from rs_assets_tests.logs import SITE, envelope, event, write_log

DATES = [f"2024-01-{day:02}" for day in range(1, 11)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Ten log dates of two shops, all of them split."""
    path = tmp_path_factory.mktemp("home")
    plan = Plan(days=10, events=6_000, sites=("shop-a", "shop-b"), broken=0.05)
    made = Home(path, plan, generate(plan, str(path / "raw"), str(path / "truth.csv")))
    put_split(made.lake, made.log, DATES)
    return made


@pytest.fixture(scope="module")
def reports(home: Home) -> dict[str, ReportPublished]:
    return through(home.lake, lambda stage: publish_report(stage, DATES))


@pytest.fixture(scope="module")
def planted(home: Home) -> list[dict[str, str]]:
    return list(csv.DictReader(home.truth.read_text().splitlines()))


def rows(lake: Lake, log_date: str, kind: str) -> pl.DataFrame:
    return pl.read_parquet(lake.object(REPORT, log_date)).filter(pl.col("kind") == kind)


def page_of(lake: Lake, log_date: str) -> str:
    return Path(lake.object(REPORT, log_date, PAGE)).read_text(encoding="utf-8")


def odd(tmp_path: Path, *lines: bytes) -> Lake:
    """One log date of lines made by hand, reported on."""
    log = write_log(tmp_path / "raw", {(SITE, "000001.ndjson"): b"\n".join(lines) + b"\n"})
    lake = Lake(str(tmp_path / "lake"))
    put_split(lake, log, log.log_dates())
    through(lake, lambda stage: publish_report(stage, log.log_dates()))
    return lake


def test_the_table_counts_the_planted_faults_and_the_dates_before(
    home: Home, reports: dict[str, ReportPublished], planted: list[dict[str, str]]
) -> None:
    for at, log_date in enumerate(DATES):
        window = DATES[max(0, at - 7) : at]
        here = [row for row in planted if row["log_date"] == log_date]
        before = [row for row in planted if row["log_date"] in window]
        everything = rows(home.lake, log_date, "all").row(0, named=True)
        assert everything["quarantined"] == len(here)
        assert everything["dates_before"] == len(window)
        for kind, column in (("reason", "reason"), ("site", "site")):
            found = rows(home.lake, log_date, kind)
            counts = {name: n for name, n in found.select("name", "quarantined").iter_rows() if n}
            assert counts == Counter(row[column] for row in here)
            means = dict(found.select("name", "mean_before").iter_rows())
            expected = Counter(row[column] for row in before)
            if window:
                assert {name: round(mean * len(window)) for name, mean in means.items()} == {
                    name: expected[name] for name in means
                }
            else:
                assert set(means.values()) == {None}


def test_of_each_group_the_first_and_last_place_are_known(
    home: Home, reports: dict[str, ReportPublished], planted: list[dict[str, str]]
) -> None:
    for row in rows(home.lake, DATES[8], "site").iter_rows(named=True):
        here = [r for r in planted if (r["log_date"], r["site"]) == (DATES[8], row["name"])]
        lines = [(r["segment"], int(r["line"])) for r in here]
        assert (row["first_segment"], row["first_line"]) == min(lines)
        assert (row["last_segment"], row["last_line"]) == max(lines)
        assert row["first_site"] == row["last_site"] == row["name"]


def test_the_table_has_its_schema_and_the_digest_of_the_page(
    home: Home, reports: dict[str, ReportPublished]
) -> None:
    for log_date, done in reports.items():
        table = pl.read_parquet(home.lake.object(REPORT, log_date))
        assert dict(table.schema) == dict(QUARANTINE_REPORT)
        assert table["page_digest"].unique().to_list() == [digest(home.lake.object(REPORT, log_date, PAGE))]
        assert done.digest == digest(home.lake.object(REPORT, log_date))


def test_equal_tables_give_equal_bytes_in_one_range_and_date_by_date(
    home: Home, reports: dict[str, ReportPublished], tmp_path: Path
) -> None:
    other = Lake(str(tmp_path / "lake"), "another")
    put_split(other, home.log, DATES)
    for log_date in DATES:
        through(other, lambda stage, only=log_date: publish_report(stage, [only]))
    for log_date in DATES:
        for name in (PAGE, "part.parquet"):
            one, two = (Path(lake.object(REPORT, log_date, name)) for lake in (home.lake, other))
            assert one.read_bytes() == two.read_bytes()


def test_the_page_needs_nothing_else_and_is_small(home: Home, reports: dict[str, ReportPublished]) -> None:
    text = page_of(home.lake, DATES[-1])
    assert not re.search(r"<(script|link|img|iframe|object)\b|\bsrc=|\bhref=|@import|url\(", text)
    assert 'name="viewport"' in text and "prefers-color-scheme:dark" in text
    assert len(text) < 150_000


class Balance(HTMLParser):
    """The tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None: ...

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_tag_of_the_page_is_closed(home: Home, reports: dict[str, ReportPublished]) -> None:
    for log_date in DATES[:2]:
        parser = Balance()
        parser.feed(page_of(home.lake, log_date))
        assert parser.open == []


def test_the_page_says_what_each_reason_means_where_it_was_and_shows_three_samples(
    home: Home, reports: dict[str, ReportPublished]
) -> None:
    import html

    text = html.unescape(page_of(home.lake, DATES[-1]))
    day = reports[DATES[-1]].dated.day
    for group in day.by_reason:
        assert MEANINGS[Code(str(group.name))] in text
        assert f"line {group.first.line}, " in text
        of_code = [sample for sample in day.samples if sample.code == group.name]
        assert len(of_code) == min(3, group.quarantined)
        assert all(sample.quarantine_id in text for sample in of_code)
    assert text.count("<details>") == len(day.samples)


def test_the_page_shows_nobody(home: Home, reports: dict[str, ReportPublished]) -> None:
    who = re.compile(rb'"(?:client_id|user_id|ip|user_agent|request_id)":"([^"]{5,})"')
    for log_date in DATES[:3]:
        raw = pl.read_parquet(home.lake.object("quarantined_events", log_date))["raw"]
        secrets = {found.decode(errors="replace") for line in raw for found in who.findall(line)}
        text = page_of(home.lake, log_date)
        assert len(secrets) > 20 and not [secret for secret in secrets if secret in text]


def test_what_strangers_send_is_text_on_the_page_and_in_markdown(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>|`x`[a](b)\x1b[2J"
    lake = odd(tmp_path, envelope(event(name, **{"<b>": 1}, page_location="</pre><script>")))
    text = page_of(lake, "2024-01-02")
    assert "<script" not in text and "\x1b" not in text and "&lt;script&gt;" in text
    done = through(lake, lambda stage: publish_report(stage, ["2024-01-02"]))["2024-01-02"]
    markdown = by_event_name(done.dated)
    assert markdown.count("\n") == 2 and "<script" not in markdown and "\\[a\\]" in markdown


def test_a_log_date_without_quarantine_says_so(tmp_path: Path) -> None:
    lake = odd(tmp_path, envelope(event("page_view")))
    text = page_of(lake, "2024-01-02")
    assert "Nothing of this log date is in quarantine." in text and "no log date before is published" in text
    assert pl.read_parquet(lake.object(REPORT, "2024-01-02"))["kind"].to_list() == ["all"]


def test_what_was_quarantined_before_and_is_no_more_is_said(tmp_path: Path) -> None:
    bad, good = envelope(event("nope")), envelope(event("page_view"))
    log = write_log(tmp_path / "raw", {(SITE, "1.ndjson"): bad + b"\n" + bad + b"\n"})
    write_log(
        tmp_path / "raw", {(SITE, "1.ndjson"): good.replace(b"01-02T", b"01-04T") + b"\n"}, "2024-01-04"
    )
    lake = Lake(str(tmp_path / "lake"))
    put_split(lake, log, log.log_dates())
    through(lake, lambda stage: publish_report(stage, log.log_dates()))
    row = rows(lake, "2024-01-04", "reason").filter(pl.col("name") == "EVENT_UNKNOWN").row(0, named=True)
    assert (row["quarantined"], row["mean_before"], row["dates_before"]) == (0, 2.0, 1)
    assert "Not on this log date, but on those before: <code>EVENT_UNKNOWN</code> (2)" not in page_of(
        lake, "2024-01-02"
    )


def test_the_markdown_tables_and_the_plot_are_small(home: Home, reports: dict[str, ReportPublished]) -> None:
    dated = reports[DATES[-1]].dated
    day = dated.day
    for made, groups in (
        (by_reason(dated), day.by_reason),
        (by_site(dated), day.by_site),
        (by_event_name(dated), day.by_event_name),
    ):
        assert made.count("\n") == len(groups) + 1 and len(made) < 5_000
    png = by_log_date(dated.week.by_log_date)
    assert png == by_log_date(dated.week.by_log_date) and len(png) < 50_000


def test_a_log_date_that_was_not_split_is_refused_and_nothing_is_published(
    home: Home, tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    with pytest.raises(UserError, match="valid_events has no object for log date 2024-01-01"):
        through(lake, lambda stage: publish_report(stage, ["2024-01-01"]))
    assert lake.assets() == []
