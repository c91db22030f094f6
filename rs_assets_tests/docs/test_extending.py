"""docs/extending.md: its change is made to a copy of the code, and does what the page says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from rs_assets_tests.docs import told
from rs_assets_tests.docs.conftest import ROOT

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SPLIT = """
import json, sys
import polars as pl
from rs_assets.contract.split import split_log_date
from rs_assets.log import RawLog
from rs_assets.log.writer import LogWriter

root = sys.argv[1]
def line(n, params):
    body = {"client_id": "c", "events": [{"name": "book_appointment", "params": params}]}
    said = {"received_at": "2024-01-01T10:00:00.000000Z", "site": "shop-a", "request_id": str(n), "body": body}
    return json.dumps(said).encode() + b"\\n"
LogWriter(root + "/raw").write("shop-a", "2024-01-01", line(1, {"appointment_id": "A-7"}) + line(2, {}))
split_log_date(RawLog(root + "/raw"), "2024-01-01", root + "/valid", root + "/bad", threads=1)
valid, bad = pl.read_parquet(root + "/valid"), pl.read_parquet(root + "/bad")
known = [*valid["appointment_id"]] if "appointment_id" in valid.columns else []
print(json.dumps({"valid": known, "bad": bad["reasons"].to_list()}))
"""


def outcome(code: Path, root: Path) -> dict[str, list[object]]:
    root.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SPLIT, str(root)],
        capture_output=True,
        text=True,
        cwd=code,
        env={**os.environ, "PYTHONPATH": str(code)},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def test_a_new_event_type_is_the_lines_of_the_page_and_what_came_before_becomes_valid(tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(ROOT / "rs_assets", code / "rs_assets", ignore=shutil.ignore_patterns("__pycache__"))
    assert outcome(code, tmp_path / "before") == {"valid": [], "bad": [["EVENT_UNKNOWN"], ["EVENT_UNKNOWN"]]}

    with told.page("docs/extending.md", "diff") as page:
        change = page.take("diff")
    added = [line for line in change.splitlines() if re.match(r"\+(?!\+\+)", line)]
    assert len(added) == 3, "three lines, in three files"
    apply = ["git", "apply", "-"]
    env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    done = subprocess.run(apply, input=change, text=True, cwd=code, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert outcome(code, tmp_path / "after") == {"valid": ["A-7"], "bad": [["FIELD_MISSING"]]}


REPAIR = re.compile(r"^    (import polars.*?^    \))$", re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_page_make_a_project_with_the_example_that_it_shows(
    replayed: Path, tmp_path: Path
) -> None:
    repairs = (ROOT / "rs_assets/contract/repairs/__init__.py").read_text(encoding="utf-8")
    (shown,) = REPAIR.findall(repairs)
    with told.page("docs/extending.md", "sh", "python") as page:
        told.run(tmp_path, page.take("sh"))
        place = tmp_path / "acme_assets"
        written = {path.name for path in (place / "acme_assets" / "events").glob("*.py")}
        assert {"book_appointment.py", "book_appointment_online.py"} <= written
        example = (place / "acme_assets" / "events" / "book_appointment.py").read_text(encoding="utf-8")
        assert page.take("python").strip() in example

        (place / "my_repairs.py").write_text(
            textwrap.dedent(f"    {shown}").replace("2024-02-", "2024-01-"), encoding="utf-8"
        )  # log dates that there are
        tried = told.run(place, page.take("sh"), RS_HOME=str(replayed))
        assert "shop_b_price_strings" in tried
        told.run(place, page.take("sh"))
        assert list((place / "acme_assets" / "dbt").rglob("searches_so_far.sql"))


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:rs_assets|dbt)/[\w/.]+)`", PAGE))
    assert len(named) > 5
    assert {name for name in named if not (ROOT / name).exists()} == set()
