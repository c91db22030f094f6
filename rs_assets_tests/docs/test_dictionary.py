"""Each column of the lake is explained, and nothing is explained that is not there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pyarrow.parquet as pq

import rs_assets.lake
from rs_assets.lake import Lake
from rs_assets.lake.dictionary import meaning

WORDS = Path(rs_assets.lake.__file__).with_name("columns.toml")


def tables(home: Path) -> dict[str, list[str]]:
    lake = Lake(str(home / "lake"))
    newest = {asset: lake.object(asset, lake.log_dates(asset)[-1]) for asset in lake.assets()}
    return {asset: pq.read_schema(path).names for asset, path in newest.items()}


def test_every_column_of_every_table_has_a_meaning(replayed: Path) -> None:
    found = tables(replayed)
    assert len(found) == 23
    silent = {(asset, name) for asset, names in found.items() for name in names if not meaning(asset, name)}
    assert silent == set()


def test_nothing_is_explained_that_is_in_no_table(replayed: Path) -> None:
    found = tables(replayed)
    words = tomllib.loads(WORDS.read_text())
    of_all = words.pop("all")
    assert set(of_all) <= {name for names in found.values() for name in names}
    assert {asset: sorted(set(told) - set(found[asset])) for asset, told in words.items()} == {
        asset: [] for asset in words
    }
