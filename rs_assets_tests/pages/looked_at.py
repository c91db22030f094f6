"""Pages as a browser, a phone, a printer and a screen reader find them.

Belongs here: what holds for every page. Does not belong here: what a page says.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
PHONE, DESKTOP = 390, 1400

# What a screen reader needs: a language, a name, one main part and heading, levels without a gap, headers of tables
# that say what they are of, pictures with words, colours that can be told from what is behind them.
FAULTS = """() => {
  const all = (css) => [...document.querySelectorAll(css)], found = [];
  if (!document.documentElement.lang) found.push("no language");
  if (!document.title) found.push("no title");
  if (all("main").length !== 1) found.push("not one main part");
  if (all("h1").length !== 1) found.push("not one first heading");
  let last = 0;
  for (const h of all("h1,h2,h3,h4,h5,h6")) {
    const level = Number(h.tagName[1]);
    if (level > last + 1) found.push(`the heading ${h.textContent} skips a level`);
    last = level;
  }
  for (const table of all("table")) {
    if (!table.caption || !table.caption.textContent.trim()) found.push("a table without a name");
    if (!table.querySelector("th[scope]")) found.push("a table without headers");
    for (const row of table.querySelectorAll("tbody tr"))
      if (!row.querySelector("th[scope=row]")) found.push(`a row without a name: ${row.textContent}`);
  }
  for (const th of all("th")) if (!th.scope) found.push(`a header of nothing: ${th.textContent}`);
  for (const img of all("img")) if (!img.alt) found.push("a picture without words");
  for (const svg of all("svg"))
    if (svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")) found.push("a drawing without words");
  for (const a of all("a")) if (!a.textContent.trim()) found.push("a link without words");
  const ids = all("[id]").map((e) => e.id);
  if (new Set(ids).size < ids.length) found.push("an id that is there twice");
  return found;
}"""


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as browsers:
        started = browsers.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--no-proxy-server"]
        )
        yield started
        started.close()


def look(browser: Any, path: Path, width: int, pictures: Path | None = None, **how: Any) -> Page:
    """The page open from the file system: it asked nobody, and does not scroll sideways."""
    page: Page = browser.new_page(viewport={"width": width, "height": 900}, **how)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.absolute().as_uri())
    assert asked == [path.absolute().as_uri()] or all(url.startswith(("file:", "data:")) for url in asked)
    assert [url for url in asked if url.startswith("file:")] == asked[:1], "a page needs no other file"
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"{path} scrolls sideways at {width} px"
    assert page.evaluate(FAULTS) == []
    if pictures:
        page.screenshot(path=str(pictures / f"{path.parent.name}-{path.stem}-{width}.png"), full_page=True)
    return page


def dead_links(page: Page) -> list[str]:
    """Links that lead nowhere: to no file, or to no place of this page."""
    dead = []
    for href, resolved in page.evaluate("[...document.links].map((a) => [a.getAttribute('href'), a.href])"):
        from urllib.parse import unquote, urlparse

        if href.startswith("#"):
            if not page.evaluate("(id) => !!document.getElementById(id)", href[1:]):
                dead.append(href)
        elif urlparse(resolved).scheme != "file" or not Path(unquote(urlparse(resolved).path)).is_file():
            dead.append(href)
    return dead
