"""`rs-assets seal` and `rs-assets verify`: what they say, to people and to scripts, and how they end."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from rs_assets_tests.cli.homes import Home

Call = Callable[..., Result]
CallJson = Callable[..., Any]


@pytest.fixture
def log(home: Home, tmp_path: Path) -> Path:
    """A home of its own; four log dates of two shops in its raw log, nothing sealed."""
    shutil.copytree(home.path / "raw", tmp_path / "own" / "raw")
    return tmp_path / "own"


@pytest.fixture
def sealed(call_json: CallJson, log: Path) -> Path:
    call_json("seal", "--json", home=log)
    return log


def segment(home: Path, log_date: str) -> Path:
    return next((home / "raw" / "site=shop-a" / f"log_date={log_date}").iterdir())


def test_the_page_says_what_was_sealed_and_the_head(call: Call, call_json: CallJson, log: Path) -> None:
    text = call("seal", home=log).stdout
    assert "4 log dates, 2024-01-01 to 2024-01-04" in text
    head = call_json("verify", "--json", home=log)["head"]
    assert f"{head['digest']}  (2024-01-04)" in text
    again = call("seal", home=log)
    assert again.exit_code == 0
    assert "nothing: every closed log date" in again.stdout and head["digest"] in again.stdout


def test_json_names_each_seal(call_json: CallJson, log: Path) -> None:
    first = call_json("seal", "--to", "2024-01-02", "--json", home=log)
    assert [seal["log_date"] for seal in first["sealed"]] == ["2024-01-01", "2024-01-02"]
    rest = call_json("seal", "--from", "2024-01-03", "--json", home=log)
    assert rest["head"] == {"log_date": "2024-01-04", "digest": rest["sealed"][-1]["digest"]}
    for found in [*first["sealed"], *rest["sealed"]]:
        folders = list((log / "raw").glob(f"site=*/log_date={found['log_date']}/*"))
        assert (found["segments"], found["bytes"]) == (2, sum(path.stat().st_size for path in folders))
        assert found["damaged"] == [] and found["lines"] > 0
    assert rest["cannot_be_sealed"] == []


def test_sealing_touches_nothing_but_seals(call: Call, log: Path) -> None:
    def raw() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in (log / "raw").rglob("*.ndjson*")}

    before = raw()
    call("seal", home=log)
    assert raw() == before
    assert sorted(path.name for path in (log / "raw").iterdir()) == ["_seals", "site=shop-a", "site=shop-b"]
    assert [path.name for path in log.iterdir()] == ["raw"]


def test_a_damaged_segment_is_sealed_and_told(call: Call, call_json: CallJson, log: Path) -> None:
    path = segment(log, "2024-01-02")
    path.write_bytes(path.read_bytes()[:-40])
    place = f"site=shop-a/log_date=2024-01-02/{path.name}"
    result = call("seal", "--to", "2024-01-03", home=log)
    assert result.exit_code == 0 and f"{place} is damaged: sealed as it lies, with " in result.stdout
    assert call("verify", home=log).exit_code == 0


def test_verify_says_that_all_is_as_it_was_sealed(call: Call, sealed: Path) -> None:
    result = call("verify", home=sealed)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Everything is as it was sealed." in result.stdout
    assert "4 log dates, 2024-01-01 to 2024-01-04" in result.stdout and "8 segments" in result.stdout


def test_a_changed_byte_is_named_with_both_digests_and_exits_1(call: Call, sealed: Path) -> None:
    path = segment(sealed, "2024-01-02")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    result = call("verify", home=sealed)
    place = f"site=shop-a/log_date=2024-01-02/{path.name}"
    assert result.exit_code == 1
    assert f"{place}: sealed {len(data):,} bytes, SHA-256 " in result.stdout
    assert "Broken: 1 difference to what was sealed." in result.stdout
    found = json.loads(call("verify", "--json", home=sealed).stdout)
    [one] = found["broken"]
    assert (found["holds"], one["place"], one["kind"]) == (False, place, "segment_changed")
    assert one["sealed"] != one["found"]
    assert call("verify", "--from", "2024-01-03", home=sealed).exit_code == 0
    assert call("verify", "--sample", "0", home=sealed).exit_code == 0, "its size is the same"
    assert call("verify", "--sample", "100%", home=sealed).exit_code == 1


def test_nothing_is_sealed_behind_a_seal_that_does_not_hold(call: Call, log: Path) -> None:
    call("seal", "--to", "2024-01-02", home=log)
    path = segment(log, "2024-01-01")
    path.unlink()
    result = call("seal", home=log)
    assert result.exit_code == 1
    assert "The seal of log date 2024-01-01 no longer holds" in result.stderr
    assert f"site=shop-a/log_date=2024-01-01/{path.name}: sealed " in result.stderr
    assert len(list((log / "raw" / "_seals").iterdir())) == 2


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\x00", b"[" * 100_000, b'{"log_date":"\\ud800"}'])
def test_a_seal_that_is_none_is_named_without_a_traceback(call: Call, sealed: Path, data: bytes) -> None:
    (sealed / "raw" / "_seals" / "log_date=2024-01-02.json").write_bytes(data)
    result = call("verify", home=sealed)
    assert result.exit_code == 1
    assert "_seals/log_date=2024-01-02.json: sealed a manifest of this log date; found bytes" in result.stdout
    assert call("verify", "--json", home=sealed).exit_code == 1
    refused = call("seal", home=sealed)
    assert refused.exit_code == 1 and "_seals/log_date=2024-01-02.json" in refused.stderr


def test_a_log_without_seals_is_told_and_no_fault(call: Call, call_json: CallJson, log: Path) -> None:
    result = call("verify", home=log)
    assert result.exit_code == 0
    assert "4 log dates, 2024-01-01 to 2024-01-04" in result.stdout
    assert "Nothing is sealed yet." in result.stdout
    assert len(call_json("verify", "--json", home=log)["unsealed"]) == 4


def test_todays_log_date_may_grow(call_json: CallJson, sealed: Path) -> None:
    today = sealed / "raw" / "site=shop-a" / f"log_date={dt.datetime.now(dt.UTC).date()}"
    today.mkdir()
    (today / "000001.ndjson").write_bytes(b"{}\n")
    assert call_json("seal", "--json", home=sealed)["sealed"] == []
    assert call_json("verify", "--json", home=sealed)["unsealed"] == []


def test_the_head_that_was_kept_is_looked_for(call: Call, call_json: CallJson, sealed: Path) -> None:
    head = call_json("verify", "--json", home=sealed)["head"]["digest"]
    assert call("verify", "--head", head.upper(), home=sealed).exit_code == 0
    (sealed / "raw" / "_seals" / "log_date=2024-01-04.json").unlink()
    assert call("verify", home=sealed).exit_code == 0
    result = call("verify", "--head", head, home=sealed)
    assert result.exit_code == 1 and "no seal of this digest in the chain" in result.stdout


@pytest.mark.parametrize(
    "args",
    [
        ["verify", "--sample", "some"],
        ["verify", "--sample", "-1"],
        ["verify", "--sample", "101%"],
        ["verify", "--head", "abc"],
        ["verify", "--from", "2024-01-03", "--to", "2024-01-02"],
        ["seal", "--from", "2024-01-03", "--to", "2024-01-02"],
        ["seal", "--to", "yesterday"],
    ],
)
def test_a_wrong_call_exits_2(call: Call, log: Path, args: list[str]) -> None:
    assert call(*args, home=log).exit_code == 2


@pytest.mark.parametrize("command", ["seal", "verify"])
def test_without_a_raw_log_there_is_nothing_to_do(call: Call, tmp_path: Path, command: str) -> None:
    result = call(command, home=tmp_path / "nowhere")
    assert result.exit_code == 1 and "There is no raw log at" in result.stderr


def test_a_journal_in_the_way_is_named_with_what_to_do_and_the_exit_code_is_1(call: Call, log: Path) -> None:
    journal = log / "raw" / "_collecting" / "20240103T100000000000-0123456789ab.journal"
    journal.parent.mkdir()
    journal.write_bytes(b"{}\n")
    result = call("seal", home=log)
    assert result.exit_code == 1
    assert journal.name in result.stdout and "rs-assets collect" in result.stdout
    said = json.loads(call("seal", "--json", home=log).stdout)
    assert said["waiting"] == [{"log_date": "2024-01-03", "place": f"_collecting/{journal.name}"}]
