"""What the contract makes of some events, for a company's tests.

Belongs here: the split on a log of a few lines. Does not belong here: anything that the graph calls.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

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
