"""A repair is tried on the raw log before it is in force; whatever is named wrongly is a sentence."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import Result

from rs_assets.cli.quarantine import tried, trying
from rs_assets.contract import repairs
from rs_assets.contract.repairs.expressions import default
from rs_assets.contract.repairs.repair import ALL, Repair
from rs_assets.contract.repairs.trial import Trial, trial
from rs_assets.log.generator import Plan, generate
from rs_assets.replay import plan
from rs_assets_tests.cli.homes import Home
from rs_assets_tests.logs import SITE, envelope, event, write_log

Call = Callable[..., Result]
CallJson = Callable[..., Any]

DATES = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
OWN = """
import polars as pl

from rs_assets.contract.repairs.expressions import default
from rs_assets.contract.repairs.repair import ALL, Repair

WITHOUT = pl.col("value").is_not_null() & pl.col("currency").is_null()
FIX = Repair("euros", 1, ALL, WITHOUT, {"currency": default("currency", "EUR")})
SOME = Repair(
    "euros_b", 1, ("shop-b",), WITHOUT, FIX.transforms,
    first_log_date="2024-01-02", last_log_date="2024-01-03",
)
BREAKS = Repair("breaks", 1, ALL, pl.lit(True), {"currency": pl.lit('"eur"')})
LATER = Repair("later", 1, ALL, WITHOUT, FIX.transforms, first_log_date="2025-01-01")
PLAIN = {"name": "euros"}
"""
EUROS = Repair("euros", 2, ALL, pl.col("value").is_not_null(), {"currency": default("currency", "EUR")})


@pytest.fixture(scope="module")
def unsaid(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Four log dates on which values lack their currency, and other faults, and nothing is published."""
    path = tmp_path_factory.mktemp("unsaid")
    faults = ("VALUE_CURRENCY_PAIR", "TS_FUTURE", "JSON_MALFORMED")
    made = Plan(days=4, events=3_000, sites=("shop-a", "shop-b"), broken=0.05, faults=faults)
    return Home(path, made, generate(made, str(path / "raw"), str(path / "truth.csv")))


@pytest.fixture(scope="module")
def planted(unsaid: Home) -> list[dict[str, Any]]:
    """Where a currency is missing."""
    return pl.read_csv(unsaid.truth).filter(pl.col("reason") == "VALUE_CURRENCY_PAIR").to_dicts()


@pytest.fixture
def own(environ: pytest.MonkeyPatch) -> str:
    """A file of repairs in the working directory."""
    Path("my_repairs.py").write_text(OWN)
    return "my_repairs.py"


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Repair:
    """A repair that is in `REPAIRS`."""
    monkeypatch.setattr(repairs, "REPAIRS", (EUROS,))
    return EUROS


def said(result: Result) -> str:
    """All of its output as one line, without the frame of a wrong call."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", result.output).split())


def test_a_repair_of_a_file_moves_exactly_the_planted_fault(
    call_json: CallJson, unsaid: Home, planted: list[dict[str, Any]], own: str
) -> None:
    found = call_json("quarantine", "--try-repair", f"{own}:FIX", "--json", home=unsaid)
    assert found["repair"] == "euros@1"
    assert found["log_dates"] == DATES
    assert (found["moved"], found["broken"], found["conserved"]) == (len(planted), 0, True)
    moved = [row for row in found["counts"] if row["moved"]]
    assert {row["code"] for row in moved} == {"VALUE_CURRENCY_PAIR"}
    by_site: Counter[str] = Counter()
    for row in moved:
        by_site[row["site"]] += row["moved"]
    assert by_site == Counter(row["site"] for row in planted)
    stays = {row["code"]: row["still_quarantined"] for row in found["counts"] if not row["moved"]}
    assert stays.keys() == {"TS_FUTURE", "JSON_MALFORMED"} and min(stays.values()) > 0
    assert not (unsaid.path / "lake").exists(), "nothing is published, and nothing published is needed"


@pytest.mark.parametrize(
    ("asked", "dates"),
    [
        ([], DATES[1:3]),
        (["--from", DATES[2]], DATES[2:3]),
        (["--to", DATES[1]], DATES[1:2]),
        (["--from", DATES[0], "--to", DATES[3]], DATES[1:3]),
    ],
)
def test_the_log_dates_are_those_asked_for_on_which_it_holds(
    call_json: CallJson,
    unsaid: Home,
    planted: list[dict[str, Any]],
    own: str,
    asked: list[str],
    dates: list[str],
) -> None:
    found = call_json("quarantine", "--try-repair", f"{own}:SOME", *asked, "--json", home=unsaid)
    assert (found["log_dates"], found["untried_log_dates"]) == (dates, 2 - len(dates))
    assert found["moved"] == len([r for r in planted if r["site"] == "shop-b" and r["log_date"] in dates]) > 0
    assert {row["site"] for row in found["counts"]} == {"shop-b"}


def test_the_page_says_what_moves_what_stays_and_what_to_do_next(
    call: Call, unsaid: Home, planted: list[dict[str, Any]], own: str
) -> None:
    result = call("quarantine", "--try-repair", f"{own}:FIX", home=unsaid)
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert "euros@1, for every site, for every log date" in lines[0]
    assert "4, 2024-01-01 to 2024-01-04, each split with it and without" in result.stdout
    (head,) = [n for n, line in enumerate(lines) if line.startswith("site ")]
    assert lines[head].split() == ["site", "event", "name", "code", "moved", "still", "quarantined"]
    assert "VALUE_CURRENCY_PAIR" in lines[head + 2], "what moves comes first"
    totals = (
        f"{len(planted)} moved to valid, 0 broken, conserved: both splits have the same events, each once"
    )
    assert totals in lines
    assert "Warning" not in result.stdout
    assert lines[-2:] == [
        "Next: add it to the repairs of your project, then",
        "  rs-assets replay --from 2024-01-01 --to 2024-01-04",
    ]
    assert all(len(line) <= 100 for line in lines)


def test_the_replay_that_it_names_is_one_that_a_replay_takes(
    call_json: CallJson, unsaid: Home, own: str
) -> None:
    import datetime as dt

    found = call_json("quarantine", "--try-repair", f"{own}:SOME", "--json", home=unsaid)
    program, command, _, first, _, last = shlex.split(found["next"])
    assert (program, command) == ("rs-assets", "replay")
    assert (first, last) == ("2024-01-02", "2024-01-04"), "later log dates are built on those that it repairs"
    asked = (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert plan(unsaid.log, *asked, dt.date(2026, 1, 1)) == [DATES[1:]]


def test_a_repair_that_breaks_valid_events_is_warned_of(call: Call, call_json: CallJson, unsaid: Home,
                                                        own: str) -> None:  # fmt: skip
    asked = ("quarantine", "--try-repair", f"{own}:BREAKS", "--to", DATES[0])
    result, found = call(*asked, home=unsaid), call_json(*asked, "--json", home=unsaid)
    assert result.exit_code == 0
    assert (found["moved"], found["conserved"], found["next"]) == (0, True, None)
    broken = found["broken"]
    assert broken > 50
    assert (
        f"Warning: {broken} events that are valid without it would be quarantined with it." in result.stdout
    )
    assert "Next: narrow what it matches" in result.stdout
    assert "rs-assets replay" not in result.stdout and "add it" not in result.stdout


def test_a_repair_that_moves_nothing_is_not_recommended(
    call: Call, unsaid: Home, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tried, "ROWS", 5)
    Path(own).write_text(OWN.replace("WITHOUT = ", "WITHOUT = pl.lit(False) & "))
    result = call("quarantine", "--try-repair", f"{own}:FIX", "--to", DATES[0], home=unsaid)
    assert result.exit_code == 0
    assert "0 moved to valid, 0 broken, conserved" in result.stdout
    assert "Next: look at what it should match" in result.stdout
    assert result.stdout.count("\nshop-") == 5 and " more rows, which --json has" in result.stdout


def test_a_sound_quarantine_has_nothing_to_move(call: Call, tmp_path: Path, own: str) -> None:
    write_log(tmp_path / "raw", {(SITE, "1.ndjson"): envelope(event("page_view"))})
    result = call("quarantine", "--try-repair", f"{own}:FIX", home=tmp_path)
    assert "Nothing of its sites is in quarantine on these log dates." in result.stdout


def test_one_in_repairs_is_tried_by_its_name_and_compared_with_its_absence(
    call: Call, call_json: CallJson, unsaid: Home, planted: list[dict[str, Any]], listed: Repair
) -> None:
    found = call_json("quarantine", "--try-repair", "euros", "--json", home=unsaid)
    assert (found["repair"], found["listed"], found["moved"]) == ("euros@2", "euros@2", len(planted))
    text = call("quarantine", "--try-repair", "euros", "--to", DATES[0], home=unsaid).stdout
    assert "Next: it is in REPAIRS; if nobody has replayed since,\n  rs-assets replay --from" in text
    assert "It holds for 3 more log dates of the log, not tried here." in text


def test_one_that_takes_anothers_place_is_told_which_version_to_have(
    call: Call, unsaid: Home, own: str, listed: Repair
) -> None:
    text = call("quarantine", "--try-repair", f"{own}:FIX", "--to", DATES[0], home=unsaid).stdout
    assert "Both splits are without euros@2, which REPAIRS has." in text
    step = "in the place of euros@2 in the repairs of your project, with version 3, then"
    assert step in " ".join(text.split())


def test_one_of_a_module_is_found_by_import(
    call_json: CallJson, unsaid: Home, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(".")
    asked = ("--try-repair", "my_repairs:FIX", "--to", DATES[0])
    assert call_json("quarantine", *asked, "--json", home=unsaid)["moved"] > 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nope", "there is no repair 'nope'; none is listed in REPAIRS yet. rs_assets/contract/repairs/"),
        ("nope", "shows how to write one; one of your own is tried as my_repairs.py:FIX."),
        ("my_repairs.py", "write my_repairs.py:FIX, for one called FIX."),
        (":FIX", "write module:attribute or my_repairs.py:FIX."),
        ("gone.py:FIX", "there is no file gone.py."),
        ("rs_assets.gone:FIX", "Python finds no module rs_assets.gone"),
        ("my_repairs.py:MISSING", "my_repairs.py has no MISSING; it has FIX, SOME, BREAKS, LATER."),
        ("my_repairs.py:PLAIN", "my_repairs.py:PLAIN is of type dict, and no Repair; it has FIX, SOME,"),
        ("rs_assets.errors:FIX", "it has no Repair at all: rs_assets/contract/repairs/__init__.py shows"),
    ],
)
def test_a_name_of_no_repair_is_a_wrong_call_that_says_what_there_is(
    call: Call, unsaid: Home, own: str, name: str, says: str
) -> None:
    result = call("quarantine", "--try-repair", name, home=unsaid)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in said(result)


def test_an_unknown_name_is_told_those_in_repairs(call: Call, unsaid: Home, listed: Repair) -> None:
    result = call("quarantine", "--try-repair", "nope", home=unsaid)
    assert result.exit_code == 2
    assert "there is no repair 'nope'; there are euros." in said(result)


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("x = 1\ndef f(:\n", "SyntaxError", " at line 2"),
        ("x = 1\n\n1 / 0\n", "ZeroDivisionError: division by zero", " at line 3"),
        ("import there_is_no_such_module\n", "No module named 'there_is_no_such_module'", " at line 1"),
        ("import fails\n", "No module named 'fails'", " at line 1"),
        ("raise SystemExit(3)\n", "SystemExit: 3", " at line 1"),
        ("\0", "SyntaxError", ""),
    ],
)
def test_a_file_that_fails_is_a_sentence_with_its_line(
    call: Call, unsaid: Home, text: str, says: str, line: str
) -> None:
    Path("fails.py").write_text(text)
    result = call("quarantine", "--try-repair", "fails.py:FIX", home=unsaid)
    assert (result.exit_code, result.stdout) == (1, "")
    what, hint = result.stderr.splitlines()
    assert what.startswith("fails.py cannot be loaded: ") and says in what
    assert hint == f"Correct it{line}, and try again."


def test_a_repair_that_cannot_be_one_says_why(call: Call, unsaid: Home, own: str) -> None:
    Path(own).write_text(OWN.replace('"euros_b", 1', '"euros_b", 0'))
    result = call("quarantine", "--try-repair", f"{own}:FIX", home=unsaid)
    assert result.exit_code == 1
    assert result.stderr == "The repair euros_b has the version 0.\nCount them from 1.\n"


def test_a_repair_for_other_log_dates_says_which_the_log_has(call: Call, unsaid: Home, own: str) -> None:
    for name, more, holds in (
        ("LATER", [], "log dates from 2025-01-01 on"),
        ("SOME", ["--from", "2024-01-04"], "log dates 2024-01-02 to 2024-01-03"),
        ("FIX", ["--to", "2023-01-01"], "every log date"),
    ):
        result = call("quarantine", "--try-repair", f"{own}:{name}", *more, home=unsaid)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "holds for no closed log date of the raw log in that range." in result.stderr
        assert f"It holds for {holds}; the log has 2024-01-01 to 2024-01-04." in result.stderr


def test_without_a_log_it_says_how_to_get_one(call: Call, tmp_path: Path, own: str) -> None:
    result = call("quarantine", "--try-repair", f"{own}:FIX", home=tmp_path)
    assert result.exit_code == 1
    assert "There is no raw log at" in result.stderr and "rs-assets generate" in result.stderr
    (tmp_path / "raw").mkdir()
    assert "no closed log date yet" in call("quarantine", "--try-repair", f"{own}:FIX", home=tmp_path).stderr


def test_a_log_date_that_is_not_closed_is_not_tried(call_json: CallJson, tmp_path: Path, own: str) -> None:
    for log_date in ("2024-01-02", "2999-01-01"):
        write_log(tmp_path / "raw", {(SITE, "1.ndjson"): envelope(event("page_view"))}, log_date)
    found = call_json("quarantine", "--try-repair", f"{own}:FIX", "--json", home=tmp_path)
    assert found["log_dates"] == ["2024-01-02"]


def test_events_of_a_site_that_is_not_declared_stay(
    call_json: CallJson, unsaid: Home, planted: list[dict[str, Any]], own: str
) -> None:
    asked = ("--try-repair", f"{own}:FIX", "--to", DATES[0], "--json")
    found = call_json("quarantine", *asked, home=unsaid, RS_SITES="shop-a")
    assert {row["site"] for row in found["counts"] if row["moved"]} == {"shop-a"}
    assert found["moved"] == len([r for r in planted if (r["site"], r["log_date"]) == ("shop-a", DATES[0])])


@pytest.mark.parametrize(
    "more", [["--explain", "x"], ["--site", "shop-a"], ["--reason", "DUPLICATE"]], ids=lambda more: more[0]
)
def test_options_that_would_do_nothing_are_refused(
    call: Call, unsaid: Home, own: str, more: list[str]
) -> None:
    result = call("quarantine", "--try-repair", f"{own}:FIX", *more, home=unsaid)
    assert result.exit_code == 2
    assert "it goes with --from, --to and --json only." in said(result)


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["page", "json"])
def test_events_that_were_lost_end_it_with_1(
    call: Call, unsaid: Home, own: str, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def loses(*args: Any, **more: Any) -> Trial:
        return dataclasses.replace(trial(*args, **more), conserved=False)

    monkeypatch.setattr(trying, "trial", loses)
    result = call("quarantine", "--try-repair", f"{own}:FIX", "--to", DATES[0], *more, home=unsaid)
    assert result.exit_code == 1
    assert ('"conserved": false' if more else "NOT CONSERVED") in result.stdout
    assert "do not have the same events, each once." in result.stderr
    assert "rs-assets replay" not in result.output


def test_the_bar_moves_with_the_log_dates(
    call: Call, unsaid: Home, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves: list[tuple[int, int, str]] = []

    @contextmanager
    def bar(what: str) -> Iterator[Callable[[int, int, str], None]]:
        assert what == "Trying euros_b@1"
        yield lambda done, of, remark: moves.append((done, of, remark))

    monkeypatch.setattr(trying, "bar", bar)
    call("quarantine", "--try-repair", f"{own}:SOME", home=unsaid)
    assert moves == [(0, 2, DATES[1]), (1, 2, DATES[2]), (2, 2, "")]


def test_names_of_strangers_are_shown_as_data(call: Call, tmp_path: Path, own: str) -> None:
    names = ["[red]x[/red]", "\x1b[31mred", "x" * 500]
    write_log(tmp_path / "raw", {(SITE, "1.ndjson"): envelope(*map(event, names))})
    text = call("quarantine", "--try-repair", f"{own}:FIX", home=tmp_path, COLUMNS="80").stdout
    assert "[red]x[/red]" in text and "\\u001B[31mred" in text and "x" * 50 not in text
    assert text.count("NAME_INVALID") == 3 and text.count(f"\n{SITE} ") == 3, "no column was pushed out"
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("  rs-assets"))
