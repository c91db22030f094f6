"""A company's own project, made by the command, installed, and in the graph; and what it is without it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from rs_assets_tests.extending.company import PYTEST, ROOT, RS_ASSETS, done, fill, install, query, run

DATE = "2024-01-02"


REFERENCES = """
import dagster as dg
from rs_assets.definitions import defs
node = defs.resolve_asset_graph().get(dg.AssetKey("appointments"))
for one in node.metadata["dagster/code_references"].code_references:
    print(f"{one.file_path}:{one.line_number}")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A project, and the folder that it is installed in."""
    root = tmp_path_factory.mktemp("company")
    done("-m", "rs_assets.cli", "new", "project", "acme_assets", cwd=root)
    install(root / "acme_assets", root / "site")
    return root / "acme_assets", root / "site"


def log_of(home: Path) -> None:
    from rs_assets.log.writer import LogWriter

    def line(n: int, name: str, params: dict[str, object]) -> bytes:
        body = {"client_id": "c", "events": [{"name": name, "params": params}]}
        at = f"{DATE}T10:00:0{n}.000000Z"
        return (
            json.dumps({"received_at": at, "site": "shop-a", "request_id": str(n), "body": body}).encode()
            + b"\n"
        )

    lines = [
        line(0, "page_view", {}),
        line(1, "book_appointment", {"appointment_id": "A-7"}),
        line(2, "book_appointment", {}),
        line(3, "page_view", {"page_title": "x"}),
    ]
    LogWriter(str(home / "raw")).write("shop-a", DATE, b"".join(lines))


REPLAY = ("-m", "rs_assets.cli", "replay", "--from", DATE, "--to", DATE)
ALL = "SELECT reasons FROM quarantined_events ORDER BY line"


def stale(folder: Path, site: Path, home: Mapping[str, str]) -> str:
    """What a replay of what is stale says of it, on standard error."""
    found = run(*REPLAY, "--stale", cwd=folder, site=site, env=home)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stderr


def test_its_tests_pass_as_it_is_written(project: tuple[Path, Path]) -> None:
    folder, site = project
    done("-m", "pytest", "-p", "no:cacheprovider", cwd=folder, site=site)


def test_its_event_and_its_table_are_in_the_graph_and_without_it_the_event_is_unknown(
    project: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, site = project
    log_of(tmp_path)
    home = {"RS_HOME": str(tmp_path)}
    done(*REPLAY, cwd=tmp_path, env=home)
    assert query(tmp_path, ALL, cwd=tmp_path) == [{"reasons": ["EVENT_UNKNOWN"]}] * 2

    told = stale(folder, site, home)
    assert "valid_events: 1 log date, 2024-01-02: its code has changed" in told
    assert "appointments: 1 log date, 2024-01-02: it is not published" in told
    assert query(tmp_path, ALL, cwd=folder, site=site) == [{"reasons": ["FIELD_MISSING"]}]
    valid = query(
        tmp_path, "SELECT appointment_id FROM valid_events ORDER BY event_time", cwd=folder, site=site
    )
    assert [row["appointment_id"] for row in valid] == [None, "A-7", None]
    table = query(
        tmp_path, "SELECT appointments FROM appointments ORDER BY session_position", cwd=folder, site=site
    )
    assert [row["appointments"] for row in table] == [0, 1, 1]

    found = done("-c", REFERENCES, cwd=folder, site=site, env=home).splitlines()
    room = folder / "acme_assets" / "tables" / "appointments.py"
    path, line = found[0].rsplit(":", 1)
    assert Path(path).samefile(room), "its page leads to the company's code"
    assert room.read_text().splitlines()[int(line) - 1].startswith(("@table", "def appointments"))
    assert found[1].endswith("docs/extending.md:1")

    # What a room says is in the code version of what it touches, and of nothing else.
    room.write_text(room.read_text() + "\n")
    again = stale(folder, site, home)
    assert "appointments: 1 log date, 2024-01-02: its code has changed" in again
    assert "valid_events" not in again


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("event", "Fill in SENT in this file"),
        ("importer", "Fill in LINES in this file"),
        ("feature", "Fill in FIGURES in this file"),
        ("model", "Fill in SETTINGS in acme_assets.candidates"),
    ],
)
def test_what_is_new_fails_usefully_until_it_is_filled_in_and_is_not_overwritten(
    tmp_path: Path, kind: str, says: str
) -> None:
    done("-m", "rs_assets.cli", "new", "project", "acme_assets", cwd=tmp_path)
    folder, site, name = tmp_path / "acme_assets", tmp_path / "site", f"own_{kind}"
    install(folder, site)
    new = ("-m", "rs_assets.cli", "new", kind, name)
    assert f"wrote tests/test_{name}.py" in done(*new, cwd=folder, site=site)
    test = ("-m", "pytest", "-p", "no:cacheprovider", f"tests/test_{name}.py")
    failed = run(*test, cwd=folder, site=site)
    assert failed.returncode == 1 and says in failed.stdout, failed.stdout + failed.stderr

    again = run(*new, cwd=folder, site=site)
    assert again.returncode == 1 and "is there already; nothing was written" in again.stderr

    if kind == "event":
        fill(folder / test[-1], "object] = {}", 'object] = {"own_event_id": "A-7"}')
        fill(
            folder / "acme_assets/columns.toml",
            "[valid_events]\n",
            '[valid_events]\nown_event_id = "Which."\n',
        )
    elif kind == "importer":
        fill(folder / test[-1], "...] = ()\nVALID = 0", '...] = ("u,i,1704189600", "broken")\nVALID = 1')
    elif kind == "feature":
        fill(folder / test[-1], "float, ...] = ()", "float, ...] = (0, 1, 1, 2)")
        fill(
            folder / "acme_assets/columns.toml",
            "[valid_events]\n",
            '[own_feature]\nown_feature = "So far."\n[valid_events]\n',
        )
    else:
        fill(folder / f"acme_assets/candidates/{name}.py", "float] = {}", 'float] = {"max_leaf_nodes": 31}')
    done(*test, cwd=folder, site=site)
    if kind == "importer":
        assert "own_importer" in done("-m", "rs_assets.cli", "import", "--list", cwd=folder, site=site)


@pytest.mark.parametrize(
    ("kind", "first", "test", "says"),
    [
        (
            "event",
            "rs_assets/contract/schemas/events/own_event.py",
            "rs_assets_tests/contract/events/test_own_event.py",
            "Fill in SENT in this file",
        ),
        (
            "feature",
            "dbt/models/clickstream/own_feature.sql",
            "rs_assets_tests/transform/test_own_feature.py",
            "Say in dbt/models/clickstream/own_feature.yml what these mean",
        ),
        (
            "model",
            "rs_assets/models/purchase_intent/candidates/own_model.py",
            "rs_assets_tests/models/candidates/test_own_model.py",
            "Fill in SETTINGS in rs_assets.models.purchase_intent.candidates",
        ),
    ],
)
def test_in_a_checkout_what_is_new_goes_to_the_rooms_of_rs_assets_itself(
    tmp_path: Path, kind: str, first: str, test: str, says: str
) -> None:
    code = tmp_path / "checkout"
    for part in ("rs_assets", "dbt"):
        shutil.copytree(ROOT / part, code / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", code)
    told = done(*RS_ASSETS, "new", kind, f"own_{kind}", cwd=code, site=code)
    assert f"wrote {first}" in told and f"wrote {test}" in told
    failed = run(*PYTEST, test, cwd=code, site=code)
    assert failed.returncode == 1 and says in failed.stdout, failed.stdout + failed.stderr
    if kind == "event":
        fill(code / test, "object] = {}", 'object] = {"own_event_id": "A-7"}')
        fill(code / "rs_assets/lake/columns.toml", "[all]\n", '[all]\nown_event_id = "Which."\n')
    elif kind == "feature":
        fill(code / test, "float, ...] = ()", "float, ...] = (0, 1, 1, 2)")
        fill(code / first.replace(".sql", ".yml"), "FILL IN what it tells", "Searches so far")
        fill(code / first.replace(".sql", ".yml"), "FILL IN what the figure means", "Searches so far")
    else:
        fill(code / first, "float] = {}", 'float] = {"max_leaf_nodes": 31}')
    done(*PYTEST, test, cwd=code, site=code)


def test_a_module_that_is_imported_before_its_room_is_told_so(tmp_path: Path) -> None:
    done("-m", "rs_assets.cli", "new", "project", "acme_assets", cwd=tmp_path)
    install(tmp_path / "acme_assets", tmp_path / "site")
    (tmp_path / "acme_assets" / "acme_assets" / "events" / "__init__.py").write_text("")
    found = run("-c", "import acme_assets.events.book_appointment", cwd=tmp_path, site=tmp_path / "site")
    assert "Begin acme_assets.events/__init__.py with `import rs_assets.contract.schemas`" in found.stderr


def test_outside_of_a_project_there_is_no_room_and_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    found = run("-m", "rs_assets.cli", "new", "event", "book", cwd=tmp_path)
    assert found.returncode == 1 and "is in no project of rs_assets" in found.stderr
    found = run("-m", "rs_assets.cli", "new", "event", "Book-It", cwd=ROOT)
    assert found.returncode == 1 and "cannot be a module" in found.stderr


def test_a_project_that_cannot_be_loaded_is_named(project: tuple[Path, Path], tmp_path: Path) -> None:
    info = tmp_path / "broken-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[rs_assets.projects]\nbroken = nowhere_at_all:project\n")
    found = run("-m", "rs_assets.cli", "import", "--list", cwd=tmp_path, site=tmp_path)
    assert found.returncode == 1
    assert found.stderr.startswith(
        "The project broken (nowhere_at_all:project) cannot be loaded: No module named"
    )
