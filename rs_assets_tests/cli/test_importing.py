from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from rs_assets.log import RawLog
from rs_assets.log.importers import IMPORTERS

Call = Callable[..., Result]

LINES = "1,10,100,pv,1511544070\n1,10,100,buy,1511630470\nnot a line\n2,11,100,cart,1511630480\n"


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    """A folder of data sets, with one of them in it."""
    folder = tmp_path / "datasets" / "taobao"
    folder.mkdir(parents=True)
    (folder / "UserBehavior.csv").write_text(LINES)
    return folder.parent


def test_a_source_becomes_a_raw_log(call_json: Callable[..., Any], datasets: Path, tmp_path: Path) -> None:
    source = datasets / "taobao" / "UserBehavior.csv"
    found = call_json("import", "taobao", source, "--json", home=tmp_path)
    assert (found["lines"], found["requests"], found["unreadable"], found["segments"]) == (4, 4, 1, 2)
    assert (found["first_log_date"], found["last_log_date"]) == ("2017-11-24", "2017-11-25")
    assert (found["importer"], found["site"], found["source"]) == ("taobao", "taobao", str(source))
    assert RawLog(found["raw_log"]).log_dates() == ["2017-11-24", "2017-11-25"]


def test_the_source_is_looked_for_in_rs_datasets(call: Call, datasets: Path) -> None:
    result = call("import", "taobao", RS_DATASETS=str(datasets))
    assert result.exit_code == 0
    assert "4, 1 of them kept as text" in result.stdout
    assert "Next: rs-assets replay" in result.stdout


def test_options_say_whose_requests_they_are_and_when(
    call_json: Callable[..., Any], datasets: Path, tmp_path: Path
) -> None:
    options = ("--site", "mine", "--shift-to", "2024-03-01", "--codec", "gz", "--raw-log", tmp_path / "log")
    found = call_json("import", "taobao", *options, "--json", RS_DATASETS=str(datasets))
    assert (found["site"], found["first_log_date"]) == ("mine", "2024-03-01")
    (segment,) = RawLog(str(tmp_path / "log")).segments("2024-03-01")
    assert segment.place == "site=mine/log_date=2024-03-01/000001.ndjson.gz"


def test_what_was_imported_is_not_imported_again(call: Call, datasets: Path) -> None:
    call("import", "taobao", RS_DATASETS=str(datasets))
    result = call("import", "taobao", RS_DATASETS=str(datasets))
    assert result.exit_code == 1
    assert "already holds segments of site taobao" in result.stderr


@pytest.mark.parametrize("name", [["nope"], []])
def test_an_unknown_importer_is_a_wrong_call_that_names_those_there_are(call: Call, name: list[str]) -> None:
    result = call("import", *name)
    assert result.exit_code == 2
    assert all(known in result.output for known in IMPORTERS) if name else "--list" in result.output


def test_without_a_source_it_says_how_to_name_one(call: Call) -> None:
    result = call("import", "otto")
    assert result.exit_code == 1
    assert "RS_DATASETS is not set" in result.stderr
    assert result.stderr.splitlines()[1].startswith("Call `rs-assets import otto <file or folder>`")


def test_a_source_that_is_not_there_is_named(call: Call, tmp_path: Path) -> None:
    result = call("import", "otto", RS_DATASETS=str(tmp_path))
    assert result.exit_code == 1
    assert str(tmp_path / "otto") in result.stderr


def test_a_name_that_no_folder_can_have_is_a_wrong_call(call: Call) -> None:
    result = call("import", "otto", "x", "--site", "a/b")
    assert result.exit_code == 2
    assert "cannot name a site" in result.output


def test_the_list_describes_every_importer(call: Call, call_json: Callable[..., Any]) -> None:
    text = " ".join(call("import", "--list", COLUMNS="200").stdout.split())
    listed = call_json("import", "--list", "--json")
    assert [importer["name"] for importer in listed] == list(IMPORTERS)
    for importer in IMPORTERS.values():
        assert importer.description in text


def test_nothing_is_imported_onto_a_sealed_log_date_of_any_site(
    call: Call, datasets: Path, tmp_path: Path
) -> None:
    call("import", "taobao", home=tmp_path, RS_DATASETS=str(datasets))
    assert call("seal", "--to", "2017-11-24", home=tmp_path).exit_code == 0
    before = sorted(tmp_path.rglob("*"))
    result = call("import", "taobao", "--site", "mine", home=tmp_path, RS_DATASETS=str(datasets))
    assert result.exit_code == 1
    assert "Log date 2017-11-24 is sealed: nothing can be added to it." in result.stderr
    assert "--shift-to" in result.stderr
    assert sorted(tmp_path.rglob("*")) == before
    again = ("import", "taobao", "--site", "mine", "--shift-to", "2017-11-25")
    assert call(*again, home=tmp_path, RS_DATASETS=str(datasets)).exit_code == 0
