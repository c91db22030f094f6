from __future__ import annotations

from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from rs_assets_tests.docs.conftest import ROOT, environment

NOTEBOOK = ROOT / "docs" / "example.ipynb"


@pytest.fixture(scope="module")
def run(replayed: Path) -> Any:
    """The notebook, every cell of it run in a kernel of its own."""
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute(env=environment(replayed))
    return book


def test_every_cell_of_the_notebook_shows_something(run: Any) -> None:
    cells = [cell for cell in run.cells if cell.cell_type == "code"]
    assert len(cells) >= 5
    for cell in cells:
        kinds = [output.output_type for output in cell.outputs]
        assert "execute_result" in kinds, f"{cell.source}\n{cell.outputs}"


def test_the_notebook_shows_rows_of_the_lake(run: Any) -> None:
    shown = "\n".join(
        output.data["text/plain"]
        for cell in run.cells
        for output in cell.get("outputs", [])
        if "data" in output
    )
    assert "session_id" in shown and "shop-a" in shown and "conversion" in shown and "reason" in shown


def test_the_committed_notebook_is_valid_and_holds_no_output() -> None:
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(book)
    assert all(
        not cell.outputs and cell.execution_count is None for cell in book.cells if cell.cell_type == "code"
    )
