"""The allow-list: the places of the host that a step's container sees, and nothing else of it.

Belongs here: which places those are by default, how they are written in RS_DOCKER_MOUNTS, and which must never be.
Does not belong here: the container around them (`container`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.settings import Settings

IMAGE_HOME = "/home/rs"
"""RS_HOME in the image, with dbt's manifest in it."""

SYSTEM = ("/boot", "/dev", "/etc", "/proc", "/run", "/sys", "/var/lib/docker", "/var/run")
"""Folders of the host that are nobody's data; sockets of engines are in some of them."""


@dataclass(frozen=True)
class Mount:
    """One place.

    Attributes:
        source: an absolute path of the host, or the name of a volume.
        target: an absolute path in the container.
        read_only: whether the container may only read it.
    """

    source: str
    target: str
    read_only: bool

    @property
    def is_volume(self) -> bool:
        """Whether the source is a volume's name and no path."""
        return not self.source.startswith("/")


def allowed(settings: Settings, written: str = "") -> tuple[Mount, ...]:
    """What every step's container is given.

    Args:
        settings: the places of this installation.
        written: RS_DOCKER_MOUNTS, `source:target:ro` or `…:rw`, apart by commas; it replaces the default, which is
            the raw log and what persons decided, read-only, and the lake, Dagster's home and what was said of
            alerts, read-write, each at its own path.

    Raises:
        UserError: it cannot be read, or it would give away the raw log, a socket or the host.
    """
    mounts = tuple(_parsed(written)) if written.strip() else _default(settings)
    _refuse(mounts, settings.raw_log)
    return mounts


def make_places(settings: Settings) -> None:
    """Make the folders of the default list that a first run would not find; Docker mounts only what is there."""
    for mount in _default(settings):
        if not mount.read_only:
            os.makedirs(mount.source, exist_ok=True)


def _default(settings: Settings) -> tuple[Mount, ...]:
    alerts = os.path.join(settings.home, "alerts")
    found = [
        Mount(settings.raw_log, settings.raw_log, read_only=True),
        Mount(settings.lake, settings.lake, read_only=False),
        Mount(settings.dagster_home, settings.dagster_home, read_only=False),
        Mount(alerts, f"{IMAGE_HOME}/alerts", read_only=False),
    ]
    for file in (settings.decisions, settings.alert_rules):
        if file and os.path.exists(file):
            found.append(Mount(file, file, read_only=True))
    return tuple(mount for mount in found if "://" not in mount.source)


def _parsed(written: str) -> Iterator[Mount]:
    for one in filter(None, (part.strip() for part in written.split(","))):
        source, _, rest = one.partition(":")
        target, _, mode = rest.rpartition(":")
        if not (source and target.startswith("/") and mode in ("ro", "rw")):
            raise UserError(
                f"RS_DOCKER_MOUNTS: {one!r} is no mount.",
                "Write `source:/target:ro` or `source:/target:rw`, apart by commas.",
            )
        yield Mount(source, target, read_only=mode == "ro")


def _refuse(mounts: Iterable[Mount], raw_log: str) -> None:
    raw_sources = {mount.source for mount in mounts if mount.target == raw_log} | {raw_log}
    if "://" not in raw_log:
        raw_sources |= {os.path.realpath(raw) for raw in raw_sources if raw.startswith("/")}
    for mount in mounts:
        source = mount.source if mount.is_volume else os.path.realpath(mount.source)
        if not mount.is_volume and (_is_system(source) or source.endswith(".sock")):
            raise UserError(
                f"A step's container must not see {mount.source} of the host.",
                "Mount folders of data only; neither the host's system nor an engine's socket is one.",
            )
        writes_log = any(_overlap(source, raw) for raw in raw_sources) or _overlap(mount.target, raw_log)
        if writes_log and not mount.read_only:
            raise UserError(
                f"The mount of {mount.source} would let a step write the raw log.",
                f"Mount {raw_log} by itself and read-only, and nothing above it.",
            )


def _is_system(path: str) -> bool:
    return any(_inside(path, folder) or _inside(folder, path) for folder in SYSTEM)


def _overlap(one: str, other: str) -> bool:
    return _inside(one, other) or _inside(other, one)


def _inside(path: str, folder: str) -> bool:
    """Whether a path is a folder's, or the folder itself; names of volumes and URLs are only themselves."""
    path, folder = os.path.normpath(path), os.path.normpath(folder)
    return path == folder or path.startswith(folder.rstrip("/") + "/")
