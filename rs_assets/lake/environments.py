"""Environments: made, published into their parents, undone, dropped.

Belongs here: what `rs-assets environment` does. Does not belong here: how a switch is made atomic (`versions`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.lake import records, versions
from rs_assets.lake.lineage import Lineage, Read, is_given
from rs_assets.lake.locks import shared
from rs_assets.lake.paths import PROD, Lake
from rs_assets.lake.records import Input, Record
from rs_assets.log.layout import SITE

LIST = "See `rs-assets environment list`."


@dataclass(frozen=True)
class Environment:
    """One environment at a glance.

    Attributes:
        objects: that it has itself; all others are its parent's.
        bytes: of these, of which its parent does not have the same object.
    """

    name: str
    parent: str | None
    version: int
    cause: str
    assets: list[str]
    objects: int
    bytes: int


@dataclass(frozen=True)
class Published:
    """What a publication changed in the parent.

    Attributes:
        objects: new digests by asset and log date, only of those that are not what was there.
        before, after: the parent's version numbers.
        stale: objects of the parent, by asset, that were made of what has been replaced.
    """

    environment: str
    parent: str
    objects: Mapping[tuple[str, str], Record]
    before: int
    after: int
    stale: Mapping[str, list[str]]


def create(lake: Lake, parent: str | None = PROD) -> versions.Version:
    """Make an environment that has nothing of its own yet; it takes no time and no space.

    Args:
        lake: the environment.
        parent: whose objects it shows where it has none; None for an empty one.

    Raises:
        UserError: there is one of that name, or no such parent.
    """
    if not SITE.fullmatch(lake.environment):
        raise UserError(f"An environment cannot be called {lake.environment!r}.", "Use letters, digits, '-'.")
    if lake.version is not None:
        raise UserError(f"There is an environment {lake.environment} already.", LIST)
    if parent == lake.environment:
        raise UserError(f"The environment {parent} cannot be its own parent.", "Name another, or `none`.")
    if parent not in (None, PROD, *versions.environments(lake.root)):
        there = ", ".join(versions.environments(lake.root)) or "none yet"
        raise UserError(f"There is no environment {parent!r} to be the parent.", f"There are: {there}.")
    os.makedirs(lake.root, exist_ok=True)
    with versions.switching(lake.root, lake.environment):
        return versions.switch(lake.root, lake.environment, {}, "create", parent)


def listed(root: str) -> list[Environment]:
    """All environments of a lake, by name."""
    return [_glance(Lake(root, name)) for name in versions.environments(root)]


def publish(lake: Lake) -> Published:
    """Switch the parent to the environment's own objects, all of them in one step.

    Raises:
        UserError: the environment is not there or has no parent, or an object was made of inputs that the parent
            would not have after it; the parent is as it was.
    """
    parent = _require_parent(lake)
    with versions.switching(lake.root, parent.environment), shared(os.path.join(lake.root, versions.LOCK)):
        own = _own(lake)
        changed = {key: record for key, record in own.items() if parent.record(*key) != record}
        after = Lake(lake.root, parent.environment, {key: str(lake.own(*key)) for key in own})
        _refuse_torn(lake, own, after)
        replaced = {
            key
            for key, record in changed.items()
            if (old := parent.record(*key)) and old.digest != record.digest
        }
        stale = _made_of(after, replaced, set(own))
        before = parent.version
        version = _switch(parent, changed, f"publish {lake.environment}")
    return Published(
        lake.environment, parent.environment, changed, before.number if before else 0, version.number, stale
    )


def undo(lake: Lake, to: int | None = None) -> versions.Version:
    """Switch an environment back; itself a switch, so that it can be undone as well.

    Args:
        lake: the environment.
        to: the version whose objects it shall have; by default the one before its last publication.

    Raises:
        UserError: there is nothing to undo, or no such version, or something was replayed since.
    """
    with versions.switching(lake.root, lake.environment), shared(os.path.join(lake.root, versions.LOCK)):
        now = lake.version
        if now is None:
            raise UserError(f"There is no environment {lake.environment}.", LIST)
        if to is None:
            if not now.previous or now.cause.split()[0] not in ("publish", "undo"):
                there = ", ".join(map(str, versions.numbers(lake.root, lake.environment)))
                raise UserError(
                    f"The last thing that changed {lake.environment} is no publication ({now.cause}).",
                    f"Name the version to go back to with --to; there are: {there}.",
                )
            to = now.previous
        wanted = versions.read(lake.root, lake.environment, to)
        goal, there_now = versions.tables(lake.root, wanted), versions.tables(lake.root, now)
        changed: dict[str, versions.Table | None] = {asset: None for asset in there_now.keys() - goal.keys()}
        changed |= {asset: versions.table(lake.root, asset, name) for asset, name in goal.items()}
        return versions.switch(lake.root, lake.environment, changed, "undo", wanted.parent)


def drop(lake: Lake) -> None:
    """Remove an environment; its objects go with the next collection, unless another one has them.

    Raises:
        UserError: it is `prod`, or not there, or another environment's parent.
    """
    if lake.environment == PROD:
        raise UserError("prod is not dropped.", "Drop the folder of the lake if that is what you want.")
    if lake.version is None:
        raise UserError(f"There is no environment {lake.environment}.", LIST)
    for name in versions.environments(lake.root):
        child = Lake(lake.root, name).version
        if child is not None and child.parent == lake.environment:
            raise UserError(f"{name} reads from {lake.environment}, its parent.", f"Drop {name} first.")
    with versions.switching(lake.root, lake.environment):
        os.unlink(lake.home)
        shutil.rmtree(os.path.join(lake.root, versions.VERSIONS, lake.environment))


def _glance(lake: Lake) -> Environment:
    version = lake.version
    assert version is not None
    own, parent = _own(lake), lake.parent
    folders = {key: str(lake.own(*key)) for key in own}
    extra = {folder for key, folder in folders.items() if parent is None or parent.folder(*key) != folder}
    files = {entry.inode(): entry.stat().st_size for folder in extra for entry in os.scandir(folder)}
    return Environment(
        lake.environment,
        version.parent,
        version.number,
        version.cause,
        lake.own_assets(),
        len(own),
        sum(files.values()),
    )


def _own(lake: Lake) -> dict[tuple[str, str], Record]:
    keys = [(asset, d) for asset in lake.own_assets() for d in lake.own_log_dates(asset)]
    return {key: records.read(os.path.join(str(lake.own(*key)), records.NAME)) for key in keys}


def _require_parent(lake: Lake) -> Lake:
    if lake.version is None:
        raise UserError(f"There is no environment {lake.environment}.", LIST)
    parent = lake.parent
    if parent is None:
        raise UserError(
            f"The environment {lake.environment} has no parent to publish into.",
            "One with a parent is made by `rs-assets environment create NAME --parent prod`.",
        )
    return parent


def _refuse_torn(lake: Lake, own: Mapping[tuple[str, str], Record], after: Lake) -> None:
    """Refuse if what would be published does not follow from what would be there beside it."""
    for (asset, log_date), record in own.items():
        for one in record.origin.inputs:
            if not is_given(one.asset) and now(after, one) != one:
                raise UserError(
                    f"{asset} of log date {log_date} in {lake.environment} was made of {one}, which is not what "
                    f"{after.environment} has; nothing was published.",
                    f"Bring it up to date: `rs-assets replay --stale --environment {lake.environment}`.",
                )


def _made_of(after: Lake, replaced: set[tuple[str, str]], own: set[tuple[str, str]]) -> dict[str, list[str]]:
    """Objects beside those published that were made of what they replace."""
    found: dict[str, list[str]] = {}
    assets = {asset for asset, _ in replaced}
    for asset in after.assets() if replaced else []:
        for log_date in after.log_dates(asset):
            record = after.record(asset, log_date)
            if (asset, log_date) in own or record is None:
                continue
            inputs = (one for one in record.origin.inputs if one.asset in assets)
            if any(now(after, one) != one for one in inputs):
                found.setdefault(asset, []).append(log_date)
    return found


def now(lake: Lake, one: Input) -> Input:
    """The same input as the environment has it now."""
    lineage = Lineage({}, {"": lambda log_date: (Read(one.asset, one.first, one.last),)})
    [found] = lineage.origin(lake, "", one.last).inputs
    return found


def _switch(parent: Lake, changed: Mapping[tuple[str, str], Record], cause: str) -> versions.Version:
    names = versions.tables(parent.root, parent.version)
    tables: dict[str, dict[str, str]] = {}
    for (asset, log_date), record in changed.items():
        if asset not in tables:
            tables[asset] = versions.table(parent.root, asset, names[asset]) if asset in names else {}
        tables[asset][log_date] = record.name
    return versions.switch(parent.root, parent.environment, tables, cause, None)
