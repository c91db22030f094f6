"""Which models serve: the champions of the newest log date of an environment, and challengers beside them.

Belongs here: finding and loading them, and noticing that there are others. Does not belong here: who is champion
(`rs_assets.models.promotion`), or what they are asked (`answers`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.tables import digest
from rs_assets.models.next_item import NextItem
from rs_assets.models.next_item import load as load_next_item
from rs_assets.models.next_item.promotion import FAMILY as NEXT_ITEM
from rs_assets.models.promotion.publish import ARTIFACT, CHAMPION, Family
from rs_assets.models.purchase_intent import NotTrained, Trained
from rs_assets.models.purchase_intent import load as load_intent
from rs_assets.models.purchase_intent.promotion import FAMILY as PURCHASE_INTENT

Intent: TypeAlias = Trained | NotTrained
Version: TypeAlias = tuple[tuple[str, int], ...]
"""The number of the version in force of an environment and of those that it reads from."""

TRIES = 5


@dataclass(frozen=True)
class Models:
    """One model of each kind, and the SHA-256 of the artifact of each."""

    next_item: NextItem
    intent: Intent
    digests: tuple[str, str]


@dataclass(frozen=True)
class Serving:
    """What serves at a time; never changes, so whoever holds it sees one state to the end of a request.

    Attributes:
        environment: its name.
        version: which was read.
        log_dates: of the promotions that the champions are from: next_item's, purchase_intent's.
        champions: who answers.
        challengers: who answers in the shadow; None where they are not asked.
    """

    environment: str
    version: Version
    log_dates: tuple[str, str]
    champions: Models
    challengers: Models | None = None


def version_of(lake: Lake) -> Version:
    """The versions in force; as cheap as reading a link."""
    found = ((one.environment, one.version) for one in lake.chain)
    return tuple((name, version.number if version else 0) for name, version in found)


def load(lake: Lake, before: Serving | None = None, *, shadow: bool = False) -> Serving:
    """The champions of the newest log date, all from one version of the environment.

    Args:
        lake: the environment.
        before: what serves now; models of the same bytes are taken from it.
        shadow: load the challengers, too.

    Raises:
        UserError: no promotion is published, or an artifact cannot be loaded.
    """
    for _ in range(TRIES):
        version = version_of(lake)
        found = _load(lake, version, before, shadow)
        if version_of(lake) == version:
            return found
    raise UserError(
        f"The environment {lake.environment} is published to faster than models can be read.", "Try again."
    )


def _load(lake: Lake, version: Version, before: Serving | None, shadow: bool) -> Serving:
    families: tuple[Family, Family] = (NEXT_ITEM, PURCHASE_INTENT)
    days = _newest(lake, NEXT_ITEM), _newest(lake, PURCHASE_INTENT)
    known = [before.champions, before.challengers] if before else []
    serving = [
        lake.object(family.promotion, day, CHAMPION) for family, day in zip(families, days, strict=True)
    ]
    champions = _models(serving, known)
    challengers = None
    if shadow:
        trained = (
            lake.object(family.model, day, ARTIFACT) for family, day in zip(families, days, strict=True)
        )
        # Where there is none, the champion stands for it, who has nothing to say in the shadow.
        there = [own if os.path.exists(own) else path for own, path in zip(trained, serving, strict=True)]
        challengers = _models(there, [champions, *known])
    return Serving(lake.environment, version, days, champions, challengers)


def _newest(lake: Lake, family: Family) -> str:
    dates = lake.log_dates(family.promotion)
    if not dates:
        raise UserError(
            f"Nobody serves {family.name} in the environment {lake.environment}: "
            f"{family.promotion} is not published.",
            "Run `rs-assets replay` first; it trains models and promotes them.",
        )
    return dates[-1]


def _models(paths: Sequence[str], known: Sequence[Models | None]) -> Models:
    """The models in the files of next_item and purchase_intent; those of the same bytes are not read again."""
    digests = digest(paths[0]), digest(paths[1])
    first, second = (
        next((one for one in known if one and one.digests[k] == digests[k]), None) for k in (0, 1)
    )
    return Models(
        first.next_item if first else load_next_item(_read(paths[0])),
        second.intent if second else load_intent(_read(paths[1])),
        digests,
    )


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
