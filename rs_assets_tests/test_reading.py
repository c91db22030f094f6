from __future__ import annotations

import datetime as dt
import gc
import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import rs_assets
from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.environments import create
from rs_assets_tests.lakes import put

DATES = ("2024-01-01", "2024-01-02", "2024-01-03")


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Two assets of three log dates, in the home that the environment names."""
    for name in ("RS_LAKE", "RS_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RS_HOME", str(tmp_path))
    made = Lake(str(tmp_path / "lake"))
    for asset in ("sessions", "session_labels"):
        for n, date in enumerate(DATES):
            put(made, asset, [date], _frame(date, n + 1))
    return made


def _frame(date: str, rows: int) -> pl.DataFrame:
    day = dt.date.fromisoformat(date)
    return pl.DataFrame({"log_date": [day] * rows, "session_id": [f"{date}-{n}" for n in range(rows)]})


@pytest.mark.parametrize(
    ("since", "until", "rows"),
    [
        (None, None, 6),
        ("2024-01-02", None, 5),
        (None, dt.date(2024, 1, 2), 3),
        (dt.datetime(2024, 1, 2, 9), "2024-01-02", 2),
        ("2023-01-01", "2025-01-01", 6),
    ],
)
def test_a_range_has_both_its_ends(
    lake: Lake, since: str | dt.date | None, until: str | dt.date | None, rows: int
) -> None:
    found = rs_assets.load("sessions", since=since, until=until)
    assert found.height == rows
    assert found["session_id"].is_unique().all()


def test_every_form_holds_the_same_rows(lake: Lake) -> None:
    frame = rs_assets.load("sessions", since=DATES[1])
    table = rs_assets.load("sessions", since=DATES[1], as_="arrow")
    relation = rs_assets.load("sessions", since=DATES[1], as_="duckdb")
    assert isinstance(table, pa.Table)
    assert pl.from_arrow(table).equals(frame)
    assert relation.pl().equals(frame)
    assert frame.schema == {"log_date": pl.Date, "session_id": pl.String}


def test_pandas_is_given_to_who_has_it_and_others_are_told(lake: Lake) -> None:
    try:
        import pandas  # noqa: F401
    except ModuleNotFoundError:
        with pytest.raises(UserError, match="needs pandas, which is not installed"):
            rs_assets.load("sessions", as_="pandas")
    else:
        assert len(rs_assets.load("sessions", as_="pandas")) == 6


def test_a_relation_outlives_the_call_and_knows_the_other_assets(lake: Lake) -> None:
    relation = rs_assets.load("sessions", as_="duckdb")
    gc.collect()
    joined = relation.query("mine", "SELECT count(*) FROM mine JOIN session_labels USING (session_id)")
    assert joined.fetchall() == [(6,)]


def test_an_environment_is_read_by_its_name(lake: Lake) -> None:
    dev = Lake(lake.root, "dev")
    create(dev)
    put(dev, "sessions", [DATES[0]], _frame(DATES[0], 9))
    assert rs_assets.load("sessions", environment="dev").height == 9 + 5
    assert rs_assets.load("sessions").height == 6
    assert rs_assets.load("sessions", environment="not-made-yet").height == 6, "prod supplies it"


def test_a_name_that_is_nearly_one_is_answered_with_it(lake: Lake) -> None:
    with pytest.raises(UserError, match="no asset 'session'") as refused:
        rs_assets.load("session")
    assert "sessions" in refused.value.hint and refused.value.hint.startswith("Did you mean ")


def test_a_name_like_no_other_is_answered_with_all(lake: Lake) -> None:
    with pytest.raises(UserError) as refused:
        rs_assets.load("zzz")
    assert refused.value.hint == "There are session_labels, sessions."


def test_an_empty_range_is_answered_with_the_one_there_is(lake: Lake) -> None:
    with pytest.raises(UserError, match="no log date from 2024-02-01 to the last") as refused:
        rs_assets.load("sessions", since="2024-02-01")
    assert refused.value.hint == "It is published for 3 log dates from 2024-01-01 to 2024-01-03."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"since": "yesterday"}, "since='yesterday' is no log date"),
        ({"until": "2024-1-1' OR 1=1"}, "is no log date"),
        ({"since": "2024-01-03", "until": "2024-01-01"}, "ends before it begins"),
        ({"as_": "excel"}, "is no form of a table"),
    ],
)
def test_a_wrong_call_is_a_sentence(lake: Lake, arguments: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        rs_assets.load("sessions", **arguments)  # type: ignore[call-overload]
    assert refused.value.hint


def test_an_empty_lake_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RS_LAKE", raising=False)
    monkeypatch.setenv("RS_HOME", str(tmp_path / "new"))
    with pytest.raises(UserError, match="Nothing is published") as refused:
        rs_assets.load("sessions")
    assert "rs-assets replay" in refused.value.hint


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = {"dagster", "polars", "pandera", "duckdb", "sklearn", "pyarrow", "numpy", "rich", "typer"}
    code = f"import sys, rs_assets; print(sorted({heavy!r} & set(sys.modules)), callable(rs_assets.load))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[] True\n", done.stderr


def test_a_name_that_the_package_has_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        rs_assets.lod  # noqa: B018
