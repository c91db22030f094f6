"""`rs-assets environment`: make environments, look at them, publish, undo, drop.

Belongs here: the command and its pages. Does not belong here: environments themselves (`rs_assets.lake`).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rs_assets.cli.options import Json
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.lake.environments import Published

NAME = typer.Argument(help="The environment; RS_ENVIRONMENT unless given.")


def environment(
    action: Annotated[
        Literal["list", "create", "publish", "undo", "drop"],
        typer.Argument(
            help="list: all of them. create: an empty one that shows its parent's objects. publish: switch "
            "its parent to its objects. undo: switch it back. drop: remove it."
        ),
    ] = "list",
    name: Annotated[str | None, NAME] = None,
    parent: Annotated[str, typer.Option(help="For create: what it reads from; `none` for nothing.")] = "prod",
    to: Annotated[
        int | None,
        typer.Option(
            help="For undo: the version to go back to; the one before the last publication by default."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Environments of the lake: replay into one, compare, publish it in one step.

    An environment has what was replayed into it and shows its parent's objects otherwise, so making one takes no time
    and no space. Its runs never show among its parent's: `make ui ENVIRONMENT=NAME` opens its own.
    """
    import os

    from rs_assets.cli.output import out, print_json
    from rs_assets.cli.pages.write import renew
    from rs_assets.lake import Lake, environments

    settings = Settings.from_env()
    lake = Lake(settings.lake, name or settings.environment)
    if action == "list":
        _list(settings, as_json)
        return
    if action == "publish":
        publish(lake.environment, as_json)
        return
    if action == "create":
        made = environments.create(lake, None if parent == "none" else parent)
        said = f"{lake.environment} is there, and shows what {made.parent or 'nobody'} has."
    elif action == "undo":
        made = environments.undo(lake, to)
        goal = f"in version {to}" if to else "before its last publication"
        said = f"{lake.environment} is as it was {goal}; this is version {made.number}."
    else:
        environments.drop(lake)
        said = f"{lake.environment} is gone; what only it had is collected after a day."
    if as_json:
        print_json({"environment": lake.environment, "action": action})
    else:
        out().print(said)
    if action == "undo":
        os.environ["RS_ENVIRONMENT"] = lake.environment
        renew(Settings.from_env())


def publish(
    name: Annotated[str | None, NAME] = None,
    as_json: Json = False,
) -> None:
    """Publish an environment: switch its parent (`prod`, usually) to all of its objects, in one step.

    Refused if an object was made of inputs that the parent would not have. `rs-assets environment undo PARENT`
    switches back.
    """
    import os

    from rs_assets.cli.output import print_json
    from rs_assets.cli.pages.write import renew
    from rs_assets.cli.progress import bar
    from rs_assets.defs import launch
    from rs_assets.lake import Lake, environments

    settings = Settings.from_env()
    done = environments.publish(Lake(settings.lake, name or settings.environment))
    os.environ["RS_ENVIRONMENT"] = done.parent
    own = Settings.from_env()
    with bar(f"Telling {done.parent}'s history") as move:
        told = launch.tell_published(
            launch.instance(own), done.objects.values(), f"published from {done.environment}"
        )
        for number, record in enumerate(told, 1):
            move(number, len(done.objects), f"{record.asset} {record.log_date}")
    renew(own)
    if as_json:
        print_json(
            {**dataclasses.asdict(done), "objects": [[*key, r.digest] for key, r in done.objects.items()]}
        )
    else:
        _published(done)


def _list(settings: Settings, as_json: bool) -> None:
    from rs_assets.cli.output import cell, out, print_json, size, table
    from rs_assets.lake import environments

    found = environments.listed(settings.lake)
    if as_json:
        print_json(found)
        return
    if not found:
        out().print("There is no environment yet; `rs-assets replay` makes prod.")
        return
    page = table(
        "environment",
        "parent",
        "version",
        "by",
        "objects",
        "own bytes",
        right=("version", "objects", "own bytes"),
    )
    for one in found:
        own = cell(f"{one.objects:,}")
        page.add_row(
            cell(one.name),
            cell(one.parent or "-"),
            cell(one.version),
            cell(one.cause),
            own,
            cell(size(one.bytes)),
        )
    out().print(page)


def _published(done: Published) -> None:
    from rs_assets.cli.output import out, plural

    console = out()
    console.print(
        f"{done.parent} has {plural(len(done.objects), 'object')} of {done.environment}; its version {done.before} "
        f"is followed by {done.after}.",
        soft_wrap=True,
    )
    if done.stale:
        assets = ", ".join(sorted(done.stale))
        console.print(
            f"These were made of what was replaced: {assets}. Rebuild them with `rs-assets replay --stale`.",
            soft_wrap=True,
        )
    console.print(f"Undo: `rs-assets environment undo {done.parent}`")
