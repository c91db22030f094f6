"""A trial says what a repair would move, and what would stay, before anybody replays."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from rs_assets.contract.repairs.expressions import event_is, number_from_string, renamed_event, upper_case
from rs_assets.contract.repairs.repair import ALL, Repair
from rs_assets.contract.repairs.trial import COUNTS, trial
from rs_assets.log import RawLog
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.logs import LOG_DATE, envelope, event, write_log

STRINGS = Repair(
    "strings", 1, ALL, pl.col("value").str.starts_with('"'), {"value": number_from_string("value")},
    items={"price": number_from_string("price")},
)  # fmt: skip
ITEMS = [{"item_id": "i", "price": 1}]


def views(*values: object, **more: object) -> list[dict[str, object]]:
    return [event("view_item", **{"value": v, "currency": "EUR", "items": ITEMS, **more}) for v in values]


def log_of(folder: Path, *lines: bytes, site: str = "shop-a") -> RawLog:
    return write_log(folder, {(site, "1.ndjson"): b"\n".join(lines)})


def test_it_counts_what_moves_and_what_stays_by_site_name_and_code(tmp_path: Path) -> None:
    log = log_of(
        tmp_path, envelope(*views("1", "2", "x", 4)), envelope(event("nothing")), b"no json",
        envelope(*views("8", currency="eur")),
    )  # fmt: skip
    log_of(tmp_path, envelope(*views("1"), site="shop-b"), site="shop-b")
    outcome = trial(log, [LOG_DATE], STRINGS, repairs=[])
    assert outcome.counts.schema == pl.Schema(COUNTS)
    assert outcome.counts.rows() == [
        ("shop-a", None, "JSON_MALFORMED", 0, 1),
        ("shop-a", "nothing", "EVENT_UNKNOWN", 0, 1),
        ("shop-a", "view_item", "ENUM_INVALID", 0, 1),
        ("shop-a", "view_item", "TYPE_MISMATCH", 2, 2),
        ("shop-b", "view_item", "TYPE_MISMATCH", 1, 0),
    ]
    assert (outcome.log_dates, outcome.moved, outcome.broken, outcome.conserved) == ((LOG_DATE,), 3, 0, True)


def test_it_counts_the_repairs_own_sites_and_splits_its_own_log_dates(tmp_path: Path) -> None:
    log = log_of(tmp_path, envelope(*views("1"), site="shop-b"), site="shop-b")
    log_of(tmp_path, envelope(*views("1")))
    bounded = Repair(
        "bounded",
        1,
        ("shop-b",),
        pl.lit(True),
        {"value": number_from_string("value")},
        first_log_date=LOG_DATE,
    )
    outcome = trial(log, ["2024-01-01", LOG_DATE], bounded, repairs=[])
    assert outcome.counts.rows() == [("shop-b", "view_item", "TYPE_MISMATCH", 1, 0)]
    assert outcome.log_dates == (LOG_DATE,)
    nowhere = trial(log, ["2024-01-01"], bounded, repairs=[])
    assert (nowhere.counts.rows(), nowhere.moved, nowhere.conserved) == ([], 0, True)


def test_a_copy_of_an_event_that_moves_stays_as_its_duplicate(tmp_path: Path) -> None:
    line = envelope(*views("1"))
    outcome = trial(log_of(tmp_path, line, line), [LOG_DATE], STRINGS, repairs=[])
    assert outcome.counts.rows() == [("shop-a", "view_item", "TYPE_MISMATCH", 1, 1)]
    assert (outcome.moved, outcome.broken, outcome.conserved) == (1, 0, True)


def test_events_that_a_repair_breaks_are_counted(tmp_path: Path) -> None:
    breaks = Repair("breaks", 1, ALL, pl.lit(True), {"value": pl.lit('"x"')})
    outcome = trial(log_of(tmp_path, envelope(*views(1, 2))), [LOG_DATE], breaks, repairs=[])
    assert (outcome.moved, outcome.broken, outcome.conserved) == (0, 2, True)


def test_a_repair_in_use_is_compared_with_its_absence_and_in_its_place(tmp_path: Path) -> None:
    names = Repair(
        "names", 1, ALL, event_is("viewItem"), {"event_name": renamed_event({"viewItem": "view_item"})}
    )
    capitals = Repair(
        "capitals", 1, ALL, event_is("view_item"), {"currency": upper_case("currency")}
    )  # which needs the name to be right
    params = {"value": 1, "currency": "eur", "items": ITEMS}
    log = log_of(tmp_path, envelope(event("viewItem", **params)))
    in_use = [names, capitals]
    assert trial(log, [LOG_DATE], names, repairs=in_use).moved == 1
    assert trial(log, [LOG_DATE], names, repairs=[capitals]).moved == 0
    assert trial(log, [LOG_DATE], capitals, repairs=in_use).moved == 1


def test_of_a_generated_log_exactly_the_planted_fault_moves(tmp_path: Path) -> None:
    plan = Plan(start=dt.date(2024, 2, 27), days=1, events=8_000, broken=0.05, seed=3)
    generate(plan, str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    truth = pl.read_csv(tmp_path / "truth.csv", infer_schema_length=None)
    log = RawLog(str(tmp_path / "raw"))
    capitals = Repair("capitals", 1, ALL, pl.lit(True), {"currency": upper_case("currency")})
    for repair, code in ((STRINGS, "TYPE_MISMATCH"), (capitals, "ENUM_INVALID")):
        outcome = trial(log, log.log_dates(), repair, repairs=[])
        moved = outcome.counts.filter(pl.col("moved") > 0)
        assert set(moved["code"]) == {code}
        assert outcome.conserved
        assert outcome.broken == 0
        of_code = outcome.counts.filter(pl.col("code") == code).select(pl.sum("moved", "still_quarantined"))
        assert sum(of_code.row(0)) == truth.filter(pl.col("reason") == code).height
