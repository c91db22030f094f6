"""Hooks of mkdocs: what the repository holds outside of docs/, as pages of the site.

Belongs here: README.md as the first page, and each file of code that a page links to as a page of its own, so that
links are right in the repository and in the site alike. Does not belong here: how pages look (`theme/`).
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
LANGUAGES = {".py": "python", ".sql": "sql", ".toml": "toml", ".yml": "yaml", ".yaml": "yaml"}


def on_files(files: Files, config: Any) -> Files:
    """Adds the README, and every file outside of docs/ that a page links to."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    files.append(File.generated(config, "index.md", content=readme))
    pages = [file.content_string for file in files.documentation_pages()]
    for path in sorted({one for page in pages for link in LINK.findall(page) if (one := _outside(link[0]))}):
        text = (ROOT / path).read_text(encoding="utf-8")
        page = text if path.endswith(".md") else _listing(path, text)
        files.append(
            File.generated(config, _page(path), content=f"---\nsearch: {{exclude: true}}\n---\n{page}")
        )
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links to files outside of docs/ lead to their pages. One that is not there stays, and fails the build."""

    def relinked(found: re.Match[str]) -> str:
        path = _outside(found[1])
        return f"]({_page(path)}{found[2] or ''})" if path else found[0]

    return markdown if page.file.src_uri.startswith("source/") else LINK.sub(relinked, markdown)


def _outside(link: str) -> str | None:
    """The path below the repository's root of a file outside of docs/, as pages of docs/ link to it."""
    path = posixpath.normpath(f"docs/{link}")
    inside = path.startswith(("docs/", "..")) or "://" in link
    return None if inside or not (ROOT / path).is_file() else path


def _page(path: str) -> str:
    return f"source/{path}" if path.endswith(".md") else f"source/{path}.md"


def _listing(path: str, text: str) -> str:
    return f"# {path}\n\n`````{LANGUAGES.get(Path(path).suffix, 'text')}\n{text.rstrip()}\n`````\n"
