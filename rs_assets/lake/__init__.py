"""The lake: published tables, one Parquet object an asset and log date."""

from rs_assets.lake.paths import Lake

__all__ = ["Lake"]
