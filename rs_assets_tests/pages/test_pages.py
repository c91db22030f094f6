"""Every page of a replayed home, and the start page that leads to them, as people find them."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rs_assets.contract.report.publish import PAGE, REPORT
from rs_assets.lake import Lake
from rs_assets.models.card.publish import CARD
from rs_assets.models.card.publish import PAGES as CARDS
from rs_assets_tests.pages.looked_at import DESKTOP, PHONE, browser, dead_links, look, needs_chromium

ROOT = Path(__file__).parents[2]


def rs_assets(home: Path, *args: str) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RS_", "DAGSTER_HOME"))}
    env |= {"RS_HOME": str(home), "RS_EXECUTOR": "in_process", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "rs_assets.cli", *args], capture_output=True, text=True, env=env, cwd=home
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen log dates, replayed, so that models serve; an environment with a change, compared; the start page."""
    made = tmp_path_factory.mktemp("home")
    rs_assets(made, "generate", "--days", "15", "--events", "6000", "--start", "2024-01-01")
    rs_assets(made, "replay")
    rs_assets(made, "environment", "create", "dev")
    _change(Lake(str(made / "lake"), "dev"), Lake(str(made / "lake")))
    beside = made / "pages" / "prod"
    beside.mkdir(parents=True, exist_ok=True)
    rs_assets(made, "diff", "dev", "--format", "html", "--output", str(beside / "dev.html"))
    _boxes(made)
    rs_assets(made, "pages")
    return made


def _change(dev: Lake, prod: Lake) -> None:
    """Figures of a log date as a change of a feature would have moved them."""
    import polars as pl

    from rs_assets_tests.lakes import put

    frame = pl.read_parquet(prod.object("session_features", "2024-01-09"))
    put(dev, "session_features", ["2024-01-09"], frame.with_columns((pl.col("hour_of_day") + 1) % 24))


def _boxes(home: Path) -> None:
    """box_report, as its job makes it."""
    env = {"RS_HOME": str(home), "RS_EXECUTOR": "in_process", "DAGSTER_HOME": str(home / "dagster")}
    code = (
        "import dagster as dg; from rs_assets.definitions import defs; "
        "assert defs.resolve_job_def('box_report_job').execute_in_process(instance=dg.DagsterInstance.get()).success"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **env, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr


def pages_of(home: Path) -> list[Path]:
    lake = Lake(str(home / "lake"))
    last = lake.log_dates(REPORT)[-1]
    return [
        home / "pages" / "prod" / "index.html",
        home / "pages" / "prod" / "dev.html",
        home / "dagster" / "reports" / "box_report.html",
        Path(lake.place(REPORT, last, PAGE)),
        *(Path(lake.place(CARD, last, name)) for name in CARDS.values()),
    ]


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_every_page_opens_by_itself_fits_its_screen_and_can_be_read_aloud(home: Path, width: int) -> None:
    pictures = Path(os.environ["RS_PICTURES"]) if os.environ.get("RS_PICTURES") else None
    with browser() as started:
        for path in pages_of(home):
            assert path.is_file(), path
            look(started, path, width, pictures)


@pytest.mark.browser
@needs_chromium
def test_printed_a_page_is_dark_on_white_with_all_its_details(home: Path) -> None:
    with browser() as started:
        page = look(started, pages_of(home)[3], DESKTOP, color_scheme="dark")
        sample = page.locator("details pre").first
        assert not sample.is_visible()
        page.emulate_media(media="print")
        assert sample.is_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.browser
@needs_chromium
def test_the_start_page_leads_to_every_page_there_is_and_says_where_things_stand(home: Path) -> None:
    start, *others = pages_of(home)
    with browser() as started:
        page = look(started, start, DESKTOP)
        assert dead_links(page) == []
        links = [
            Path(url[7:]).resolve()
            for url in page.evaluate("[...document.links].map((a) => a.href)")
            if "#" not in url
        ]
        assert {path.resolve() for path in others} <= {Path(str(link).replace("%3D", "=")) for link in links}
        dates = Lake(str(home / "lake")).log_dates(REPORT)
        reports = [page.get_by_role("link", name=log_date, exact=True) for log_date in dates]
        assert all(link.count() == 1 for link in reports)
        status = json.loads(rs_assets(home, "status", "--json"))
        shown = page.inner_text("main")
        assert f"{status['quarantine']['rate']:.2%}" in shown
        for one in status["serving"]:
            assert f"{one['model']} serves" in shown and (one["champion"] or "nobody") in shown
        page.get_by_role("link", name="next_item").click()
        assert page.locator("h1").inner_text() == "next_item"


def test_the_start_page_of_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    said = rs_assets(tmp_path, "pages")
    page = (tmp_path / said.partition(": ")[2].strip()).read_text()
    assert "Next: <code>rs-assets generate</code>" in page and "There are none yet." in page


def test_pages_that_lie_beside_it_are_linked_by_their_titles(tmp_path: Path) -> None:
    beside = tmp_path / "pages" / "prod"
    beside.mkdir(parents=True, exist_ok=True)
    (beside / "a b.html").write_text("<title>dev &lt;one&gt; against prod</title>")
    rs_assets(tmp_path, "pages")
    page = (beside / "index.html").read_text()
    assert '<a href="a%20b.html">dev &lt;one&gt; against prod</a>' in page


def test_a_log_date_that_is_stale_or_to_do_says_so_on_the_start_page(home: Path) -> None:
    from rs_assets.cli.pages.found import found
    from rs_assets.cli.pages.start import page
    from rs_assets.cli.status.facts import look as look_at
    from rs_assets.log.writer import LogWriter
    from rs_assets.settings import Settings

    LogWriter(str(home / "raw")).write("shop-a", "2024-01-15", b'{"body_text": "late"}\n')
    settings = Settings.from_env({"RS_HOME": str(home)})
    made = page(
        look_at(settings), found(settings, home / "pages" / "prod"), dt.datetime(2024, 2, 1, tzinfo=dt.UTC)
    )
    (row,) = (line for line in made.splitlines() if ">2024-01-15</a>" in line)
    assert "stale" in row and "As of 2024-02-01 00:00 UTC" in made
