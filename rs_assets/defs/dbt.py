"""dbt's models as assets, each its own op, so its own box. Dagster concepts: dbt assets, a translator.

Belongs here: the factory. Does not belong here: SQL (`dbt/`), what an invocation reads and how its result is
published (`transform`).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.defs.dagster_dbt import DagsterDbtTranslator, DbtProject
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import OWN_PREVIOUS_DATE, SINGLE_RUN
from rs_assets.defs.previews import Sources, column_lineage, columns, preview
from rs_assets.defs.publishing import announce, materialized, publish
from rs_assets.defs.resources import LakeResource
from rs_assets.errors import UserError
from rs_assets.extending.dbt import DbtFolder, dbt_folders, meta_of

if TYPE_CHECKING:
    from rs_assets.lake.lineage import Reads
    from rs_assets.transform.dbt import Built, Tested

Props = Mapping[str, Any]
DBTS_OWN = ("dbt", "dbt_duckdb")
"""Packages of macros that come with dbt: their versions are in the code version."""


class Translator(DagsterDbtTranslator):
    """Assets are called as their tables are; groups are of a model's meta; a model's dependency on itself is one on
    its own previous date.
    """

    def get_asset_key(self, dbt_resource_props: Props) -> dg.AssetKey:
        """Of a model its name, whatever its schema; of a source its table's, unless its meta says another."""
        if meta_of(dbt_resource_props).get("dagster", {}).get("asset_key"):
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey(str(dbt_resource_props["name"]))

    def get_group_name(self, dbt_resource_props: Props) -> str | None:
        """`meta.group`."""
        return str(meta_of(dbt_resource_props).get("group", "project"))

    def get_partition_mapping(
        self, dbt_resource_props: Props, dbt_parent_resource_props: Props
    ) -> dg.PartitionMapping | None:
        """Same date, but for the model's own previous one."""
        same = dbt_resource_props["unique_id"] == dbt_parent_resource_props["unique_id"]
        return OWN_PREVIOUS_DATE if same else None


def dbt_models(home: str, partitions: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """One assets definition a model, of our dbt project and of companies'.

    Raises:
        UserError: a manifest has not been prepared, a model has no key, or two have one name.
    """
    made: dict[str, dg.AssetsDefinition] = {}
    for folder in dbt_folders(home):
        manifest, traced = folder.read(), folder.lineages()
        project = DbtProject(
            project_dir=folder.folder, profiles_dir=folder.profiles, target_path=folder.target
        )
        for node in folder.models():
            name = str(node["name"])
            if name in made:
                raise UserError(f"{folder.folder}: there is a model {name} already.", "Rename yours.")
            if not meta_of(node).get("key"):
                raise UserError(
                    f"{folder.folder}: the model {name} has no key.",
                    "Name columns whose values are unique within a log date: `meta: {key: [event_id]}`.",
                )
            made[name] = _model(node, manifest, folder, project, partitions, traced.get(name, {}))
    return list(made.values())


def _model(
    node: Props,
    manifest: Props,
    folder: DbtFolder,
    project: DbtProject,
    partitions: dg.PartitionsDefinition,
    sources: Sources,
) -> dg.AssetsDefinition:
    name = str(node["name"])
    meta = meta_of(node)
    box = Box(**meta.get("box", {}))
    said = {column["name"]: column["description"].strip() for column in node["columns"].values()}
    upstream, before = _tables(node, manifest), _before(node)
    order, rows = meta.get("order"), meta.get("rows_a_gib")
    sources = {column: found for column, found in sources.items() if column != order}
    traced = column_lineage(sources)
    spec, tests = _specs(node, manifest, project)
    spec = spec.merge_attributes(metadata=traced)

    @dg.multi_asset(
        name=f"dbt_{name}",
        specs=[spec],
        check_specs=tests,
        can_subset=True,
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        op_tags=box.op_tags(),
    )
    def build_model(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Any]:
        from rs_assets.transform import ModelRun, chunks, publish_model
        from rs_assets.transform.dbt import build

        dates = list(context.partition_keys)
        on_date = announce(context, name, dates)
        checks: dict[str, list[dg.AssetCheckResult]] = {}
        with stage(context, lake) as staged:
            pending = staged.pending([name], dates)
            for chunk in chunks(staged.lake, upstream, pending, box.memory_gib, rows):
                on_date(chunk[-1])
                settings = box.duckdb_settings(staged.scratch("spill"))
                built_to, run_file = staged.scratch("model.parquet"), staged.scratch("run.ndjson")
                run = ModelRun(name, upstream, tuple(chunk), built_to, before, settings)
                run.write(staged.lake, run_file)
                built = build(name, folder, run_file, staged.scratch("dbt"))
                for test in built.tests:
                    checks.setdefault(test.name, []).append(_check(name, test))
                failed = [test for test in built.tests if not test.passed]
                if built.error or failed:
                    yield from _together(checks)
                    raise dg.Failure(_refusal(name, built, chunk))
                publish_model(staged, name, run.staged, chunk, meta["key"], order)
            records = publish(context, staged)[name]
        last = lake.open().object(name, dates[-1])
        shown = {dates[-1]: {**preview(last), **traced}}  # of the last date alone, as the preview
        yield materialized(context, name, records, columns(name, last, said, sources), shown)
        # What was kept passed its tests when it was made, or it would not be there.
        passed = {
            t.name: [dg.AssetCheckResult(asset_key=t.asset_key, check_name=t.name, passed=True)]
            for t in tests
        }
        yield from _together({**passed, **checks})

    return build_model


def _specs(node: Props, manifest: Props, project: DbtProject) -> tuple[dg.AssetSpec, list[dg.AssetCheckSpec]]:
    """A model and its tests, as dagster-dbt translates them."""
    translator = Translator()
    spec = translator.get_asset_spec(manifest, node["unique_id"], project)
    # dbt's name of the table is of a database in memory, which is gone with the step: `pages` says where it is.
    # Its project and its manifest as Dagster shows them are no use to a person.
    said = {
        label: value
        for label, value in spec.metadata.items()
        if label != "dagster/table_name" and not label.startswith(("dagster_dbt/", "dagster-dbt/"))
    }
    spec = spec.replace_attributes(code_version=_code_version(node, manifest), metadata=said)
    tests = (
        translator.get_asset_check_spec(spec, manifest, child, project)
        for child in manifest["child_map"][node["unique_id"]]
        if child.startswith("test.")
    )
    return spec, [test for test in tests if test is not None]


def model_reads(model: str, home: str) -> "Reads | None":
    """What a model reads, by its name; None if there is no such model."""
    from rs_assets.transform.run import reads

    for folder in dbt_folders(home):
        for node in folder.models():
            if node["name"] == model:
                return reads(_tables(node, folder.read()), _before(node))
    return None


def _before(node: Props) -> tuple[str, ...]:
    """The tables of which a model reads the log date before: its own, if it goes on with it, and those it names."""
    meta = meta_of(node)
    own = [str(node["name"])] if meta.get("dagster", {}).get("has_self_dependency") else []
    return (*own, *map(str, meta.get("date_before", ())))


def _code_version(node: Props, manifest: Props) -> str:
    """A digest over a model's SQL, the macros that it may use, dbt's own apart, and what runs it."""
    macros = (macro for macro in manifest["macros"].values() if macro["package_name"] not in DBTS_OWN)
    meta = meta_of(node)
    sql = [node["raw_code"], *sorted(macro["macro_sql"] for macro in macros), *meta["key"]]
    sql += [f"in the order of {meta['order']}"] if meta.get("order") else []
    libraries = ("dbt-core", "dbt-duckdb", "duckdb", "polars")
    return code_version(
        "transform/dbt.py",
        "transform/publish.py",
        "transform/run.py",
        "lake/tables.py",
        libraries=libraries,
        more="\0".join(sql),
    )


def _tables(node: Props, manifest: Props) -> tuple[str, ...]:
    """The tables that a model and its tests read, besides itself."""
    tests = [test for test in manifest["nodes"].values() if test.get("attached_node") == node["unique_id"]]
    parents = {parent for reader in (node, *tests) for parent in reader["depends_on"]["nodes"]}
    return tuple(sorted(parent.rsplit(".", 1)[-1] for parent in parents - {node["unique_id"]}))


def _check(model: str, test: "Tested") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(model),
        check_name=test.name,
        passed=test.passed,
        metadata={"failing_rows": test.failures, "dbt_says": test.message},
    )


def _refusal(model: str, built: "Built", dates: list[str]) -> str:
    """Why nothing of these dates is published."""
    span = f"log dates {dates[0]} to {dates[-1]}" if len(dates) > 1 else f"log date {dates[0]}"
    if built.error:
        return (
            f"dbt could not build {model} over {span}; nothing of it was published. dbt says: {built.error}"
        )
    failed = next(test for test in built.tests if not test.passed)
    says = failed.message or f"{failed.failures} rows fail it"
    return f"{model}: the dbt test {failed.name} failed on {span}; nothing of it was published. {says}."


def _together(checks: Mapping[str, list[dg.AssetCheckResult]]) -> Iterator[dg.AssetCheckResult]:
    """One result a check, over all chunks."""
    for results in checks.values():
        failed = [result for result in results if not result.passed]
        yield failed[0] if failed else results[-1]
