"""dbt's models as assets, each its own op, so its own box. Dagster concepts: dbt assets, a translator.

Belongs here: the factory. Does not belong here: SQL (`dbt/`), what an invocation reads and how its result is
published (`transform`).
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from rs_assets.compute import Box
from rs_assets.defs.partitions import OWN_PREVIOUS_DATE, SINGLE_RUN
from rs_assets.defs.previews import preview
from rs_assets.defs.publishing import announce, materialized
from rs_assets.defs.resources import LakeResource
from rs_assets.errors import UserError

Props = Mapping[str, Any]


class Translator(DagsterDbtTranslator):
    """Groups from a model's meta; a dependency of a model on itself is one on its own previous date."""

    def get_group_name(self, dbt_resource_props: Props) -> str | None:
        """`meta.group`."""
        return str(_meta(dbt_resource_props).get("group", "events"))

    def get_partition_mapping(
        self, dbt_resource_props: Props, dbt_parent_resource_props: Props
    ) -> dg.PartitionMapping | None:
        """Same date, but for the model's own previous one."""
        same = dbt_resource_props["unique_id"] == dbt_parent_resource_props["unique_id"]
        return OWN_PREVIOUS_DATE if same else None


def dbt_models(
    project: DbtProject,
    partitions: dg.PartitionsDefinition,
) -> list[dg.AssetsDefinition]:
    """One assets definition a model.

    Raises:
        UserError: the manifest has not been prepared; it is never parsed at load, which takes seconds.
    """
    path = project.manifest_path
    if not path.exists():
        raise UserError(f"dbt's manifest is not prepared ({path}).", "Run `make manifest`.")
    manifest = json.loads(path.read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return [
        _model(node, manifest, project, partitions) for node in sorted(models, key=lambda n: str(n["name"]))
    ]


def _model(
    node: Props,
    manifest: Props,
    project: DbtProject,
    partitions: dg.PartitionsDefinition,
) -> dg.AssetsDefinition:
    name = str(node["name"])
    meta = _meta(node)
    box = Box(**meta.get("box", {}))
    target = project.manifest_path.parent
    upstream = _tables(node, manifest)
    from_before = bool(meta.get("dagster", {}).get("has_self_dependency"))

    @dbt_assets(
        manifest=manifest,
        project=project,
        select=name,
        name=f"dbt_{name}",
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        dagster_dbt_translator=Translator(),
        op_tags=box.op_tags(),
    )
    def build(context: dg.AssetExecutionContext, dbt: DbtCliResource, lake: LakeResource) -> Iterator[Any]:
        from rs_assets.lake.stage import Stage
        from rs_assets.transform import ModelRun, chunks, publish_model

        dates = list(context.partition_keys)
        on_date = announce(context, name, dates)
        open_lake = lake.open()
        checks: dict[str, list[dg.AssetCheckResult]] = {}
        digests: dict[str, str] = {}
        rows: dict[str, int] = {}
        for chunk in chunks(open_lake, upstream, dates, box.memory_gib):
            on_date(chunk[-1])
            with Stage(open_lake) as stage:
                settings = box.duckdb_settings(stage.scratch("spill"))
                staged = stage.scratch("model.parquet")
                run = ModelRun(name, upstream, tuple(chunk), staged, from_before, settings)
                run.write(open_lake, stage.scratch("run.ndjson"))
                for check in _invoke(context, dbt, name, target, stage.scratch("")):
                    checks.setdefault(str(check.check_name), []).append(check)
                failed = [each for results in checks.values() for each in results if not each.passed]
                if failed:
                    yield from _together(checks)
                    raise dg.Failure(
                        f"{name}: the dbt test {failed[0].check_name} failed on the staged rows of log dates "
                        f"{chunk[0]} to {chunk[-1]}. None of them was published."
                    )
                rows |= publish_model(stage, name, run.staged, chunk, meta["key"])
                digests |= {log_date: digest for (_, log_date), digest in stage.publish().items()}
        yield materialized(context, name, digests, rows, preview(open_lake.object(name, dates[-1])))
        yield from _together(checks)

    return build


def _tables(node: Props, manifest: Props) -> tuple[str, ...]:
    """The tables that a model and its tests read, besides itself."""
    tests = [test for test in manifest["nodes"].values() if test.get("attached_node") == node["unique_id"]]
    parents = {parent for reader in (node, *tests) for parent in reader["depends_on"]["nodes"]}
    return tuple(sorted(parent.rsplit(".", 1)[-1] for parent in parents - {node["unique_id"]}))


def _invoke(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, model: str, target: Path, scratch: str
) -> Iterator[dg.AssetCheckResult]:
    """Run `dbt build` on one model and give its tests' results; the model's own event is ours to yield."""
    # dagster-dbt hands the process's environment on to dbt; it copies what is parsed already from the target path.
    os.environ |= {"RS_DBT_RUN": os.path.join(scratch, "run.ndjson"), "DBT_TARGET_PATH": str(target)}
    # "buildable": a test that compares with a child runs with the child, not before it exists.
    args = ["build", "--select", model, "--indirect-selection", "buildable"]
    invocation = dbt.cli(args, context=context, raise_on_error=False, target_path=Path(scratch) / "dbt")
    tested = False
    for event in invocation.stream():
        if isinstance(event, dg.AssetCheckResult):
            tested = tested or not event.passed
            yield event
    if not invocation.is_successful() and not tested:
        raise dg.Failure(_reason(model, invocation.get_error()))


def _reason(model: str, error: Exception | None) -> str:
    """What dbt said, without the log around it."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", str(error or "no message"))
    return f"dbt could not build {model}: {said[-1500:]}"


def _together(checks: Mapping[str, list[dg.AssetCheckResult]]) -> Iterator[dg.AssetCheckResult]:
    """One result a check, over all chunks."""
    for results in checks.values():
        failed = [result for result in results if not result.passed]
        yield failed[0] if failed else results[-1]


def _meta(props: Props) -> dict[str, Any]:
    return dict(props.get("config", {}).get("meta") or props.get("meta") or {})
