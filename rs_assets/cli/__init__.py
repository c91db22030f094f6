"""rs-assets, the command line.

Belongs here: the list of commands. Does not belong here: what a command does (a module or package each, named
like it), how errors end (`front`), how pages look (`output`).

`rs-assets --help` must not wait for Dagster, polars or DuckDB, so modules import what they work with inside
their functions.
"""

from __future__ import annotations

import typer

from rs_assets.cli import (
    boxes,
    collect,
    contract,
    diff,
    doctor,
    environment,
    forget,
    front,
    generate,
    graph,
    importing,
    model,
    new,
    pages,
    quarantine,
    query,
    receipt,
    replay,
    score,
    seal,
    status,
    verify,
)

__all__ = ["COMMANDS", "app", "main"]

COMMANDS: tuple[front.Command, ...] = (
    front.Command("generate", generate.generate, "rs-assets generate --days 14 --events 50000"),
    front.Command("import", importing.import_, "rs-assets import --list"),
    front.Command("seal", seal.seal, "rs-assets seal"),
    front.Command("verify", verify.verify, "rs-assets verify --sample 10%"),
    front.Command("forget", forget.forget, "rs-assets forget --list"),
    front.Command("replay", replay.replay, "rs-assets replay --from 2024-01-01 --to 2024-01-07"),
    front.Command("receipt", receipt.receipt, "rs-assets receipt"),
    front.Command("environment", environment.environment, "rs-assets environment create dev-anna"),
    front.Command("diff", diff.diff, "rs-assets diff prod dev-anna"),
    front.Command("publish", environment.publish, "rs-assets publish dev-anna"),
    front.Command("status", status.status, "rs-assets status"),
    front.Command("pages", pages.pages, "rs-assets pages"),
    front.Command("doctor", doctor.doctor, "rs-assets doctor --json"),
    front.Command("boxes", boxes.boxes, "rs-assets boxes"),
    front.Command("quarantine", quarantine.quarantine, "rs-assets quarantine --from 2024-01-02 --samples 1"),
    front.Command("contract", contract.contract, "rs-assets contract purchase --json-schema"),
    front.Command("model", model.model, "rs-assets model list"),
    front.Command("new", new.new, "rs-assets new event book_appointment"),
    front.Command("graph", graph.graph, "rs-assets graph --output graph.svg"),
    front.Command("collect", collect.collect, "rs-assets collect --port 8200"),
    front.Command("score", score.score, "rs-assets score --port 8100"),
    front.Command(
        "query",
        query.query,
        'rs-assets query "SELECT site, count(*) FROM valid_events GROUP BY site"',
    ),
)
"""Every command in the order of the help; its last part is the example that the help shows."""

app: typer.Typer = front.assemble(COMMANDS)


def main() -> None:
    """The entry point: `rs-assets`."""
    app(prog_name="rs-assets")
