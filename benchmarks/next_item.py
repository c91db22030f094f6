"""next_item on a catalogue and a traffic of reasonable scale: training, one answer, all answers of a log date.

    python -m benchmarks.next_item                    5,000,000 looks at 50,000 items
    python -m benchmarks.next_item --events 500000    fewer

Sessions are synthetic. Popularity is Zipf's twice, over categories and within each: the most popular 1 % and 10 % of
items get 30 % and 67 % of all looks (17 % and 59 % in the small YOOCHOOSE split). Sessions stay in a category but for
one step in eight, come back to the item before in one step of four, and are 4 steps long on average. Training is all
of it: the split, seven candidates, their validation, the choice, and the chosen one on everything.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import polars as pl
from rich.console import Console

from benchmarks.memory import peak_mib
from rs_assets.models.next_item import ITEM_EVENTS, NextItem, dump, load, train

DAYS, CATEGORY, LONGEST = 28, 100, 60
FIRST = dt.datetime(2024, 1, 1)
MICROSECONDS = 86_400_000_000


def synthetic(events: int, items: int, seed: int = 7) -> pl.DataFrame:
    """About so many ITEM_EVENTS of one site over DAYS days, in order of time."""
    draws = np.random.default_rng(seed)
    sessions, categories = events // 4, max(items // CATEGORY, 1)
    lengths = np.minimum(1 + draws.geometric(1 / 3, sessions), LONGEST)
    owner = np.repeat(np.arange(sessions), lengths)
    place = np.arange(owner.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    strays = draws.random(owner.size) < 0.12
    category = np.where(
        strays, zipf(draws, owner.size, categories, 0.7), zipf(draws, sessions, categories, 0.7)[owner]
    )
    item = category * CATEGORY + zipf(draws, owner.size, CATEGORY, 1.0)
    again = (draws.random(owner.size) < 0.25) & (place > 0)
    item = item[np.maximum.accumulate(np.where(again, 0, np.arange(owner.size)))]
    began = np.sort(draws.integers(0, DAYS * MICROSECONDS, sessions))
    return pl.DataFrame(
        {
            "site": pl.repeat("shop", owner.size, eager=True),
            "session_id": pl.Series(owner).cast(pl.String).str.zfill(9),
            "position": place + 1,
            "item_id": pl.Series(item).cast(pl.String).str.zfill(7),
            "event_name": pl.repeat("view_item", owner.size, eager=True),
            "event_time": np.datetime64(FIRST, "us") + began[owner] + place * 45_000_000,
            "price": pl.repeat(None, owner.size, dtype=pl.Float64, eager=True),
        },
        schema=ITEM_EVENTS,
    )


def zipf(draws: np.random.Generator, size: int, n: int, exponent: float) -> np.ndarray:
    """Ranks from 0 to n - 1, drawn by Zipf's law."""
    share = np.arange(1, n + 1) ** -exponent
    return np.searchsorted(np.cumsum(share) / share.sum(), draws.random(size)).clip(max=n - 1)


@contextmanager
def timed(figures: dict[str, float], name: str) -> Iterator[None]:
    """Seconds of wall clock, and of processor in all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    figures[f"{name}_s"] = time.perf_counter() - wall
    figures[f"{name}_cpu_s"] = time.process_time() - cpu


def singles(model: NextItem, sessions: list[list[str]], figures: dict[str, float]) -> None:
    """One answer at a time, in this process: quantiles in milliseconds, of the clock and of the processor."""
    took = np.zeros((len(sessions), 2))
    for session in sessions[:200]:
        model.recommend("shop", session)
    popular = model.sites["shop"].recommender.catalog.item_ids.head(100).to_list()
    wall = time.perf_counter()
    model.recommend("shop", popular)
    figures["hardest_single_ms"] = (time.perf_counter() - wall) * 1000
    for i, session in enumerate(sessions):
        wall, cpu = time.perf_counter(), time.thread_time()
        model.recommend("shop", session)
        took[i] = time.perf_counter() - wall, time.thread_time() - cpu
    for column, clock in enumerate(("", "_cpu")):
        for share in (0.5, 0.9, 0.99):
            figures[f"single_p{100 * share:.0f}{clock}_ms"] = (
                float(np.quantile(took[:, column], share)) * 1000
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--singles", type=int, default=5_000)
    parser.add_argument("--json", action="store_true", help="print JSON, for a script to read")
    asked = parser.parse_args()
    console, figures = Console(stderr=True), dict[str, float]()
    with console.status("Making sessions …") as status:
        events = synthetic(asked.events, asked.items)
        counts = events["item_id"].value_counts()["count"].sort(descending=True)
        figures |= {
            "events": events.height,
            "items": len(counts),
            "sessions": events["session_id"].n_unique(),
        }
        for percent in (1, 10):
            figures[f"top_{percent}_percent"] = (
                counts.head(len(counts) * percent // 100).sum() / events.height
            )
        with timed(figures, "train"):
            model = train(events, cut=dt.date(2024, 1, 29), on_step=lambda what: status.update(f"{what} …"))
        figures["peak_mib"] = peak_mib()
        status.update("Artifact …")
        data = dump(model)
        with timed(figures, "load"):
            model = load(data)
        figures["artifact_mb"] = len(data) / 1e6
        status.update("Answers …")
        last = events.filter(pl.col("event_time") >= pl.lit(FIRST) + pl.duration(days=DAYS - 1))
        drawn = last.group_by("session_id", maintain_order=True).agg("item_id")
        singles(model, drawn["item_id"].gather_every(max(len(drawn) // asked.singles, 1)).to_list(), figures)
        with timed(figures, "batch"):
            shown = model.recommend_many(last, threads=2)
        figures["batch_sessions"] = shown["session_id"].n_unique()
    if asked.json:
        print(json.dumps(figures))
        return
    card = model.sites["shop"].card
    console.print(f"{card.chosen}: {card.weights}")
    for name, value in figures.items():
        print(f"  {name:<18}{value:>14,.2f}")


if __name__ == "__main__":
    main()
