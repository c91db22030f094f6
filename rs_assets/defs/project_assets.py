"""What companies' projects add to the graph: their tables as assets, and definitions of their own.

Belongs here: the factory. Does not belong here: declaring and making a table (`extending.tables`).
"""

import importlib

import dagster as dg

from rs_assets.defs.code_version import code_version
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns, preview
from rs_assets.defs.publishing import announce, materialized, publish
from rs_assets.defs.resources import LakeResource
from rs_assets.errors import UserError
from rs_assets.extending import Table, declared, projects, source


def project_tables(partitions: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """An asset for each table."""
    tables = declared("tables", Table)
    if not tables:
        return []
    version = code_version(
        "extending/tables.py", "lake/tables.py", libraries=("polars",), more=source("tables")
    )
    return [_asset(one, partitions, version) for one in tables]


def _asset(table: Table, partitions: dg.PartitionsDefinition, version: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=table.name,
        deps=list(table.reads),
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name=table.group,
        code_version=version,
        description=table.about,
        kinds={"polars", "parquet"},
        op_tags=table.box.op_tags(),
    )
    def build_table(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        from rs_assets.extending.tables import publish_table

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            publish_table(staged, table, dates, announce(context, table.name, dates))
            records = publish(context, staged)[table.name]
        last = lake.open().object(table.name, dates[-1])
        return materialized(
            context, table.name, records, columns(table.name, last), {dates[-1]: preview(last)}
        )

    return build_table


def project_definitions(partitions: dg.PartitionsDefinition) -> list[dg.Definitions]:
    """What the `graph` modules of projects give.

    Raises:
        UserError: one gives something else than Dagster definitions.
    """
    found = []
    for project in projects():
        if project.graph:
            given = importlib.import_module(project.graph).definitions(partitions)
            if not isinstance(given, dg.Definitions):
                raise UserError(
                    f"{project.graph}.definitions gives a {type(given).__name__}.",
                    "Return dagster.Definitions.",
                )
            found.append(given)
    return found
