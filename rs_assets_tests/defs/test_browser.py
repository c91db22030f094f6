"""The UI by eye and hand: a browser opens the graph, launches what a person would, and sees what came of it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rs_assets.lake import Lake
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs.uis import Ui, serving, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Debian's chromium"),
]
BACKFILLS = "{ partitionBackfillsOrError { ... on PartitionBackfills { results { id status } } } }"
RUNS = """query ($asset: String!) {
  assetOrError(assetKey: {path: [$asset]}) { ... on Asset { assetMaterializations { runId partition } } }
}"""


@pytest.fixture(scope="module")
def ui(home) -> Iterator[tuple[Ui, Path]]:
    """The UI over a log of the last two closed log dates: all partitions there are."""
    place: Path = home("browser")
    start = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=2)
    generate(
        Plan(start=start, days=2, events=6_000, broken=0.05), str(place / "raw"), str(place / "truth.csv")
    )
    with serving(place) as client:
        yield client, place


@pytest.fixture
def page() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--no-proxy-server"]
        )
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.set_default_timeout(120_000)
        yield page
        browser.close()


def materializations(client: Ui, asset: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = client.ask(RUNS, asset=asset)["assetOrError"]["assetMaterializations"]
    return found


def test_a_person_rebuilds_everything_reads_the_quarantine_report_and_materializes_one_asset(
    ui: tuple[Ui, Path], page: Page
) -> None:
    client, place = ui
    page.goto(f"{client.address}/asset-groups")
    for group in ("log", "events", "sessions", "features", "purchase_intent", "next_item", "models"):
        page.get_by_text(group, exact=True).first.wait_for()
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("button", name="Launch backfill").click()
    page.get_by_text("Created backfill").wait_for()

    def over() -> bool:
        (backfill,) = client.ask(BACKFILLS)["partitionBackfillsOrError"]["results"]
        assert "FAIL" not in backfill["status"], (place / "dev.log").read_text()[-3000:]
        return bool(backfill["status"] == "COMPLETED_SUCCESS")

    wait(over, "the backfill did not end")
    lake = Lake(str(place / "lake"))
    dates = lake.log_dates("valid_events")
    assert len(dates) == 2 and len(lake.assets()) == 23

    page.goto(f"{client.address}/assets/quarantine_report")
    page.get_by_text("What is in quarantine, why, and where").wait_for()
    page.get_by_text("How many were quarantined.").wait_for()
    link = page.get_by_text("page.html").first.inner_text().replace("\n", "")
    assert link.endswith(f"quarantine_report/log_date={dates[-1]}/page.html") and Path(link).is_file()
    page.goto(f"file://{link}")
    page.get_by_text("DUPLICATE").first.wait_for()

    before = materializations(client, "funnel_daily")
    page.goto(f"{client.address}/assets/funnel_daily")
    page.get_by_role("button", name="Materialize…").first.click()
    page.get_by_role("button", name="Latest", exact=True).click()
    page.get_by_role("button", name="Launch").last.click()
    wait(lambda: len(materializations(client, "funnel_daily")) > len(before), "nothing was materialized")
    newest = materializations(client, "funnel_daily")[0]
    assert newest["partition"] == dates[-1]
    page.goto(f"{client.address}/runs/{newest['runId']}")
    page.get_by_text("Success", exact=True).first.wait_for()
