"""docs/settings.md, with docs/containers.md for what is Docker's, has every variable that a person may set."""

from __future__ import annotations

import re

from rs_assets_tests.docs.conftest import ROOT

VARIABLE = re.compile(r"\bRS_[A-Z_]+[A-Z]\b")
OURS = {"RS_DBT_PACKAGES", "RS_DBT_RUN", "RS_STEP_MEMORY_MIB", "RS_STEP_NEXT_MEMORY_MIB"}
"""What one of our processes tells another."""
OF_A_PROJECT = {"RS_ASSETS"}
"""Of the Makefile that `rs-assets new project` writes: docs/extending.md has it."""


def named(*paths: str) -> set[str]:
    files = [file for path in paths for file in ROOT.glob(path) if file.is_file() and file.suffix != ".pyc"]
    assert files
    return {name for file in files for name in VARIABLE.findall(file.read_text(encoding="utf-8"))}


def test_every_variable_of_the_code_is_on_its_page_and_no_other() -> None:
    read = named("rs_assets/**/*", "deploy/compose*/*", "deploy/compose.yaml", "Makefile")
    assert len(read) > 20
    assert read - OURS - OF_A_PROJECT == named("docs/settings.md", "docs/containers.md")
