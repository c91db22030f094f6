"""The dictionary: what each column of the lake means.

Belongs here: looking a column up. Does not belong here: the words (`columns.toml`, and those of companies'
projects; of dbt's models `schema.yml`, which go before these).
"""

from __future__ import annotations

import tomllib
from functools import lru_cache

from rs_assets.extending import projects


def meaning(asset: str, column: str) -> str | None:
    """What a column of an asset's table means, in a sentence or two; None where nobody has said it."""
    words = _words()
    return words.get(asset, {}).get(column) or words["all"].get(column)


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for project in projects():
        if project.columns:
            for asset, words in tomllib.loads(project.columns.read_text(encoding="utf-8")).items():
                found.setdefault(asset, {}).update(words)
    return found
