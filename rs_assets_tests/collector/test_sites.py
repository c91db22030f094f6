"""`sites.toml`: what it may say, and whose a request is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_assets.collector.sites import UNKNOWN, knows, read
from rs_assets.errors import UserError

SOUND = """
unknown = "refuse"
unknown_requests_per_second = 5
[sites.shop-a]
ids = ["G-1", "write-key"]
api_secrets = ["one", "two"]
requests_per_second = 100
[sites.shop-b]
"""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "sites.toml"
    path.write_text(text)
    return str(path)


def test_a_site_is_known_by_its_name_and_its_ids(tmp_path: Path):
    sites = read(written(tmp_path, SOUND))
    assert [sites.of([one]).name for one in ("shop-a", "G-1", "write-key", "shop-b")] == [
        *["shop-a"] * 3,
        "shop-b",
    ]
    assert sites.of(["other"]).name == sites.of([]).name == UNKNOWN
    assert (sites.keep_unknown, sites.unknown.rate, sites.names) == (False, 5, {"shop-a", "shop-b"})


def test_a_site_with_secrets_is_asked_for_one_of_them(tmp_path: Path):
    sites = read(written(tmp_path, SOUND))
    shop, open_to_all = sites.of(["shop-a"]), sites.of(["shop-b"])
    assert [knows(shop, one) for one in ("one", "two", "", "three", "é")] == [True, True, False, False, False]
    assert knows(open_to_all, "") and knows(open_to_all, "anything")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sites = [", "cannot be read"),
        ("more = 1", "no setting more"),
        ('unknown = "drop"', "keep or refuse"),
        ("unknown_requests_per_second = 0", "above 0"),
        ("sites = 1", "a table a site"),
        ('[sites."../x"]', "no name of a site"),
        ("[sites._unknown]", "no name of a site"),
        ("[sites]\na = 1", "no table"),
        ("[sites.a]\nsecret = 1", "no setting secret"),
        ("[sites.a]\nids = [1]", "list of texts"),
        ('[sites.a]\napi_secrets = [""]', "list of texts"),
        ("[sites.a]\nrequests_per_second = true", "above 0"),
        ('[sites.a]\nids = ["x"]\n[sites.b]\nids = ["x"]', "of two sites"),
    ],
)
def test_a_file_that_cannot_be_is_refused_and_says_why(tmp_path: Path, text: str, said: str):
    with pytest.raises(UserError, match=said):
        read(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"sites\.toml"):
        read(str(tmp_path / "sites.toml"))
