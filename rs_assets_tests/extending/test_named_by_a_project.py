"""What a project names is in force: sites, repairs, rules of alerts, notifiers, executors, a graph of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from rs_assets_tests.extending.company import RS_ASSETS, done, query, run

DATE = "2024-01-02"
ONLY = ("valid_events", "quarantined_events", "alerts", "acme_export")
FILES = {
    "acme/__init__.py": """
from pathlib import Path
from rs_assets.extending import Project
project = Project(
    "acme",
    sites=("shop-a",),
    repairs="acme.repairs",
    graph="acme.graph",
    alert_rules=Path(__file__).with_name("rules.toml"),
    notifiers={"pager": "acme.pager:send"},
    executors={"own": "acme.running:own"},
)
""",
    "acme/rules.toml": "[all_bad]\nminimum_events = 2\n",
    "acme/repairs.py": """
import rs_assets.contract.repairs
import polars as pl
from rs_assets.contract.repairs.expressions import number_from_string
from rs_assets.contract.repairs.repair import Repair
VALUES = Repair(
    name="acme_values", version=1, sites=("shop-a",), first_log_date="2024-01-01", last_log_date="2024-01-31",
    matches=pl.col("value").str.starts_with('"'), transforms={"value": number_from_string("value")},
)
""",
    "acme/graph.py": """
import dagster as dg
def definitions(partitions):
    @dg.asset(
        partitions_def=partitions, deps=["valid_events"], code_version="1",
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def acme_export(context: dg.AssetExecutionContext) -> None:
        context.log.info(f"acme_export: {context.partition_keys[-1]} (1 of 1)")
    return dg.Definitions(assets=[acme_export], jobs=[dg.define_asset_job("acme_job", [acme_export])])
""",
    "acme/pager.py": """
import os
def send(url, message):
    if url.endswith("/broken"):
        raise OSError(f"nobody answers at {url}")
    with open(os.environ["PAGED"], "a") as file:
        file.write(f"{url} {message.kind} {message.title}\\n")
""",
    "acme/running.py": """
import dagster as dg
own = dg.in_process_executor.configured({}, name="own")
""",
    "acme-1.dist-info/METADATA": "Name: acme\nVersion: 1\n",
    "acme-1.dist-info/entry_points.txt": "[rs_assets.projects]\nacme = acme:project\n",
}


@dataclass
class Acme:
    """An installed project, and a home with a log of a site of its own and one that it does not know."""

    site: Path
    home: Path

    @property
    def env(self) -> Mapping[str, str]:
        return {"RS_HOME": str(self.home), "PAGED": str(self.home / "paged")}

    def call(self, *args: str, **env: str) -> str:
        return done(*RS_ASSETS, *args, cwd=self.home, site=self.site, env={**self.env, **env})

    def says(self, code: str, **env: str) -> str:
        return done("-c", code, cwd=self.home, site=self.site, env={**self.env, **env}).strip()

    def rows(self, sql: str) -> list[dict[str, object]]:
        return query(self.home, sql, cwd=self.home, site=self.site)


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Acme:
    root = tmp_path_factory.mktemp("acme")
    for name, text in FILES.items():
        (root / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "site" / name).write_text(text)
    made = Acme(root / "site", root / "home")
    made.home.mkdir()
    log_of(made.home)
    only = [part for name in ONLY for part in ("--only", name)]
    urls = "pager://team pager://team/broken"
    made.call("replay", "--from", DATE, "--to", DATE, *only, RS_EXECUTOR="own", RS_ALERT_URLS=urls)
    return made


def log_of(home: Path) -> None:
    from rs_assets.log.writer import LogWriter

    def line(n: int, site: str, params: dict[str, object]) -> bytes:
        body = {"client_id": "c", "events": [{"name": "page_view", "params": params}]}
        at = f"{DATE}T10:00:0{n}.000000Z"
        return (
            json.dumps({"received_at": at, "site": site, "request_id": str(n), "body": body}).encode() + b"\n"
        )

    log = LogWriter(str(home / "raw"))
    log.write("shop-a", DATE, line(0, "shop-a", {}) + line(1, "shop-a", {"value": "12.5", "currency": "EUR"}))
    log.write("shop-b", DATE, b"".join(line(n, "shop-b", {"n": n}) for n in range(3)))


def test_only_its_sites_may_send_unless_the_settings_name_others(acme: Acme) -> None:
    told = acme.rows("SELECT site, reasons FROM quarantined_events")
    assert told == [{"site": "shop-b", "reasons": ["SITE_UNKNOWN"]}] * 3
    sites = "from rs_assets.settings import Settings; print(*sorted(Settings.from_env().sites))"
    assert acme.says(sites) == "shop-a"
    assert acme.says(sites, RS_SITES="shop-b shop-c") == "shop-b shop-c"


def test_its_repair_mends_what_its_site_sent_and_says_so_in_the_row(acme: Acme) -> None:
    found = acme.rows("SELECT value, repairs FROM valid_events ORDER BY event_time")
    assert [row["value"] for row in found] == [None, 12.5]
    assert [len(row["repairs"] or []) for row in found] == [0, 1]  # type: ignore[arg-type]
    assert "acme_values" in str(found[1]["repairs"])


def test_its_rules_decide_what_alerts_unless_the_settings_name_others(acme: Acme) -> None:
    (alert,) = acme.rows("SELECT * FROM alerts WHERE rule = 'all_bad'")
    assert alert["site"] == "shop-b", "three events: the default asks for ten"
    rules = (
        "from rs_assets.settings import Settings; from rs_assets.alerts import load_rules; "
        "print(load_rules(Settings.from_env().alert_rules).all_bad.minimum_events)"
    )
    assert acme.says(rules) == "2"
    (acme.home / "own.toml").write_text("[all_bad]\nminimum_events = 7\n")
    assert acme.says(rules, RS_ALERT_RULES=str(acme.home / "own.toml")) == "7"


def test_its_notifier_is_sent_what_goes_to_its_scheme_and_what_it_raises_waits_without_the_url(
    acme: Acme,
) -> None:
    paged = (acme.home / "paged").read_text().splitlines()
    assert [line for line in paged if "shop-b" in line], paged
    assert all(line.startswith("pager://team failure [prod] ") for line in paged if "Every event" in line)
    waiting = (
        "from rs_assets.settings import Settings; from rs_assets.alerts.ledger import Ledger; "
        "print(*Ledger(Settings.from_env().home + '/alerts', 'prod').waiting())"
    )
    told = acme.says(waiting)
    assert "nobody answers" in told and "/broken" not in told


def test_its_executor_runs_the_steps(acme: Acme) -> None:
    code = "from rs_assets.definitions import defs; print(defs.executor.name)"
    assert acme.says(code, RS_EXECUTOR="own") == "own"
    wrong = run(*RS_ASSETS, "status", cwd=acme.home, site=acme.site, env={**acme.env, "RS_EXECUTOR": "other"})
    assert (
        wrong.returncode == 1
        and "Use one of in_process, multiprocess, docker, k8s, ecs, own." in wrong.stderr
    )


def test_its_definitions_are_in_the_graph_and_a_replay_of_what_is_stale_leaves_them_alone(acme: Acme) -> None:
    code = (
        "from rs_assets.definitions import defs; import dagster as dg; "
        "print(sorted(j.name for j in defs.get_repository_def().get_all_jobs() if j.name.startswith('acme')), "
        "dg.AssetKey('acme_export') in defs.resolve_job_def('replay_job').asset_layer.executable_asset_keys)"
    )
    assert acme.says(code) == "['acme_job'] True"
    again = acme.call(
        "replay", "--from", DATE, "--to", DATE, "--stale", "--only", "valid_events", "--only", "alerts"
    )
    assert "Receipt" in again
    graph = acme.site / "acme" / "graph.py"
    whole = graph.read_text()
    graph.write_text("def definitions(partitions):\n    return 7\n")
    told = run("-c", "import rs_assets.definitions", cwd=acme.home, site=acme.site, env=acme.env)
    assert "acme.graph.definitions gives a int." in told.stderr
    graph.write_text(whole)


def test_a_notifier_that_is_not_there_is_told_by_name(acme: Acme) -> None:
    pager = acme.site / "acme" / "pager.py"
    whole = pager.read_text()
    pager.write_text("")
    code = (
        "from rs_assets.errors import UserError; from rs_assets.alerts.notifier import notifier_of\n"
        "try: notifier_of('pager://x')\nexcept UserError as told: print(told)"
    )
    assert "The project acme has pager of its notifiers in acme.pager:send, which cannot be had" in acme.says(
        code
    )
    pager.write_text(whole)
