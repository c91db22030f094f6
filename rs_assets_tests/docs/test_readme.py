"""README.md and CONTRIBUTING.md: what they tell one to type is typed, in a copy of the code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from rs_assets.lake import Lake
from rs_assets.log.generator import FAULTS, Plan
from rs_assets_tests.docs import told

README = (told.ROOT / "README.md").read_text(encoding="utf-8")
LINES = 150
DATASETS = "/path/to/public/data/sets"


@pytest.fixture(scope="module")
def place(replayed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return told.checkout(tmp_path_factory.mktemp("readme") / "rs_assets", replayed)


def test_what_the_readme_tells_to_type_works(place: Path) -> None:
    with told.page("README.md", "sh") as page:
        commands(place, page.take("sh"))
        served(place, page.take("sh"))
        models(place, page.take("sh"))
        real_data(place, page.take("sh"))
        replays(place, page.take("sh"))


def commands(place: Path, block: str) -> None:
    """`make demo` over a log that is there already; `make test` is what runs this test."""
    demo, test = block.splitlines()
    assert "Start page: " in told.run(place, demo)
    assert "-m pytest" in told.run(place, f"make -n {test.removeprefix('make ')}")


def served(place: Path, block: str) -> None:
    ui, rest = block.split("\n", 1)
    port = told.free_port()
    assert ui.startswith("make ui ") and "http://127.0.0.1:3000" in ui
    with told.serving(place, ui, f"http://127.0.0.1:{port}/server_info", PORT=str(port)):
        said = told.run(place, f"set -e\n{rest}", HOME=str(place))
    for word in ("shop-a", "EVENT_UNKNOWN", "transaction_id", "make lint"):
        assert word in said
    assert (place / ".bashrc").read_text(), "the shell's completion"


def models(place: Path, block: str) -> None:
    *asked, score = block.splitlines()
    said = told.run(place, "\n".join(asked))
    assert "champion" in said and "purchase_intent" in said and "promoted" in said
    port = told.free_port()
    command, about = score.split("#")
    with told.serving(place, f"{command} --port {port}", f"http://127.0.0.1:{port}/health"):
        assert "over HTTP" in about


def real_data(place: Path, block: str) -> None:
    datasets = os.environ.get("RS_DATASETS")
    assert DATASETS in block
    if not datasets:  # the set itself is nowhere at hand
        assert "yoochoose" in told.run(place, "rs-assets import --list")
        return
    said = told.run(place, f"set -e\n{block.replace(DATASETS, datasets)}")
    assert "closed before" in said and "snapshots" in said
    lake = Lake(str(place / ".rs" / "yoochoose" / "lake"))
    shown = told.run(place, "rs-assets model show next_item --json", RS_HOME=str(Path(lake.root).parent))
    assert json.loads(shown)


def replays(place: Path, block: str) -> None:
    """One replay is killed before the line that goes on with it."""
    before, after = block.split("rs-assets replay --resume", 1)
    told.run(place, f"set -e\n{before}")
    killed = subprocess.Popen(
        ["rs-assets", "replay"],
        cwd=place,
        env=told.environ(place),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    note = place / ".rs" / "replays" / "prod.json"
    told.until(note.exists, "no replay begins")
    time.sleep(2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert note.exists()
    said = told.run(place, f"set -e\nrs-assets replay --resume{after}")
    assert not note.exists() and "dev-anna" in said


def test_what_the_readme_says_of_the_demo_is_so(tmp_path: Path) -> None:
    said = told.run(tmp_path, "rs-assets generate --json", RS_HOME=str(tmp_path / "home"))
    made = json.loads(said)
    days, shops = re.findall(r"leaves (\d+) log dates of (\w+) shops", README)[0]
    (faults,) = re.findall(r"broken in (\d+) known\s+ways", README)
    assert (int(days), shops, int(faults)) == (Plan().days, "three", len(FAULTS))
    assert len(made["sites"]) == 3 and 190_000 < made["events"] < 210_000
    assert round(made["broken"] / made["events"], 3) == 0.02 and "2 % of them broken" in README


def test_what_the_readme_lists_is_where_it_says() -> None:
    with told.page("README.md", "text") as page:
        listing = page.take("text")
    code = told.ROOT / "rs_assets"
    for line in listing.splitlines():
        assert ((code if line.startswith("  ") else told.ROOT) / line.split()[0]).exists(), line
    packages = {path.parent.name for path in code.glob("*/__init__.py")}
    assert packages == set(re.findall(r"^  (\w+)/", listing, re.MULTILINE))


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) < LINES


def test_each_command_of_contributing_is_there(place: Path) -> None:
    """They run for long, and the first of them runs this: here they are what make would do."""
    with told.page("CONTRIBUTING.md") as page:
        lines = page.take("sh").splitlines()
    done = {line.split()[1]: told.run(place, re.sub("^make", "make -n", line)) for line in lines}
    assert set(done) == {"test", "lint", "bench"}
    assert "ruff check" in done["lint"] and "mypy" in done["lint"]
    modules = re.findall(r"-m (benchmarks\.\w+)", done["bench"])
    assert modules and all((told.ROOT / f"{name.replace('.', '/')}.py").exists() for name in modules)
