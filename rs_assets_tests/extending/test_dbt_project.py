"""A company's dbt project beside ours: its model is an asset like ours, from the command to the receipt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from rs_assets_tests.extending.company import PYTEST, RS_ASSETS, done, fill, install, query, run

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
UPSTREAM = ("valid_events", "quarantined_events", "session_events")
TEST = "tests/test_searches_so_far.py"
FIGURES = "SELECT log_date::varchar AS log_date, sum(searches_so_far) AS n FROM searches_so_far GROUP BY 1 ORDER BY 1"


@dataclass
class Company:
    """A project with a dbt folder, installed, and a home with a log."""

    folder: Path
    site: Path
    home: Path

    @property
    def sql(self) -> Path:
        return self.folder / "acme_assets" / "dbt" / "models" / "searches_so_far.sql"

    @property
    def yml(self) -> Path:
        return self.sql.with_suffix(".yml")

    def call(self, *args: str) -> str:
        return done(*RS_ASSETS, *args, cwd=self.folder, site=self.site, env={"RS_HOME": str(self.home)})

    def stale(self, *args: str) -> str:
        """What a replay of what is stale says of it, on standard error."""
        command = (*RS_ASSETS, "replay", "--stale", *args)
        found = run(*command, cwd=self.folder, site=self.site, env={"RS_HOME": str(self.home)})
        assert found.returncode == 0, found.stdout + found.stderr
        return found.stderr

    def figures(self) -> dict[str, int]:
        found = query(self.home, FIGURES, cwd=self.folder, site=self.site)
        return {str(row["log_date"]): int(str(row["n"])) for row in found}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    root = tmp_path_factory.mktemp("company")
    done(*RS_ASSETS, "new", "project", "acme_assets", "--dbt", cwd=root)
    made = Company(root / "acme_assets", root / "site", root / "home")
    install(made.folder, made.site)
    told = made.call("new", "feature", "searches_so_far")
    assert "wrote acme_assets/dbt/models/searches_so_far.sql" in told
    made.call("generate", "--days", "3", "--events", "2000", "--start", DATES[0])
    return made


def test_its_test_says_what_to_fill_in_and_passes_then(company: Company) -> None:
    failed = run(*PYTEST, TEST, cwd=company.folder, site=company.site)
    assert failed.returncode == 1 and "Fill in FIGURES in this file" in failed.stdout, failed.stdout
    assert "Say in acme_assets/dbt/models/searches_so_far.yml what these mean" in failed.stdout
    fill(company.folder / TEST, "float, ...] = ()", "float, ...] = (0, 1, 1, 2)")
    fill(company.yml, "FILL IN what it tells", "Searches so far")
    fill(
        company.yml,
        "FILL IN what the figure means",
        "Searches of the session up to the event, on its log date",
    )
    done(*PYTEST, TEST, cwd=company.folder, site=company.site)


def test_a_replay_makes_it_for_every_log_date_from_our_tables_and_the_receipt_lists_it(
    company: Company,
) -> None:
    only = [part for name in (*UPSTREAM, "searches_so_far") for part in ("--only", name)]
    company.call("replay", *only)
    counted = query(
        company.home,
        "SELECT count(*) FILTER (WHERE s.searches_so_far IS DISTINCT FROM e.searches) AS other, count(*) AS n "
        "FROM session_events e JOIN searches_so_far s USING (log_date, event_id) "
        "WHERE e.session_position <= 3 AND e.log_date = '2024-01-01'",
        cwd=company.folder,
        site=company.site,
    )
    assert counted[0]["other"] == 0 and int(str(counted[0]["n"])) > 50, (
        "on the first log date ours counts the same"
    )
    assert list(company.figures()) == DATES
    outputs = json.loads(company.call("receipt", "--json"))["outputs"]
    assert list(outputs["searches_so_far"]) == DATES
    assert "Nothing is stale" in company.stale(*only)


def test_its_page_tells_where_its_columns_come_from_and_its_manifest_is_examined(company: Company) -> None:
    found = json.loads((company.home / "dbt-acme_assets" / "column_lineage.json").read_text())
    assert found["searches_so_far"]["searches_so_far"] == [["session_events", "event_name"]]
    assert list(found) == ["searches_so_far"], "ours are told of beside our own manifest"
    told = run(
        *RS_ASSETS,
        "doctor",
        "--json",
        cwd=company.folder,
        site=company.site,
        env={"RS_HOME": str(company.home)},
    )
    states = {one["thing"]: one["state"] for one in json.loads(told.stdout)}
    assert states["dbt"] == states["dbt: acme_assets"] == "fine"


def test_a_change_of_its_sql_rebuilds_it_alone_and_the_diff_matches_its_rows_by_its_key(
    company: Company,
) -> None:
    before = company.figures()
    fill(company.sql, "over so_far as", "over so_far + 1 as")
    told = company.stale("--environment", "dev-anna", "--only", "searches_so_far", "--only", "session_events")
    assert "searches_so_far: 3 log dates, 2024-01-01 to 2024-01-03: its code has changed" in told
    assert "session_events" not in told
    assert company.figures() == before, "prod is as it was"
    diff = json.loads(company.call("diff", "prod", "dev-anna", "--format", "json"))
    (ours,) = [one for one in diff["assets"] if one["asset"] == "searches_so_far"]
    assert ours["key"] == ["event_id"]
    assert [date["rows"]["added"] for date in ours["log_dates"]] == [0, 0, 0]
    assert all(date["rows"]["changed"] > 0 for date in ours["log_dates"])
    fill(company.sql, "over so_far + 1 as", "over so_far as")


def test_what_fails_its_test_is_not_published(company: Company) -> None:
    before = company.figures()
    fill(company.sql, "over so_far as", "over so_far + nullif(session_position, 2) as")
    command = (*RS_ASSETS, "replay", "--only", "searches_so_far")
    failed = run(*command, cwd=company.folder, site=company.site, env={"RS_HOME": str(company.home)})
    assert failed.returncode == 1
    assert (
        "the dbt test not_null_searches_so_far_searches_so_far failed on log dates 2024-01-01"
        in failed.stderr
    )
    assert company.figures() == before
    fill(company.sql, "over so_far + nullif(session_position, 2) as", "over so_far as")


def test_its_box_is_found_where_it_is_declared(company: Company) -> None:
    code = (
        "from rs_assets.definitions import build_defs\nfrom rs_assets.defs import uses\n"
        "places = dict(uses.declarations(build_defs().resolve_asset_graph().assets_defs))\n"
        "place = places['dbt_searches_so_far']\n"
        "print(place.path, place.path.read_text()[place.start:place.end])"
    )
    told = done("-c", code, cwd=company.folder, site=company.site, env={"RS_HOME": str(company.home)})
    assert told.split() == [str(company.yml), "1"]


def test_a_model_without_a_key_one_of_our_names_and_a_folder_that_is_none_are_told(company: Company) -> None:
    whole = company.yml.read_text()
    fill(company.yml, "key: [event_id], ", "")
    command = (*RS_ASSETS, "replay", "--only", "searches_so_far")
    env = {"RS_HOME": str(company.home)}
    refused = run(*command, cwd=company.folder, site=company.site, env=env)
    assert refused.returncode == 1 and "the model searches_so_far has no key" in refused.stderr
    company.yml.write_text(whole)

    twin = company.sql.with_name("sessions.sql")
    twin.write_text("select 1 as one")
    refused = run(*command, cwd=company.folder, site=company.site, env=env)
    assert refused.returncode == 1 and "Traceback" not in refused.stderr and "sessions" in refused.stderr
    twin.unlink()

    yml = company.folder / "acme_assets" / "dbt" / "dbt_project.yml"
    aside = yml.rename(yml.with_suffix(".aside"))
    refused = run(*command, cwd=company.folder, site=company.site, env=env)
    assert refused.returncode == 1 and "where no dbt_project.yml is" in refused.stderr
    aside.rename(yml)


def test_a_feature_is_a_dbt_model_in_a_project_without_a_dbt_folder_if_it_is_asked_for(
    tmp_path: Path,
) -> None:
    done(*RS_ASSETS, "new", "project", "acme_assets", cwd=tmp_path)
    folder = tmp_path / "acme_assets"
    told = done(*RS_ASSETS, "new", "feature", "own", "--dbt", cwd=folder)
    assert 'Project(…, dbt=HERE / "dbt")' in told
    assert (folder / "acme_assets" / "dbt" / "dbt_project.yml").is_file()
    again = run(*RS_ASSETS, "new", "feature", "own", cwd=folder)
    assert again.returncode == 1 and "own.sql is there already; nothing was written" in again.stderr
