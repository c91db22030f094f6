"""The graph as it is declared: a snapshot, so that a change of it is seen, and what loading it costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

SNAPSHOT = Path(__file__).with_name("graph.json")


@pytest.fixture(scope="module")
def defs(home):
    home("graph")
    from rs_assets.definitions import build_defs

    return build_defs()


def declared(defs) -> dict[str, object]:
    graph = defs.resolve_asset_graph()
    assets = {}
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        assets[key.to_user_string()] = {
            "group": node.group_name,
            "deps": {
                parent.to_user_string(): type(node.partition_mappings.get(parent)).__name__
                for parent in sorted(node.parent_keys)
            },
            "checks": sorted(check.name for check in graph.get_check_keys_for_assets({key})),
            "kinds": sorted(node.kinds) if hasattr(node, "kinds") else [],
            "backfill": str(node.backfill_policy.policy_type.value) if node.backfill_policy else None,
            "partitions": type(node.partitions_def).__name__,
            "observable": node.is_observable,
        }
    repository = defs.get_repository_def()
    boxes = {}
    for definition in graph.assets_defs:
        if not definition.is_materializable:
            continue
        tags = {str(k): str(v) for k, v in definition.op.tags.items() if k == "rs_assets/box"}
        boxes[definition.op.name] = tags["rs_assets/box"]
    return {
        "assets": assets,
        "boxes": dict(sorted(boxes.items())),
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "schedules": {s.name: [s.cron_schedule, s.default_status.value] for s in repository.schedule_defs},
    }


def test_the_graph_is_the_one_of_the_snapshot(defs):
    """When it changes on purpose: UPDATE_SNAPSHOTS=1 make test ARGS=rs_assets_tests/defs/test_graph.py."""
    found = declared(defs)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    assert found == json.loads(SNAPSHOT.read_text())


def test_the_picture_in_the_readme_is_the_one_of_the_code(defs, tmp_path):
    """When it changes on purpose: rs-assets graph --output docs/graph.svg."""
    from rs_assets.cli.graph import graph

    root = Path(__file__).parents[2]
    graph(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text() == (root / "docs" / "graph.svg").read_text(encoding="utf-8")
    assert "](docs/graph.svg)" in (root / "README.md").read_text(encoding="utf-8")


def test_only_session_events_reads_another_dates_output(defs):
    graph = defs.resolve_asset_graph()
    other = {
        key.to_user_string(): parent.to_user_string()
        for key in graph.get_all_asset_keys()
        for parent, mapping in graph.get(key).partition_mappings.items()
        if mapping is not None and getattr(mapping, "start_offset", 0) != 0
    }
    assert other == {"session_events": "session_events"}


def test_loading_the_graph_loads_no_engine(defs):
    code = (
        "import sys, rs_assets.definitions\n"
        "heavy = ['polars', 'pandas', 'pandera', 'sklearn', 'pyarrow', 'matplotlib', 'apprise', 'duckdb', 'dbt']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_without_dbts_manifest_loading_says_what_to_run(home, tmp_path):
    env = {**os.environ, "RS_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", "import rs_assets.definitions"], capture_output=True, text=True, env=env
    )
    assert "make manifest" in done.stderr


def test_every_op_says_its_size_to_docker_kubernetes_and_ecs(defs):
    ops = [made.op for made in defs.resolve_asset_graph().assets_defs if made.is_materializable]
    lacking = {
        op.name: sorted({"rs_assets/box", "dagster-k8s/config", "ecs/cpu", "ecs/memory"} - set(op.tags))
        for op in ops
    }
    assert ops
    assert {name: tags for name, tags in lacking.items() if tags} == {}


def test_each_assets_page_says_what_it_is_who_answers_for_it_how_fresh_it_is_to_be_and_where_its_code_is(
    defs,
):
    from dagster._core.definitions.metadata import CodeReferencesMetadataValue

    specs = [
        spec
        for made in defs.resolve_asset_graph().assets_defs
        if made.is_materializable
        for spec in made.specs
    ]
    assert len(specs) > 20
    for spec in specs:
        assert spec.description, spec.key
        assert spec.owners == ["team:data"], spec.key
        assert spec.group_name and spec.kinds and spec.code_version and spec.freshness_policy, spec.key
        found = spec.metadata["dagster/code_references"]
        assert isinstance(found, CodeReferencesMetadataValue)
        source, docs = found.code_references
        assert Path(docs.file_path).is_file() and docs.label.startswith("docs/"), spec.key
        assert "dagster/table_name" not in spec.metadata, "dbt's own name of it is of a database in memory"
        if spec.key.path[-1] != "box_report":
            assert spec.metadata["dagster/uri"].endswith(f"/lake/prod/{spec.key.path[-1]}")
        line = Path(source.file_path).read_text().splitlines()[source.line_number - 1]
        assert source.file_path.endswith(f"{spec.key.path[-1]}.sql") or line.strip().startswith(("@", "def "))


def test_the_pages_of_what_the_graph_does_not_make_say_where_it_is_and_lead_to_their_documentation(defs):
    graph = defs.resolve_asset_graph()
    for name, place, docs in (
        ("raw_events", "raw", "your-own-logs.md"),
        ("decisions", "decisions.ndjson", "models.md"),
    ):
        node = graph.get(dg.AssetKey(name))
        assert node.description and node.kinds == {"json"}
        assert node.metadata["dagster/uri"].endswith(f"/{place}")
        last = node.metadata["dagster/code_references"].code_references[-1]
        assert last.label == f"docs/{docs}" and Path(last.file_path).is_file()
