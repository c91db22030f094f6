"""The environment variables: their defaults, what they mean, and what they refuse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rs_assets.errors import UserError
from rs_assets.settings import Settings


def test_without_a_variable_everything_lies_in_the_home_beside_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home = os.path.realpath(tmp_path / ".rs")
    assert Settings.from_env({}) == Settings(
        home=home,
        raw_log=f"{home}/raw",
        lake=f"{home}/lake",
        environment="prod",
        executor="multiprocess",
        datasets="",
        dagster_home=f"{home}/dagster",
        decisions=f"{home}/decisions.ndjson",
    )


def test_the_home_holds_what_is_not_set(tmp_path: Path) -> None:
    settings = Settings.from_env({"RS_HOME": str(tmp_path), "RS_LAKE": "/elsewhere"})
    assert (settings.raw_log, settings.lake) == (f"{tmp_path}/raw", "/elsewhere")
    assert settings.dagster_home == f"{tmp_path}/dagster"


def test_a_relative_place_is_taken_from_where_the_caller_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = os.path.realpath(tmp_path)
    settings = Settings.from_env(
        {"RS_HOME": "home", "RS_RAW_LOG": "log", "RS_LAKE": "../lake", "DAGSTER_HOME": "dg"}
    )
    assert settings.home == f"{here}/home"
    assert (settings.raw_log, settings.dagster_home) == (f"{here}/log", f"{here}/dg")
    assert settings.lake == os.path.join(os.path.dirname(here), "lake")


def test_a_url_is_left_as_it_is() -> None:
    assert Settings.from_env({"RS_RAW_LOG": "s3://bucket/raw"}).raw_log == "s3://bucket/raw"


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    names = ("RS_HOME", "RS_RAW_LOG", "RS_LAKE", "RS_ENVIRONMENT", "RS_EXECUTOR", "RS_DATASETS")
    assert Settings.from_env({**dict.fromkeys(names, ""), "DAGSTER_HOME": ""}) == Settings.from_env({})


def test_the_process_has_its_own_environment_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_ENVIRONMENT", "replay-7")
    monkeypatch.setenv("RS_DATASETS", "/data")
    assert (Settings.from_env().environment, Settings.from_env().datasets) == ("replay-7", "/data")


@pytest.mark.parametrize("name", ["../prod", "a/b", ".staging", "-", "a b", "é", "x" * 64])
def test_an_environment_that_cannot_name_a_folder_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"RS_ENVIRONMENT=.* cannot name a folder"):
        Settings.from_env({"RS_ENVIRONMENT": name})


def test_an_executor_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(UserError, match="RS_EXECUTOR='celery' is not known") as error:
        Settings.from_env({"RS_EXECUTOR": "celery"})
    assert "in_process, multiprocess" in error.value.hint


@pytest.mark.parametrize(
    ("given", "urls"),
    [
        ("", ()),
        ("json://a/b", ("json://a/b",)),
        (
            "json://a, mailto://b?to=x@y.z,q@y.z\n tgram://c,",
            ("json://a", "mailto://b?to=x@y.z,q@y.z", "tgram://c"),
        ),
        ("json://a,json://a", ("json://a",)),
    ],
)
def test_alert_urls_stand_apart_by_commas_or_spaces_and_are_never_shown(
    given: str, urls: tuple[str, ...]
) -> None:
    settings = Settings.from_env({"RS_ALERT_URLS": given})
    assert settings.alert_urls == urls
    assert "json://" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "sites"),
    [("", set()), ("shop-a", {"shop-a"}), (" shop-a, shop_b shop-c,", {"shop-a", "shop_b", "shop-c"})],
)
def test_sites_are_declared_apart_by_commas_or_spaces(given: str, sites: set[str]) -> None:
    assert Settings.from_env({"RS_SITES": given}).sites == sites


def test_a_declared_site_that_cannot_be_a_folder_is_refused() -> None:
    with pytest.raises(UserError, match=r"RS_SITES names '\.\./x'"):
        Settings.from_env({"RS_SITES": "shop-a,../x"})
