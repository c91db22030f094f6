"""The documentation as a site: it builds without the net, leads nowhere wrong, and asks nobody when it is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rs_assets_tests.docs.conftest import ROOT

# mkdocs with a net that cannot be reached.
BUILD = """
import socket, sys
def refuse(*_): raise OSError("the build asked the net")
socket.socket.connect = socket.getaddrinfo = refuse
from mkdocs.__main__ import cli
cli(sys.argv[1:])
"""


def build(code: Path, into: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["build", "--config-file", str(code / "mkdocs.yml"), "--site-dir", str(into)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run([sys.executable, "-c", BUILD, *arguments], capture_output=True, text=True, env=env)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("site")
    done = build(ROOT, into)
    assert done.returncode == 0, done.stderr
    return into


def test_every_page_is_in_the_site_and_the_readme_is_its_first(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert pages and {name for name in pages if not (site / f"{name}.html").is_file()} == set()
    assert "make demo" in (site / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("broken", ["[no page](nowhere.md)", "[no heading](settings.md#nothing)"])
def test_a_broken_link_fails_the_build(broken: str, tmp_path: Path) -> None:
    for name in ("docs", "deploy", "rs_assets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    page = tmp_path / "docs" / "alerts.md"
    page.write_text(page.read_text(encoding="utf-8") + f"\n{broken}\n", encoding="utf-8")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0 and "alerts.md" in done.stderr


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Debian's chromium")
@pytest.mark.parametrize("width", [1400, 390])
def test_a_page_asks_nobody_and_fits_a_desktop_and_a_phone(site: Path, width: int) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        for path in sorted(site.glob("*.html")):
            if path.name != "404.html":  # its links are of a server's root
                page.goto(path.as_uri())
                widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
                assert widths[0] <= widths[1], f"{path.name} scrolls sideways"
        browser.close()
    assert asked and {url for url in asked if not url.startswith(("file:", "data:"))} == set()


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Debian's chromium")
def test_the_search_box_finds_a_page_that_is_opened_from_the_file_system(site: Path) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "settings.html").as_uri())
        page.locator("input.md-search__input").click()
        page.keyboard.type("quarantine rate", delay=20)
        found = page.locator(".md-search-result__link:visible", has_text="alert")
        found.first.wait_for(timeout=60_000)
        found.first.click()
        page.wait_for_url("**/*.html*")
        assert page.url.startswith("file:")
        browser.close()
    assert {url for url in asked if not url.startswith(("file:", "data:", "about:"))} == set()
