"""The dictionary: what each column of the lake means.

Belongs here: looking a column up. Does not belong here: the words (`columns.toml`; of dbt's models `schema.yml`,
which go before these).
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files


def meaning(asset: str, column: str) -> str | None:
    """What a column of an asset's table means, in a sentence or two; None where nobody has said it."""
    words = _words()
    return words.get(asset, {}).get(column) or words["all"].get(column)


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("rs_assets.lake").joinpath("columns.toml").read_text(encoding="utf-8"))
