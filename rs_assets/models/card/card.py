"""A card: sections of facts, tables and plots, the same for every model.

Belongs here: the pieces. Does not belong here: what stands in them (`next_item`, `purchase_intent`), how a page looks
(`page`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from rs_assets.models.promotion import Standing

FACTS = {"model": pl.String, "section": pl.String, "name": pl.String, "value": pl.String}
"""The card as a table: a row a fact, or a cell of a section's table, in words."""


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a card.

    Attributes:
        says: what it is, in a sentence.
        facts: names and values.
        table: rows, if any.
        plots: PNGs, each with what it says.
    """

    title: str
    says: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    table: pl.DataFrame | None = None
    plots: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, eq=False)
class Card:
    """A model's card.

    Attributes:
        purpose: what the model is for.
        sections: in the order of the page.
        limits: what it is not good for, a sentence each.
    """

    model: str
    purpose: str
    standing: Standing
    sections: tuple[Section, ...] = field(default=())
    limits: tuple[str, ...] = ()

    def to_frame(self) -> pl.DataFrame:
        """FACTS."""
        rows = [
            *(
                (self.model, section.title, name, value)
                for section in self.sections
                for name, value in section.facts
            ),
            *((self.model, "limits", str(n), says) for n, says in enumerate(self.limits, 1)),
        ]
        return pl.DataFrame(rows, schema=FACTS, orient="row")


def provenance(standing: Standing, *, window: str) -> Section:
    """Who serves, by whose word, and what it was made of."""
    facts = (
        ("champion", f"the model of cut {standing.champion}" if standing.champion else "nobody"),
        ("serves since", str(standing.since or "-")),
        ("champion before", str(standing.previous or "none")),
        ("last challenger", f"cut {standing.cut}: {standing.outcome}, by {standing.by}"),
        *(("because", reason) for reason in standing.reasons),
        ("learned from", window),
        ("training set, SHA-256", standing.training or "-"),
        ("artifact, SHA-256", standing.artifact or "-"),
        ("code version", standing.code or "-"),
    )
    return Section("Who serves", facts=facts)
