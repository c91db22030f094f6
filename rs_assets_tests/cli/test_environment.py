"""rs-assets environment and publish, as a person calls them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import Result

from rs_assets.lake import Lake
from rs_assets_tests.cli.homes import Home
from rs_assets_tests.lakes import put

Call = Callable[..., Result]
CallJson = Callable[..., Any]
DATE = "2024-01-01"


@pytest.fixture
def place(home: Home, tmp_path: Path) -> Home:
    """A home that a test may change."""
    shutil.copytree(home.path, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home", home.plan, home.summary)


def test_an_environment_is_made_listed_and_dropped(call: Call, call_json: CallJson, place: Home) -> None:
    assert "shows what prod has" in call("environment", "create", "dev-anna", home=place).stdout
    put(Lake(place.lake.root, "dev-anna"), "valid_events", [DATE], pl.DataFrame({"n": [1]}))
    found = {one["name"]: one for one in call_json("environment", "list", "--json", home=place)}
    assert found.keys() == {"dev-anna", "prod"}
    dev = found["dev-anna"]
    assert (dev["parent"], dev["objects"], dev["assets"]) == ("prod", 1, ["valid_events"])
    page = call("environment", home=place).stdout
    assert "dev-anna" in page and "prod" in page and all(len(line) <= 100 for line in page.splitlines())
    assert "is gone" in call("environment", "drop", "dev-anna", home=place).stdout
    assert [one["name"] for one in call_json("environment", "--json", home=place)] == ["prod"]


def test_an_environment_without_a_parent_shows_nothing(call: Call, call_json: CallJson, place: Home) -> None:
    call("environment", "create", "alone", "--parent", "none", home=place)
    assert call_json("status", "--json", home=place, RS_ENVIRONMENT="alone")["assets"] == []


def test_publishing_tells_what_became_stale_and_how_to_undo_it(call: Call, place: Home) -> None:
    lake = Lake(place.lake.root)
    before = lake.object("valid_events", DATE)
    put(Lake(lake.root, "dev"), "valid_events", [DATE], pl.DataFrame({"n": [1]}))
    said = call("publish", "dev", home=place).stdout
    assert "prod has 1 object of dev" in said and "`rs-assets environment undo prod`" in said
    assert lake.object("valid_events", DATE) != before
    assert "as it was before its last publication" in call("environment", "undo", "prod", home=place).stdout
    assert lake.object("valid_events", DATE) == before


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("create", "prod"), "There is an environment prod already."),
        (("create", "x", "--parent", "y"), "There is no environment 'y' to be the parent."),
        (("publish", "nobody"), "There is no environment nobody."),
        (("publish", "prod"), "The environment prod has no parent to publish into."),
        (("undo", "prod"), "The last thing that changed prod is no publication (replay)."),
        (("drop", "prod"), "prod is not dropped."),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(
    call: Call, place: Home, args: tuple[str, ...], problem: str
) -> None:
    done = call("environment", *args, home=place)
    assert done.exit_code == 1
    assert problem in " ".join(done.stderr.split())


def test_the_receipt_of_an_environment_is_shown(call: Call, call_json: CallJson, home: Home) -> None:
    found = call_json("receipt", "--json", home=home)
    assert found["digest"] in call("receipt", home=home).stdout
    assert sorted(found["log"]) == sorted(found["outputs"]["valid_events"])
    done = call("receipt", "check", home=home)
    assert done.exit_code == 1 and "`rs-assets replay` writes one" in " ".join(done.stderr.split())
