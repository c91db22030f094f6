"""Two clients are erased from a log that was replayed: what is left of them, and of everybody else."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.blocks import decompressed
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs.replays import replay, run

DATES = ["2024-01-06", "2024-01-07", "2024-01-08", "2024-01-09"]
TABLES = ("valid_events", "quarantined_events", "session_events", "sessions")


def said(home: Path, *args: str, code: int = 0) -> str:
    done = run(home, *args)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def table(home: Path, asset: str) -> pl.DataFrame:
    lake = Lake(str(home / "lake"), "prod")
    rows = pl.concat([pl.read_parquet(lake.place(asset, log_date)) for log_date in DATES])
    return rows.with_columns(pl.col(pl.Binary).map_elements(legible, pl.String))


def legible(raw: bytes) -> str:
    return raw.decode(errors="replace")


def texts(home: Path) -> dict[str, bytes]:
    """All that a home holds, by place, with what is compressed written out; the generator's answers left out."""
    found: dict[str, bytes] = {}
    log = RawLog(str(home / "raw"))
    for log_date in log.log_dates():
        for segment in log.segments(log_date):
            with log.reading(segment) as file:
                parts = [part for part in decompressed(file, segment) if isinstance(part, bytes)]
            found[f"raw/{segment.place}, as text"] = b"".join(parts)
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.name == "truth.csv":
            continue
        found[str(path.relative_to(home))] = path.read_bytes()
        if path.suffix == ".parquet":
            rows = pl.read_parquet(path).with_columns(pl.col(pl.Binary).map_elements(legible, pl.String))
            found[f"{path.relative_to(home)}, as text"] = rows.write_ndjson().encode()
    return found


@pytest.fixture(scope="module")
def erased(home: Any) -> tuple[Path, list[str], dict[str, pl.DataFrame], str]:
    """A home after all of it, the ids that were erased, the tables before it, and the chain's head before it."""
    made: Path = home()
    plan = Plan(start=dt.date(2024, 1, 6), days=len(DATES), events=6_000, broken=0.05)
    generate(plan, str(made / "raw"), str(made / "truth.csv"))
    said(made, "seal")
    replay(made, DATES[0], DATES[-1])
    before = {asset: table(made, asset) for asset in (*TABLES, "session_features")}
    head = json.loads(said(made, "verify", "--json"))["head"]["digest"]
    buys = before["valid_events"].filter(pl.col("event_name") == "purchase")["client_id"]
    breaks = before["quarantined_events"]["raw"].str.extract(r'"client_id":"(\d+\.\d+)"').drop_nulls()
    # The first is somebody who bought, the second one whose event is in quarantine.
    ids = sorted({buys.sort()[0], breaks.sort()[-1]})
    assert len(ids) == 2

    listed = made / "ids.txt"
    listed.write_text("".join(f"{one}\n" for one in ids))
    said(made, "forget", "--file", str(listed), "--why", "request 17")
    listed.unlink()
    (made / "first").write_text(said(made, "forget", "--purge", code=1))
    said(made, "replay", "--stale")
    (made / "dropped").write_text(json.dumps({asset: ids_in(made, asset, ids) for asset in TABLES}))
    said(made, "forget", "--rewrite")
    said(made, "replay", "--stale")
    said(made, "forget", "--purge")
    return made, ids, before, head


def ids_in(home: Path, asset: str, ids: list[str]) -> int:
    text = table(home, asset).write_ndjson()
    return sum(one in text for one in ids)


def test_a_replay_after_an_order_drops_the_clients_everywhere_before_anything_is_rewritten(erased) -> None:
    home, ids, before, _ = erased
    assert all(any(one in before[asset].write_ndjson() for one in ids) for asset in TABLES)
    assert json.loads((home / "dropped").read_text()) == dict.fromkeys(TABLES, 0)


def test_a_purge_says_what_still_shows_an_erased_client(erased) -> None:
    home, _, _, _ = erased
    assert "made before an erasure order" in (home / "first").read_text()


def test_nothing_of_an_erased_client_is_left_in_any_byte(erased) -> None:
    home, ids, _, _ = erased
    held = {place: one for place, data in texts(home).items() for one in ids if one.encode() in data}
    assert held == {}


@pytest.mark.parametrize("asset", (*TABLES, "session_features"))
def test_nothing_of_anybody_else_has_changed(erased, asset: str) -> None:
    home, ids, before, _ = erased
    sessions = before["sessions"].filter(pl.col("client_id").is_in(ids))["session_id"]
    names = "|".join(re.escape(one) for one in (*ids, *sessions))
    theirs = pl.any_horizontal(pl.col(pl.String).str.contains(names).fill_null(False))
    others = before[asset].filter(~theirs)
    assert 0 < others.height < before[asset].height
    assert_frame_equal(table(home, asset), others)


def test_the_chain_verifies_with_the_head_that_somebody_kept(erased) -> None:
    home, _, _, head = erased
    found = json.loads(said(home, "verify", "--head", head, "--json"))
    assert found["broken"] == [] and found["rewritten"] > 0


def test_an_auditor_sees_what_was_removed_when_and_why_and_the_receipt_says_so(erased) -> None:
    home, _ids, _, _ = erased
    history = json.loads(said(home, "forget", "--list", "--json"))
    order, *rewrites = history["entries"]
    assert (order["entry"], order["why"], order["ids_kept"]) == ("order", "request 17", False)
    assert order["lines"] == sum(entry["lines"] for entry in rewrites) > 0
    for entry in rewrites:
        assert entry["orders"] == [order["digest"]]
        for one in entry["segments"]:
            assert one["was"]["sha256"] != one["now"]["sha256"] and one["erased"] > 0
    assert json.loads(said(home, "receipt", "--json"))["erasures"] == order["digest"] == history["in_force"]
    assert "All is as the receipt says" in said(home, "receipt", "check")
    assert "request 17" in said(home, "forget", "--list")


def test_an_event_that_comes_later_is_dropped_too(erased) -> None:
    from rs_assets.log.writer import LogWriter
    from rs_assets_tests.logs import envelope, event

    home, ids, _, _ = erased
    log_date = "2024-01-10"
    lines = [envelope(event(), body={"client_id": one}) for one in (ids[0], "999999999.1700000000")]
    LogWriter(str(home / "raw")).write("shop-a", log_date, b"\n".join(lines) + b"\n")
    replay(home, log_date, log_date)
    lake = Lake(str(home / "lake"), "prod")
    rows = [pl.read_parquet(lake.place(asset, log_date)) for asset in ("valid_events", "quarantined_events")]
    assert sum(frame.height for frame in rows) == 1
    assert not any(ids[0] in str(frame.rows()) for frame in rows)
