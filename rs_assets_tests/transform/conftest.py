"""dbt models as functions: tables in, tables out, through dbt itself in this process."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from rs_assets.contract.typed import VALID_EVENTS
from rs_assets.lake import Lake
from rs_assets.transform import ModelRun
from rs_assets.transform.publish import in_order
from rs_assets_tests.lakes import put

DBT = Path(__file__).parents[2] / "dbt"
RunModel = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def dbt_manifest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    from dbt.cli.main import dbtRunner

    target = tmp_path_factory.mktemp("dbt")
    result = dbtRunner().invoke(["--quiet", "parse", *_places(target)])
    assert result.success, result.exception
    return result.result, target


@pytest.fixture
def run_model(dbt_manifest: tuple[Any, Path], tmp_path: Path) -> RunModel:
    """`run_model(model, {table: frame}, first, last, before={table: frame})`: a model's rows for the range.

    `before` are tables of the log date before, whose other dates are not looked at.
    """
    from dbt.cli.main import dbtRunner

    manifest, target = dbt_manifest
    calls = iter(range(10**6))

    def run(
        model: str,
        tables: Mapping[str, pl.DataFrame],
        first: str,
        last: str,
        before: Mapping[str, pl.DataFrame] | None = None,
        tests: bool = False,
    ) -> pl.DataFrame:
        folder = tmp_path / f"{model}-{next(calls)}"
        lake = Lake(str(folder))
        dates = _dates(first, last)
        for table, frame in tables.items():
            for log_date in dates:
                part = frame.filter(pl.col("log_date") == dt.date.fromisoformat(log_date))
                put(lake, table, [log_date], part)
        eve = dt.date.fromisoformat(first) - dt.timedelta(days=1)
        for table, frame in (before or {}).items():
            put(lake, table, [eve.isoformat()], frame.filter(pl.col("log_date") == eve))
        staged = str(folder / "staged.parquet")
        run = ModelRun(model, tuple(tables), tuple(dates), staged, before=tuple(before or ()))
        run.write(lake, str(folder / "run.ndjson"))
        os.environ["RS_DBT_RUN"] = str(folder / "run.ndjson")
        verb = "build" if tests else "run"
        result = dbtRunner(manifest=manifest).invoke(["--quiet", verb, "--select", model, *_places(target)])
        assert result.success, [r.message for r in result.result or []] or result.exception
        rows = pl.read_parquet(staged)
        meta = manifest.nodes[f"model.rs_assets.{model}"].config.meta
        if order := meta.get("order"):
            return in_order(rows, meta["key"], order)
        return rows

    return run


def _dates(first: str, last: str) -> list[str]:
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return [(start + dt.timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]


def _places(target: Path) -> list[str]:
    return [
        f"--project-dir={DBT}",
        f"--profiles-dir={DBT}",
        f"--target-path={target}",
        f"--log-path={target}",
    ]


@pytest.fixture
def valid_events() -> Callable[..., pl.DataFrame]:
    """`valid_events([(time, name, client, …)])`: rows of valid_events, received when they happened."""

    def make(rows: list[dict[str, Any]]) -> pl.DataFrame:
        records = []
        for n, row in enumerate(rows):
            event_time = dt.datetime.fromisoformat(row["at"])
            received_at = dt.datetime.fromisoformat(row.get("received", row["at"]))
            item = {"item_id": row.get("item"), "price": row.get("price"), "quantity": row.get("quantity", 1)}
            records.append(
                {
                    "log_date": received_at.date(),
                    "event_id": row.get("id", f"s/{received_at.date()}/{n:06d}"),
                    "site": row.get("site", "shop"),
                    "request_id": f"r{n}",
                    "event_index": 0,
                    "received_at": received_at,
                    "event_time": event_time,
                    "client_id": row.get("client", "c1"),
                    "event_name": row.get("name", "page_view"),
                    "value": row.get("value"),
                    "currency": "EUR" if row.get("value") is not None else None,
                    "items": [item] if row.get("item") else None,
                    "item_ids": [item["item_id"]] if row.get("item") else None,
                    "item_prices": [item["price"]] if row.get("item") else None,
                    "is_late": False,
                    "fingerprint": n,
                }
            )
        if not records:
            return pl.DataFrame(schema=VALID_EVENTS)
        frame = pl.DataFrame(records, schema_overrides=VALID_EVENTS)
        missing = {name: dtype for name, dtype in VALID_EVENTS.items() if name not in frame.columns}
        frame = frame.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in missing.items())
        return frame.select(*VALID_EVENTS)

    return make
