"""What the contract makes of some events, and a dbt model of some rows, for a company's tests.

Belongs here: the split on a log of a few lines, dbt on small tables. Does not belong here: anything that the graph
calls.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rs_assets.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from rs_assets.extending.dbt import DbtFolder

LOG_DATE = "2024-01-02"
RECEIVED = "2024-01-02T10:00:00.000000Z"


def split_events(*events: Mapping[str, object], site: str = "shop-a") -> tuple[pl.DataFrame, pl.DataFrame]:
    """`valid_events` and `quarantined_events` of these events (`{"name": …, "params": {…}}`), a request each."""
    from rs_assets.log.writer import LogWriter

    lines = (
        json.dumps(
            {
                "received_at": RECEIVED,
                "site": site,
                "request_id": str(n),
                "body": {"client_id": "c", "events": [event]},
            }
        )
        for n, event in enumerate(events)
    )
    with tempfile.TemporaryDirectory() as raw:
        LogWriter(raw).write(site, RECEIVED[:10], "".join(f"{line}\n" for line in lines).encode())
        return split_log(raw)


def split_log(raw_log: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same of all log dates of a small raw log."""
    import polars as pl

    from rs_assets.contract.split import split_log_date
    from rs_assets.log import RawLog

    log = RawLog(raw_log)
    found: list[tuple[pl.DataFrame, pl.DataFrame]] = []
    with tempfile.TemporaryDirectory() as folder:
        for log_date in log.log_dates():
            valid, bad = (str(Path(folder, f"{name}-{log_date}")) for name in ("valid", "bad"))
            split_log_date(log, log_date, valid, bad, threads=1)
            found.append((pl.read_parquet(valid), pl.read_parquet(bad)))
    return pl.concat(v for v, _ in found), pl.concat(b for _, b in found)


def run_model(model: str, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What a dbt model makes of these tables of one log date, LOG_DATE; they need no column `log_date`.

    Args:
        model: its name.
        tables: those that it and its tests read, by name, with the columns that are read.

    Raises:
        UserError: there is no such model, dbt cannot build it, or one of its tests fails.
    """
    import polars as pl

    from rs_assets.lake import Lake
    from rs_assets.lake.stage import Stage
    from rs_assets.lake.tables import write_table
    from rs_assets.transform.dbt import build
    from rs_assets.transform.run import ModelRun

    folder = _folder_of(model)
    day = dt.date.fromisoformat(LOG_DATE)
    with tempfile.TemporaryDirectory() as home:
        lake = Lake(str(Path(home, "lake")))
        with Stage(lake) as stage:
            for name, frame in tables.items():
                write_table(frame.with_columns(log_date=pl.lit(day)), stage.path(name, LOG_DATE))
            stage.publish()
        staged, run_file = (str(Path(home, name)) for name in ("staged.parquet", "run.ndjson"))
        ModelRun(model, tuple(tables), (LOG_DATE,), staged).write(lake, run_file)
        built = build(model, folder, run_file, str(Path(home, "dbt")))
        if built.error:
            raise UserError(
                f"dbt cannot build {model}: {built.error}", "Mend its SQL, or give it what it reads."
            )
        for test in built.tests:
            if not test.passed:
                says = test.message or f"{test.failures} rows fail it"
                raise UserError(
                    f"{model}: the dbt test {test.name} fails: {says}.", "Mend the model, or the test."
                )
        # dbt-duckdb writes a row of nulls where there are none.
        return pl.read_parquet(staged).filter(pl.col("log_date") == day)


def descriptions(model: str) -> dict[str, str]:
    """What a dbt model's YAML says of it, under its own name, and of its columns.

    Raises:
        UserError: there is no such model.
    """
    node = next(node for node in _folder_of(model).models() if node["name"] == model)
    columns = {str(name): str(column["description"]) for name, column in node["columns"].items()}
    return {model: str(node["description"]), **columns}


@lru_cache(maxsize=1)
def _home() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()  # gone with the process


def _folder_of(model: str) -> DbtFolder:
    """The dbt project that has the model, prepared."""
    from rs_assets.extending.dbt import dbt_folders
    from rs_assets.transform.manifest import is_fresh, prepare

    for folder in dbt_folders(_home().name):
        if any(path.stem == model for path in folder.files("sql")):
            if not is_fresh(folder):
                prepare(folder)
            return folder
    raise UserError(
        f"There is no dbt model {model}.", "Name a file of models/ of a project that is installed."
    )
