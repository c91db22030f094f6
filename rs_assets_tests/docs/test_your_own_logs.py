"""docs/your-own-logs.md: its mapping file and its log, imported and replayed by its own commands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import polars as pl

from rs_assets.lake import Lake

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "your-own-logs.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_pages_log_comes_in_by_the_pages_mapping_and_says_what_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(block("toml"))
    (tmp_path / "export.csv").write_text(block("csv"))
    env = {**os.environ, "RS_HOME": str(tmp_path), "RS_EXECUTOR": "in_process", "PYTHONPATH": str(ROOT)}
    for name in ("RS_RAW_LOG", "RS_LAKE", "RS_ENVIRONMENT", "DAGSTER_HOME"):
        env.pop(name, None)
    said = ""
    for line in block("sh").splitlines():
        command = [sys.executable, "-m", "rs_assets.cli", *shlex.split(line)[1:]]
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout
    assert "JSON_MALFORMED" in said and "EVENT_UNKNOWN" in said and "TYPE_MISMATCH" in said
    lake = Lake(str(tmp_path / "lake"), "prod")
    valid, bad = (
        pl.read_parquet(lake.place(asset, "2024-03-04")) for asset in ("valid_events", "quarantined_events")
    )
    assert valid["event_name"].to_list() == ["view_item", "purchase"]
    assert sorted(map(sorted, bad["reasons"].to_list())) == [
        ["EVENT_UNKNOWN", "TYPE_MISMATCH"],
        ["JSON_MALFORMED"],
    ]
