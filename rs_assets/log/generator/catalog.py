"""What a generated shop sells.

Belongs here: items with their category, brand, price and popularity, which items go with which, and the JSON
text of each item and page, written once. Does not belong here: who looks at them (`walk`).

Items are numbered by category and, in it, by popularity, so that drawing an item is one binary search.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import polars as pl

from rs_assets.log.generator import words
from rs_assets.log.generator.pages import TERMS, pages
from rs_assets.log.generator.shapes import Shape
from rs_assets.log.generator.vocabulary import SLOTS, Floats, Ints

RELATED = 8
_RELATED_ODDS = np.cumsum([0.30, 0.20, 0.14, 0.10, 0.08, 0.06, 0.07, 0.05])


@dataclass(frozen=True)
class Catalog:
    """The items of one site, as arrays by item number.

    Args:
        category: of each item.
        first: number of the first item of each category, with one past the last at the end.
        cents: price.
        reach: popularity, summed up to and with each item; ends at 1.
        related: for each item, the items that are looked at after it, most likely first.
        appeal: how much likelier than the average item it is put in a cart.
        items: JSON text of each item, open at its end for `index` and `quantity`.
        pages, titles: JSON strings by page number; after the static pages those of categories, items,
            searches.
        terms: JSON strings of search terms, `TERMS_EACH` a category.
        lists: JSON strings of the categories' list names.
    """

    category: Ints
    first: Ints
    cents: Ints
    reach: Floats
    related: Ints
    appeal: Floats
    items: pl.Series
    pages: pl.Series
    titles: pl.Series
    terms: pl.Series
    lists: pl.Series

    def popular(self, chance: Floats) -> Ints:
        """Items drawn by popularity."""
        return np.minimum(np.searchsorted(self.reach, chance, side="right"), len(self.cents) - 1)

    def popular_in(self, category: Ints, chance: Floats) -> Ints:
        """Items drawn by popularity, each of the category given for it."""
        edges = np.concatenate([[0.0], self.reach])[self.first]
        low, high = edges[category], edges[category + 1]
        drawn = np.searchsorted(self.reach, low + chance * (high - low), side="right")
        items: Ints = np.clip(drawn, self.first[category], self.first[category + 1] - 1)
        return items

    def related_to(self, item: Ints, chance: Floats) -> Ints:
        """Items that go with the given ones."""
        rank = np.minimum(np.searchsorted(_RELATED_ODDS, chance, side="right"), RELATED - 1)
        return self.related[item, rank]

    def page_of_list(self, category: Ints, chance: Floats) -> Ints:
        """`SLOTS` different items of each category: its first page of items mostly, else a later one."""
        pages = (self.first[category + 1] - self.first[category]) // SLOTS
        page = np.minimum((pages * chance**2.5).astype(np.int64), pages - 1)
        shown: Ints = (self.first[category] + page * SLOTS)[:, None] + np.arange(SLOTS)
        return shown


def catalog(rng: np.random.Generator, site: str, shape: Shape) -> Catalog:
    """The catalogue of one site."""
    kinds = words.CATEGORIES
    fewest = 2 * SLOTS
    sizes = fewest + rng.multinomial(shape.items - fewest * len(kinds), rng.dirichlet([4.0] * len(kinds)))
    first = np.concatenate([[0], np.cumsum(sizes)])
    category = np.repeat(np.arange(len(kinds)), sizes)
    rank = np.arange(shape.items) - first[category]
    pull = rng.dirichlet([6.0] * len(kinds))
    zipf = 1.0 / (rank + 1.5) ** 0.95
    popularity = zipf / np.bincount(category, zipf)[category] * pull[category]
    typical = np.array([kind.price for kind in kinds])[category]
    spread = np.exp(0.45 * rng.standard_normal(shape.items))
    cents = np.maximum(199, np.round(typical * 100 * spread)).astype(np.int64)
    cents = np.where(rng.random(shape.items) < 0.5, cents // 100 * 100 + 99, cents // 50 * 50)
    near = rng.random((shape.items, RELATED - 2)) * sizes[category][:, None]
    beside = (category + 1 + (rank % 2) * 2) % len(kinds)
    far = rng.random((shape.items, 2)) * sizes[beside][:, None] * 0.4  # of the other's more popular items
    related = np.concatenate([first[category][:, None] + near, first[beside][:, None] + far], axis=1)
    appeal = np.exp(0.35 * rng.standard_normal(shape.items) - 0.30 * np.log(cents / 100 / typical))
    ids = [shape.item_id.format(n) for n in rng.permutation(np.arange(1, shape.items + 1)).tolist()]
    names = [kinds[c].name_of(n) for c, n in zip(category.tolist(), rank.tolist(), strict=True)]
    brands = rng.integers(0, len(words.BRANDS), shape.items).tolist()
    items = [
        _open_object(
            {
                "item_id": ids[n],
                "item_name": names[n],
                "item_category": kinds[category[n]].name,
                "item_brand": words.BRANDS[brands[n]],
                **({"item_variant": words.VARIANTS[n % len(words.VARIANTS)]} if shape.optional else {}),
                "price": _plain(int(cents[n])),
            }
        )
        for n in range(shape.items)
    ]
    shown = pages(ids, names)
    return Catalog(
        category, first, cents, np.cumsum(popularity), related.astype(np.int64), appeal,
        pl.Series(items),
        pl.Series([_text(f"https://{site}.example{path}") for path, _ in shown]),
        pl.Series([_text(title) for _, title in shown]),
        pl.Series([_text(term) for term in TERMS]),
        pl.Series([_text(kind.name) for kind in kinds]),
    )  # fmt: skip


def _plain(cents: int) -> float | int:
    """A price as a browser writes it: 12 and not 12.0."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _open_object(fields: dict[str, str | float | int]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).removesuffix("}") + ","
