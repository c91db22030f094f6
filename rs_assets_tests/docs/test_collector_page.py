"""docs/collector.md: its commands are run against a collector, and its table of sites is one."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from rs_assets.collector.sites import read
from rs_assets_tests.collector.asking import collecting, lines
from rs_assets_tests.docs import told


def test_each_command_of_the_page_does_what_the_page_says(tmp_path: Path) -> None:
    with told.page("docs/collector.md", "sh") as page:
        start, kept, judged = (page.take("sh") for _ in range(3))
    assert start.startswith("rs-assets collect ")
    with collecting(tmp_path / "raw") as (address, process):

        def run(block: str) -> str:
            script = block.replace("http://127.0.0.1:8200", address)
            done = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, timeout=120)
            assert (done.returncode, done.stderr) == (0, "")
            return done.stdout

        assert run(kept).split() == ["204"] * 4
        assert '"validationCode":"FIELD_MISSING"' in run(judged)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    found = lines(tmp_path / "raw")
    assert {line["site"] for line in found} == {"shop-a"}
    names = [event["name"] for line in found for event in line["body"]["events"]]
    assert sorted(names) == ["login", "page_view", "search", "view_item"]


def test_the_sites_of_the_page_can_be_read(tmp_path: Path) -> None:
    with told.page("docs/collector.md", "toml") as page:
        table = page.take("toml")
    path = tmp_path / "sites.toml"
    path.write_text(table, encoding="utf-8")
    assert read(str(path)).names == {"shop-a"}
