"""Declaring a repair: what is wrong with one is said when it is loaded, with its name."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import polars as pl
import pytest

from rs_assets.contract import repairs
from rs_assets.contract.repairs.expressions import any_item, item, number_from_string, renamed_event
from rs_assets.contract.repairs.repair import ALL, Repair, unique
from rs_assets.defs import code_version
from rs_assets.errors import UserError

VALUE = pl.col("value")
NUMBER = number_from_string("value")


def repair(name: str = "strings", /, **fields: object) -> Repair:
    whole: dict[str, object] = {
        "version": 1,
        "sites": ALL,
        "matches": pl.lit(True),
        "transforms": {"value": NUMBER},
        **fields,
    }
    return Repair(name, **whole)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "Strings", "1st", "a__b", "a-b", "a_", "shop b"])
def test_a_name_that_is_not_snake_case_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="snake_case"):
        repair(name)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"version": 0}, "has the version 0"),
        ({"version": "1"}, "has the version '1'"),
        ({"sites": "shop-b"}, "is for the sites 'shop-b'"),
        ({"sites": ()}, r"is for the sites \(\)"),
        ({"sites": ("shop b",)}, "'shop b', which is no site's name"),
        ({"first_log_date": "2024-2-1"}, "'2024-2-1', which is no log date"),
        ({"first_log_date": "2024-02-02", "last_log_date": "2024-02-01"}, "after its end on 2024-02-01"),
        ({"transforms": {}}, "transforms nothing"),
        ({"transforms": {"site": pl.lit('"a"')}}, "'site', which is no column that can be repaired"),
        ({"transforms": {"fingerprint": VALUE}}, "'fingerprint', which is no column"),
        ({"transforms": {"items": VALUE}}, "'items', which is no column"),
        ({"transforms": {"total": VALUE}}, "'total', which is no column"),
        ({"items": {"cost": pl.col("price")}}, "'cost', which is no item field"),
        ({"items": {"price": VALUE}}, r"for items\.price: it asks for what is not there"),
        ({"transforms": {"value": pl.col("total")}}, "for value: it asks for what is not there"),
        ({"matches": VALUE}, "for matches: it gives String, not Boolean"),
        ({"matches": True}, "for matches: it is no polars expression"),
        ({"transforms": {"value": pl.lit(1)}}, "for value: it gives Int32, not String"),
        ({"transforms": {"value": VALUE.cast(pl.Float64).cast(pl.String)}}, "fails for some JSON text"),
    ],
)
def test_what_cannot_be_a_repair_is_refused_by_name(fields: dict[str, object], says: str) -> None:
    with pytest.raises(UserError, match=f"^The repair strings .*{says}"):
        repair(**fields)


@pytest.mark.parametrize(
    ("transform", "says"),
    [
        (VALUE.map_elements(lambda text: text, return_dtype=pl.String), "runs Python"),
        (VALUE.shuffle(), "left to chance"),
        (VALUE.sample(fraction=1.0), "left to chance"),
        (VALUE.hash().cast(pl.String), "other versions of polars"),
        (pl.lit(dt.datetime.now()).cast(pl.String), "from a clock"),
        (pl.lit("x") + VALUE.max(), "looks at other events"),
        (VALUE.shift(), "looks at other events"),
        (VALUE.first().over("site"), "looks at other events"),
        (VALUE.forward_fill(), "looks at other events"),
        (VALUE.explode(), "looks at other events"),
        (pl.col("items").shift().list.eval(item("price")).list.first(), "looks at other events"),
        (
            pl.when((pl.col("event_name") == '"rare"') & VALUE.is_duplicated()).then(VALUE),
            "looks at other events",
        ),
    ],
)
def test_what_depends_on_more_than_the_event_is_refused(transform: pl.Expr, says: str) -> None:
    with pytest.raises(
        UserError, match=f"^The repair strings cannot use its expression for value: it .*{says}"
    ):
        repair(transforms={"value": transform})


def test_conditions_and_transforms_may_ask_for_any_field_and_for_items() -> None:
    first_price = pl.col("items").list.first().struct.field("price")
    repair(
        matches=any_item(item("price").str.starts_with('"')) & (pl.col("received_at") < '"2024-01-02T10'),
        transforms={"value": pl.coalesce(VALUE, first_price), "client_id": pl.col("user_id")},
        items={"item_id": pl.coalesce("item_id", "item_variant")},
    )


def test_a_repair_holds_from_its_first_to_its_last_log_date() -> None:
    bounded = repair(first_log_date="2024-02-01", last_log_date="2024-02-02")
    dates = ["2024-01-31", "2024-02-01", "2024-02-02", "2024-02-03"]
    assert [bounded.in_force(date) for date in dates] == [False, True, True, False]
    assert [repair(first_log_date="2024-02-02").in_force(date) for date in dates] == [
        False,
        False,
        True,
        True,
    ]
    assert [repair(last_log_date="2024-02-01").in_force(date) for date in dates] == [True, True, False, False]
    assert all(repair().in_force(date) for date in dates)


def test_two_repairs_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match=r"^Two repairs are called strings"):
        unique([repair(), repair("other"), repair(version=2)])


def test_those_in_force_are_in_the_order_of_their_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    late, both = repair("late", first_log_date="2024-02-01"), repair("both")
    monkeypatch.setattr(repairs, "REPAIRS", (late, both))
    assert repairs.in_force("2024-01-31") == (both,)
    assert repairs.in_force("2024-02-01") == (late, both)


def test_renaming_in_a_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="'b' is an old name and a new one"):
        renamed_event({"a": "b", "b": "c"})


def test_a_new_repair_is_a_new_code_version_of_the_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(code_version.PACKAGE / "contract", tmp_path / "contract")
    monkeypatch.setattr(code_version, "PACKAGE", tmp_path)
    before = code_version.code_version("contract")
    (tmp_path / "contract/repairs/shop_b_price_strings.py").write_text("")
    assert code_version.code_version("contract") != before
