"""model_card: what a page says of a champion, and that equal inputs give equal pages."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.models.card import CARD, PAGES, publish_cards
from rs_assets.models.next_item import promotion as next_item
from rs_assets.models.next_item import publish as items
from rs_assets.models.promotion import Decision, Decisions, publish_promotion
from rs_assets.models.purchase_intent import promotion as purchase_intent
from rs_assets.models.purchase_intent import publish as intent
from rs_assets.models.purchase_intent import training_set
from rs_assets_tests.lakes import published, put, through
from rs_assets_tests.models.conftest import make_frames
from rs_assets_tests.models.next_item.conftest import make_events

EVERY = [(dt.date(2024, 1, 22) + dt.timedelta(days=n)).isoformat() for n in range(10)]
WHY = "the <b>old</b> one & its friends"
DECIDED = Decision(
    "2024-01-30", "next_item", "promote", "2024-01-29", "anna", WHY, "2024-01-29T10:00:00+00:00"
)


def quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    """A week without a model, and three dates with one."""
    made = Lake(str(tmp_path_factory.mktemp("lake")))
    met = make_events(sessions=900)
    met = met.with_columns(closed_on=pl.col("event_time").max().over("session_id").dt.date())
    bought = training_set(*make_frames(sessions=900))
    for asset, rows in ((items.TRAINING, met), (intent.TRAINING, bought)):
        put(made, asset, EVERY[:7], rows.clear())
        put(made, asset, EVERY[7:], rows)
    through(made, lambda stage: items.publish_model(stage, EVERY, quiet))
    through(made, lambda stage: items.publish_evaluation(stage, EVERY, quiet))
    through(made, lambda stage: intent.publish_model(stage, EVERY, quiet, threads=1))
    for family in (next_item.FAMILY, purchase_intent.FAMILY):
        through(
            made, lambda stage, of=family: publish_promotion(stage, EVERY, quiet, of, Decisions((DECIDED,)))
        )
    through(made, lambda stage: publish_cards(stage, EVERY, quiet))
    return made


def page(lake: Lake, model: str, log_date: str) -> str:
    with open(lake.object(CARD, log_date, PAGES[model]), encoding="utf-8") as file:
        return file.read()


class Structure(HTMLParser):
    """Tags that were opened and not closed, and what each page asks for."""

    VOID = ("meta", "img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asks: list[str] = []
        self.images: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.asks += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("model", PAGES)
@pytest.mark.parametrize("log_date", [EVERY[0], EVERY[-1]])
def test_a_page_stands_alone_and_its_pictures_say_what_they_show(lake: Lake, model: str, log_date: str):
    found = Structure()
    found.feed(page(lake, model, log_date))
    assert found.open == []
    assert all(source.startswith("data:image/png;base64,") for source in found.asks)
    assert all(image["alt"] for image in found.images)
    if (model, log_date) == ("purchase_intent", EVERY[-1]):
        assert len(found.images) == 2


def test_before_there_is_a_champion_the_card_says_why(lake: Lake):
    for model in PAGES:
        assert "nobody" in page(lake, model, EVERY[0])
        assert "not trained yet" in page(lake, model, EVERY[0])


def test_a_card_names_what_the_champion_was_made_of(lake: Lake):
    log_date = EVERY[-1]
    facts = pl.read_parquet(lake.object(CARD, log_date), glob=False).filter(model="purchase_intent")
    values = dict(facts.select("name", "value").iter_rows())
    assert values["champion"] == "the model of cut 2024-01-29"
    assert "snapshots of sessions that closed from 2024-01-01 to 2024-01-28" in values["learned from"]
    import hashlib

    with open(lake.object(intent.MODEL, log_date, intent.ARTIFACT), "rb") as file:
        assert values["artifact, SHA-256"] == hashlib.sha256(file.read()).hexdigest()
    assert values["scikit-learn"]


def test_a_persons_words_are_shown_as_they_are_and_read_as_no_markup(lake: Lake):
    found = page(lake, "next_item", "2024-01-30")
    assert "by anna" in found
    assert "the &lt;b&gt;old&lt;/b&gt; one &amp; its friends" in found
    assert WHY not in found


def test_the_behaviour_that_gates_is_on_the_page_of_next_item(lake: Lake):
    found = page(lake, "next_item", EVERY[-1])
    for test in ("beats_popularity", "in_cart", "shuffled_label", "unknown_items"):
        assert test in found


def test_cards_made_one_by_one_are_the_same_bytes(lake: Lake, tmp_path):
    import shutil

    shutil.copytree(lake.root, tmp_path / "lake", symlinks=True)
    other = Lake(str(tmp_path / "lake"))
    before = {name: data for name, data in published(other).items() if name.startswith(CARD)}
    for log_date in EVERY:
        through(other, lambda stage, day=log_date: publish_cards(stage, [day], quiet))
    after = {name: data for name, data in published(other).items() if name.startswith(CARD)}
    assert len(before) == 3 * len(EVERY)
    assert after == before
