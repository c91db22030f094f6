"""`rs-assets new`: files to fill in, in the right rooms.

Belongs here: the command and what it says. Does not belong here: the files (`rs_assets.scaffold`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from rs_assets.cli import options

Kind: TypeAlias = Literal["event", "importer", "feature", "model", "project"]


def new(
    kind: Annotated[Kind, typer.Argument(help="What to start.", show_default=False)],
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="What to call it; of a project, its folder.", show_default=False),
    ],
    dbt: Annotated[
        bool,
        typer.Option(
            "--dbt", help="Features are SQL: a dbt project is written as well, where there is none."
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Start an event type, an importer, a feature or a model in this project, or a company's own project.

    What is written has a test that fails, and says what to fill in, until it is filled in. Nothing is overwritten.
    """
    from rs_assets.cli.output import out, print_json
    from rs_assets.scaffold import add, start

    written = start(Path(name), dbt) if kind == "project" else add(kind, name, Path.cwd(), dbt)
    shown = [
        str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path) for path in written
    ]
    if json:
        print_json({"written": shown})
        return
    console = out()
    for path in shown:
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)
    if kind == "project":
        console.print(
            f"\nNext: [bold]cd {name} && make demo RS_ASSETS=[/]the folder of rs_assets", soft_wrap=True
        )
        return
    if any(path.name == "dbt_project.yml" for path in written):
        console.print(
            '\nName the folder in your project, once: [bold]Project(…, dbt=HERE / "dbt")[/]', soft_wrap=True
        )
    console.print(
        f"\nNext: fill in what says FILL IN, until [bold]pytest {shown[-1]}[/] passes;", soft_wrap=True
    )
    console.print("then [bold]rs-assets replay --stale[/] rebuilds what follows from it.", soft_wrap=True)
