"""rs_assets: from a raw event log to a tested model, as one Dagster asset graph."""

__version__ = "0.1.0"
