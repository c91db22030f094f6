"""rs_assets: from a raw event log to a tested model, as one Dagster asset graph.

`rs_assets.load("sessions")` reads a published table. It is fetched when it is first asked for: `import rs_assets`
stands at the head of every step and of `rs-assets --help`, and must not wait for DuckDB or polars.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rs_assets.reading import load as load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> object:
    if name == "load":
        from rs_assets.reading import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
