"""docs/when-it-breaks.md has every error that a person may meet, with what to do."""

from __future__ import annotations

import importlib.util
import shutil
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from rs_assets_tests.docs.conftest import ROOT

PAGE = (ROOT / "docs" / "when-it-breaks.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def errors() -> ModuleType:
    spec = importlib.util.spec_from_file_location("errors", ROOT / "deploy" / "docs" / "errors.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["errors"] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A copy of the code and the page, to be changed."""
    shutil.copytree(ROOT / "rs_assets", tmp_path / "rs_assets", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "when-it-breaks.md").write_text(PAGE, encoding="utf-8")
    return tmp_path


def test_the_page_is_what_the_code_says(errors: ModuleType) -> None:
    assert errors.filled(PAGE, errors.messages()) == PAGE, "call `python deploy/docs/errors.py`"


def test_each_error_of_the_code_is_in_one_table(errors: ModuleType) -> None:
    places, found = errors.places(PAGE), errors.messages()
    assert len(found) > 200
    for path in sorted({one.path for one in found}):
        tables = Counter(place for place in places if path == place or path.startswith(f"{place}/"))
        assert sum(tables.values()) == 1, (
            f"{path} is in {sum(tables.values())} tables of docs/when-it-breaks.md"
        )


def test_as_many_errors_are_found_as_the_code_raises(errors: ModuleType) -> None:
    import re

    raised = sum(
        len(re.findall(r"\b(?:UserError|Sealed)\($", line.rstrip()) or re.findall(r"\bUserError\(", line))
        for path in (ROOT / "rs_assets").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("class ")
    )
    assert raised > 180 and len(errors.messages()) >= raised * 0.95  # equal texts of one file are one message


def test_a_message_that_only_passes_on_what_another_says_is_the_exception(errors: ModuleType) -> None:
    assert sum(not one.told for one in errors.messages()) < 8


def test_a_new_error_and_a_changed_one_are_missed_on_the_page(errors: ModuleType, code: Path) -> None:
    assert errors.main(code, check=True) == 0
    path = code / "rs_assets" / "settings.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text + '\n\ndef more(place: str) -> None:\n    raise UserError(f"No {place} at all.", "Go.")\n'
    )
    assert errors.main(code, check=True) == 1
    assert errors.main(code, check=False) == 0
    assert "| No *place* at all. | Go. |" in (code / "docs" / "when-it-breaks.md").read_text(encoding="utf-8")


def test_a_function_that_words_errors_is_one_message_a_call(errors: ModuleType, code: Path) -> None:
    path = code / "rs_assets" / "settings.py"
    path.write_text(
        path.read_text(encoding="utf-8")
        + """

def _no(what: str, hint: str) -> None:
    raise UserError(f"The lamp {what}.", hint)


def _lamps(colour: str) -> None:
    _no("is off", "Switch it on.")
    _no(f"is {colour}", "Call `lamp --to green`.")
""",
        encoding="utf-8",
    )
    said = {(one.what, one.hint) for one in errors.messages(code)}
    assert {
        ("The lamp is off.", "Switch it on."),
        ("The lamp is *colour*.", "Call `lamp --to green`."),
    } <= said
