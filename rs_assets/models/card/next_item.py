"""The card of next_item. Nothing else belongs here."""

from __future__ import annotations

import polars as pl

from rs_assets.lake.paths import Lake
from rs_assets.models.card.card import Card, Section, provenance
from rs_assets.models.cuts import training_window
from rs_assets.models.next_item import read_cards
from rs_assets.models.next_item.promotion import FAMILY, PROMOTION
from rs_assets.models.next_item.publish import EVALUATION, VERDICTS_TABLE
from rs_assets.models.promotion import Standing
from rs_assets.models.promotion.registry import comparison

PURPOSE = "The items that a session may look at next, the likeliest first."
LIMITS = (
    "It knows items that sessions of its window looked at: one that is newer is recommended to nobody.",
    "It foresees what people look at, which is not what a shop earns most from, nor what is in stock.",
    "It learns from what was shown before: what nobody was shown, nobody looked at.",
    "Sites share nothing; a site with few sessions is recommended what is popular there.",
)


def card(lake: Lake, log_date: str, standing: Standing) -> Card:
    """The card of the champion of a log date, with the behaviour of the week's challenger."""
    with open(lake.object(PROMOTION, log_date, "champion.bin"), "rb") as file:
        sites = read_cards(file.read())
    if not sites or standing.champion is None:
        return Card(FAMILY.name, PURPOSE, standing, (provenance(standing, window="nothing"),), LIMITS)
    first, last = training_window(standing.champion)
    sessions = sum(site.sessions for site in sites.values())
    learned = pl.DataFrame(
        [
            (name, site.chosen, site.sessions, site.steps, site.items, site.reason or "")
            for name, site in sites.items()
        ],
        schema=["site", "recommender", "sessions", "looks", "items", "reason"],
        orient="row",
    )
    metrics = pl.concat(
        site.metrics.select(pl.lit(name).alias("site"), pl.all()) for name, site in sites.items()
    ).filter(pl.col("slice") == "all")
    return Card(
        FAMILY.name,
        PURPOSE,
        standing,
        (
            provenance(standing, window=f"{sessions:,} sessions that closed from {first} to {last}"),
            Section("Sites", "What each site's recommender learned from.", table=learned),
            Section(
                "Metrics",
                "Every candidate, fitted on a site's earlier sessions and asked about its later ones: HR@20 and "
                "MRR@20 with their 95 % intervals.",
                table=metrics.drop("slice"),
            ),
            _behaviour(lake, log_date),
            _slices(lake, log_date),
            Section(
                "Challenger against champion",
                "The last challenger against the champion before it, on sessions that neither has seen.",
                table=comparison(lake, FAMILY, log_date),
            ),
        ),
        LIMITS,
    )


def _behaviour(lake: Lake, log_date: str) -> Section:
    verdicts = pl.read_parquet(lake.object(EVALUATION, log_date, VERDICTS_TABLE), glob=False)
    says = "What the week's challenger does, in a rehearsal without the window's last dates, and must do to serve."
    return Section("Behaviour", says, table=verdicts.drop("cut"))


def _slices(lake: Lake, log_date: str) -> Section:
    found = pl.read_parquet(lake.object(EVALUATION, log_date), glob=False)
    says = "The rehearsal by length of session, position and what is known of the session's items."
    return Section("Slices", says, table=found.filter(pl.col("slice") != "all").drop("cut"))
