"""Pages whose commands are all run, one page after the other, in a home with a small log that was replayed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rs_assets_tests.docs import told

BEATS = """python -c 'import dagster as dg
on = dg.DagsterInstance.get()
print([kind for kind, status in on.get_daemon_statuses().items() if status.healthy])'"""


@pytest.fixture(scope="module")
def place(replayed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return told.checkout(tmp_path_factory.mktemp("pages") / "rs_assets", replayed)


@pytest.mark.parametrize(
    "page",
    [
        told.page("docs/concepts.md"),
        told.page("docs/models.md"),
        told.page("docs/erasure.md"),
        told.page("docs/when-it-breaks.md"),
    ],
    ids=lambda page: page.path,
)
def test_every_command_of_a_page_does_its_work(place: Path, page: told.page) -> None:
    with page:
        told.run(place, page.rest())


def test_boxes_are_told_and_applied_to_the_code_that_is_there(place: Path) -> None:
    with told.page("docs/boxes.md") as page:
        said = told.run(place, page.rest())
    changed = told.run(place, "git diff --stat -- rs_assets dbt")
    assert re.search(r"^\+.*(Box\(|box:)", said, re.MULTILINE) and "rs_assets/defs" in changed
    told.run(place, "git checkout --quiet -- . && rs-assets contract purchase")


def test_the_way_to_production_can_be_gone(place: Path) -> None:
    with told.page("docs/production.md") as page:
        doctor, seals, (webserver, daemon) = page.take("sh"), page.take("sh"), page.take("sh").splitlines()
        told.run(place, doctor + seals)
        told.run(place, page.rest())
    port = told.free_port()
    webserver = webserver.replace("-p 3000", f"-p {port}")
    assert str(port) in webserver
    home = {"DAGSTER_HOME": str(place / ".rs" / "dagster")}
    with (
        told.serving(place, daemon, None, **home),
        told.serving(place, webserver, f"http://127.0.0.1:{port}/server_info", **home),
    ):
        told.until(lambda: "SCHEDULER" in told.run(place, BEATS, **home), "the daemon does not beat")
