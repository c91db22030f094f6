"""Which pages there are, and how the start page leads to them.

Belongs here: looking for them. Does not belong here: what they say.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rs_assets.lake import Lake
from rs_assets.settings import Settings

START = "index.html"


@dataclass(frozen=True)
class Link:
    """A page: where it is from the start page's folder, what it is called, and what it tells."""

    href: str
    name: str
    about: str = ""


@dataclass(frozen=True)
class Found:
    """All pages.

    Attributes:
        reports: the report on quarantine of each log date.
        others: cards of models, the report on boxes, comparisons.
    """

    reports: Mapping[str, Link]
    others: list[Link]


def found(settings: Settings, folder: Path) -> Found:
    """What there is to link to from `folder`."""
    from rs_assets.contract.report.publish import PAGE, REPORT

    lake = Lake(settings.lake, settings.environment)
    reports = {}
    for log_date in lake.log_dates(REPORT):
        path = lake.place(REPORT, log_date, PAGE)
        if os.path.exists(path):
            reports[log_date] = Link(_href(path, folder), log_date)
    boxes = Path(settings.dagster_home) / "reports" / "box_report.html"
    asked = (
        [Link(_href(str(boxes), folder), "Boxes", "what each step asks for and uses")]
        if boxes.exists()
        else []
    )
    return Found(reports, [*_cards(lake, folder), *asked, *_beside(folder)])


def _cards(lake: Lake, folder: Path) -> Iterator[Link]:
    """The latest card of each model."""
    from rs_assets.models.card.publish import CARD, PAGES

    for log_date in lake.log_dates(CARD)[-1:]:
        for model, name in sorted(PAGES.items()):
            path = lake.place(CARD, log_date, name)
            if os.path.exists(path):
                yield Link(_href(path, folder), model, f"who serves, as of {log_date}")


def _beside(folder: Path) -> Iterator[Link]:
    """Pages that somebody put beside the start page: comparisons."""
    for path in sorted(folder.glob("*.html")):
        if path.name != START:
            with path.open(encoding="utf-8", errors="replace") as file:
                title = re.search(r"<title>(.*?)</title>", file.read(4096), re.DOTALL)
            yield Link(quote(path.name), html.unescape(title[1]) if title else path.name, path.name)


def _href(path: str, folder: Path) -> str:
    return quote(os.path.relpath(path, folder), safe="/=")
