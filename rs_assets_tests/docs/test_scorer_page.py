"""docs/scorer.md: its commands are run against a scorer, and answered as the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rs_assets_tests.docs import told

ADDRESS = "http://127.0.0.1:8100"


def answers(said: str) -> list[dict[str, object]]:
    """JSON objects that stand one after the other."""
    found, decoder, said = [], json.JSONDecoder(), said.strip()
    while said:
        one, end = decoder.raw_decode(said)
        found.append(one)
        said = said[end:].strip()
    return found


def test_each_command_of_the_page_does_what_the_page_says(replayed: Path, tmp_path: Path) -> None:
    place = told.checkout(tmp_path / "rs_assets", replayed)
    assert "[default: 8100]" in told.run(place, "rs-assets score --help")
    port = told.free_port()
    here = f"http://127.0.0.1:{port}"

    def command(line: str) -> str:
        return f"{line.split('#')[0].strip()} --port {port}"

    with told.page("docs/scorer.md") as page:
        with told.serving(place, command(page.take("sh")), f"{here}/health"):
            ranked, intent, health = answers(told.run(place, page.take("sh").replace(ADDRESS, here)))
        with told.serving(place, command(page.take("sh")), f"{here}/health"):
            asked = f"curl -s '{here}/recommend?site=shop-a' -d "
            told.run(place, asked + """'{"client_id": "c", "events": [{"name": "page_view"}]}'""")
        told.run(place, page.take("sh"))
    fields = re.findall(r"^\| (`.*?) \|", (told.ROOT / "docs/scorer.md").read_text(), re.MULTILINE)
    named = {name for row in fields for name in re.findall(r"`(\w+)`", row)}
    assert set(ranked) | set(intent) == named
    assert len(ranked["items"]) == 20 and 0 <= intent["probability"] <= 1
    assert "next_item" in json.dumps(health)
