"""No page has a block that nobody runs: a command, a change, a table of settings, a listing.

A test takes a page by `with told.page("docs/x.md")`, which fails where a block of it was left.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rs_assets_tests.docs import told

PAGES = sorted(
    str(path.relative_to(told.ROOT))
    for path in (*told.ROOT.glob("*.md"), *(told.ROOT / "docs").rglob("*.md"))
)
CALL = re.compile(r'\btold\.page\("([^"]+)"((?:, "\w+")*)\)')


def claims() -> list[tuple[str, tuple[str, ...], str]]:
    """A page, the languages it is taken for (none: all), and by which test."""
    return [
        (path, tuple(re.findall(r"\w+", languages)), test.name)
        for test in sorted(Path(__file__).parents[1].rglob("test_*.py"))
        if test.name != Path(__file__).name
        for path, languages in CALL.findall(test.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("path", PAGES)
def test_each_block_of_a_page_is_run_by_a_test(path: str) -> None:
    taken = [languages for page, languages, _ in claims() if page == path]
    for block in told.blocks(path):
        where = f"{path}:{block.line}"
        assert block.language, f"{where}: say which language it is"
        assert any(not languages or block.language in languages for languages in taken), (
            f"{where}: run it in a test, by told.page"
        )


def test_each_test_takes_a_page_that_is_there_with_blocks_of_its_languages() -> None:
    found = claims()
    assert len(found) > 15
    for path, languages, test in found:
        assert path in PAGES, test
        there = {block.language for block in told.blocks(path)}
        assert there and set(languages) <= there, f"{test}: {path} has no blocks of {languages}"


def test_every_fence_of_a_page_is_seen() -> None:
    for path in PAGES:
        fences = re.findall(r"^ *(?:```|~~~)", (told.ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(told.blocks(path)), path


def test_a_page_that_is_left_with_a_block_that_was_not_taken_fails() -> None:
    left = pytest.raises(AssertionError, match=r"docs/concepts.md: nothing runs the blocks of lines")
    with left, told.page("docs/concepts.md") as page:
        page.take("sh")


def options() -> dict[str, set[str]]:
    """Each command of rs-assets and its options."""
    import typer.main

    from rs_assets.cli import app

    commands = typer.main.get_command(app).commands
    return {name: {o for one in command.params for o in one.opts} for name, command in commands.items()}


def test_a_command_within_a_sentence_has_the_options_that_it_is_given_with() -> None:
    known = options()
    targets = set(
        re.findall(r"^([a-z]+):", (told.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    found = [
        (path, said.split())
        for path in PAGES
        for said in re.findall(
            r"`((?:rs-assets|make) [^`]+)`", (told.ROOT / path).read_text(encoding="utf-8")
        )
    ]
    assert len(found) > 100
    for path, (program, first, *rest) in found:
        where = f"{path}: {program} {first}"
        if program == "make":
            assert first in targets, where
        elif not first.startswith("-"):
            assert first in known, where
            assert {word for word in rest if word.startswith("--")} <= known[first] | {"--help"}, where
