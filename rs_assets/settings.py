"""Where things are: the environment variables of rs_assets, read in one place.

Belongs here: names and defaults. Does not belong here: anything that is looked at inside of those places.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rs_assets.errors import UserError
from rs_assets.extending import projects
from rs_assets.log.layout import SITE, is_date

EXECUTORS = ("in_process", "multiprocess", "docker", "k8s", "ecs")
DAILY_AT = (1, 0)


@dataclass(frozen=True)
class Settings:
    """The places one installation works with; every path is absolute, or a URL.

    Attributes:
        home: RS_HOME, holds what follows unless set.
        raw_log: RS_RAW_LOG, any fsspec path.
        lake: RS_LAKE, a folder.
        environment: RS_ENVIRONMENT, the lake's prefix.
        executor: RS_EXECUTOR, one of EXECUTORS, or of a project's.
        datasets: RS_DATASETS, a folder of public data sets; empty when not set.
        sites: RS_SITES, the sites that may send, apart by commas; else those of projects; all may if there are none.
        owners: RS_OWNERS, who answers for the assets: e-mail addresses or `team:` and a name, apart by commas.
        first_log_date: RS_FIRST_LOG_DATE, where the partitions begin; the log's first if None.
        daily_at: RS_DAILY_AT, the hour and minute, UTC, when the daily run starts.
        dagster_home: DAGSTER_HOME; each environment has its own by default.
        alert_urls: RS_ALERT_URLS, Apprise URLs; never shown, for they hold secrets.
        decisions: RS_DECISIONS, the file of what persons decided about champions.
        alert_rules: RS_ALERT_RULES, a TOML file that changes thresholds; else a project's; None for the defaults.
        memory_gib: RS_MEMORY_GIB, what steps of the executor `multiprocess` may have together; None for all of the
            machine's.
        prices: RS_PRICES, a TOML file of what a machine costs; None for the example.
    """

    home: str
    raw_log: str
    lake: str
    environment: str
    executor: str
    datasets: str
    dagster_home: str
    decisions: str = ""
    sites: frozenset[str] = frozenset()
    first_log_date: str | None = None
    daily_at: tuple[int, int] = DAILY_AT
    owners: tuple[str, ...] = ("team:data",)
    alert_urls: tuple[str, ...] = field(default=(), repr=False)
    alert_rules: str | None = None
    memory_gib: float | None = None
    prices: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment.

        Raises:
            UserError: a value cannot be one.
        """
        home = os.path.abspath(env.get("RS_HOME") or ".rs")
        environment = env.get("RS_ENVIRONMENT") or "prod"
        if not SITE.fullmatch(environment):
            raise UserError(
                f"RS_ENVIRONMENT={environment!r} cannot name a folder of the lake.",
                "Use letters, digits, '-'.",
            )
        executor = env.get("RS_EXECUTOR") or "multiprocess"
        executors = (*EXECUTORS, *(name for one in projects() for name in one.executors))
        if executor not in executors:
            raise UserError(f"RS_EXECUTOR={executor!r} is not known.", f"Use one of {', '.join(executors)}.")
        # Runs of another environment never show as prod's.
        own_storage = "dagster" if environment == "prod" else f"dagster-{environment}"
        return cls(
            home=home,
            raw_log=_place(env.get("RS_RAW_LOG"), os.path.join(home, "raw")),
            lake=_place(env.get("RS_LAKE"), os.path.join(home, "lake")),
            environment=environment,
            executor=executor,
            datasets=env.get("RS_DATASETS") or "",
            decisions=_place(env.get("RS_DECISIONS"), os.path.join(home, "decisions.ndjson")),
            sites=_sites(env.get("RS_SITES") or " ".join(_projects_sites())),
            owners=_owners(env.get("RS_OWNERS") or "team:data"),
            first_log_date=_date(env.get("RS_FIRST_LOG_DATE")),
            daily_at=_time(env.get("RS_DAILY_AT") or ""),
            dagster_home=_place(env.get("DAGSTER_HOME"), os.path.join(home, own_storage)),
            alert_urls=_urls(env.get("RS_ALERT_URLS") or ""),
            alert_rules=_place(env.get("RS_ALERT_RULES"), "") or _projects_rules(),
            memory_gib=_memory(env.get("RS_MEMORY_GIB")),
            prices=_place(env.get("RS_PRICES"), "") or None,
        )

    @property
    def start_page(self) -> str:
        """Where the start page of the environment is: it tells of the moment, so it is no object of the lake."""
        return os.path.join(self.home, "pages", self.environment, "index.html")


def _projects_sites() -> list[str]:
    return [site for one in projects() for site in one.sites]


def _projects_rules() -> str | None:
    """The rules of the last project that has some."""
    return next((str(one.alert_rules) for one in reversed(projects()) if one.alert_rules), None)


def _owners(value: str) -> tuple[str, ...]:
    owners = tuple(owner.strip() for owner in value.split(",") if owner.strip())
    for owner in owners:
        if not re.fullmatch(r"team:\w+|[^@\s]+@[^@\s]+\.\w+", owner):
            raise UserError(
                f"RS_OWNERS: {owner!r} is no owner.", "Use e-mail addresses, or `team:` and a name."
            )
    return owners


def _sites(given: str) -> frozenset[str]:
    sites = [site for site in re.split(r"[\s,]+", given) if site]
    for site in sites:
        if not SITE.fullmatch(site):
            raise UserError(
                f"RS_SITES names {site!r}, which cannot be a site.", "Use letters, digits, '-', '_'."
            )
    return frozenset(sites)


def _date(given: str | None) -> str | None:
    if given and not is_date(given):
        raise UserError(f"RS_FIRST_LOG_DATE={given!r} is no log date.", "Write it as YYYY-MM-DD.")
    return given or None


def _time(given: str) -> tuple[int, int]:
    if not given:
        return DAILY_AT
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", given)
    if not found:
        raise UserError(f"RS_DAILY_AT={given!r} is no time of the day.", "Write it as HH:MM, in UTC.")
    return int(found[1]), int(found[2])


def _memory(given: str | None) -> float | None:
    if not given:
        return None
    if not (re.fullmatch(r"\d+(\.\d+)?", given) and float(given) > 0):
        raise UserError(f"RS_MEMORY_GIB={given!r} is no size.", "Write a number of GiB above 0, such as 12.")
    return float(given)


def _urls(given: str) -> tuple[str, ...]:
    """URLs apart by spaces or commas; a comma inside of one, as between addresses, is part of it."""
    apart = re.split(r"\s+|,(?=[A-Za-z][\w+.-]*://)|,(?=\s|$)", given)
    return tuple(dict.fromkeys(url for url in apart if url))


def _place(given: str | None, default: str) -> str:
    if not given:
        return default
    return given if "://" in given else os.path.abspath(given)
