"""Who may send: the sites of `sites.toml`, what they are known by, their secrets and their rates.

Belongs here: reading the file, and saying whose a request is. Does not belong here: where a request says it (`app`,
the dialects).

    unknown = "keep"                  # apart, as site=_unknown; or "refuse"
    unknown_requests_per_second = 50

    [sites.shop-a]
    ids = ["G-ABC123"]                # measurement ids, app ids, write keys; its name is one, too
    api_secrets = ["…"]               # of the Measurement Protocol; none: it is not asked for one
    requests_per_second = 1000        # none: as many as come
"""

from __future__ import annotations

import hmac
import time
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.log.layout import SITE

UNKNOWN = "_unknown"
UNKNOWN_RATE = 50.0
EXAMPLE = "`rs_assets/collector/sites.py` and docs/collector.md show one."


@dataclass(frozen=True)
class Site:
    """A site: its name in the log, its secrets, its rate in requests/s."""

    name: str
    secrets: tuple[bytes, ...] = ()
    rate: float | None = None


class Sites:
    """The sites that may send.

    Args:
        sites: by what they are known by.
        keep_unknown: whether requests of no site are kept, apart.
        unknown_rate: how many of those a second.
        clock: seconds.
    """

    def __init__(
        self,
        sites: dict[str, Site],
        *,
        keep_unknown: bool = True,
        unknown_rate: float = UNKNOWN_RATE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sites, self.keep_unknown, self._clock = sites, keep_unknown, clock
        self.unknown = Site(UNKNOWN, rate=unknown_rate)
        self._tokens: dict[str, tuple[float, float]] = {}

    @property
    def names(self) -> frozenset[str]:
        """The declared sites."""
        return frozenset(site.name for site in self._sites.values())

    def of(self, said: Iterable[str]) -> Site:
        """The site that one of these names or ids is of; else `unknown`."""
        return next((self._sites[one] for one in said if one in self._sites), self.unknown)

    def admits(self, site: Site) -> bool:
        """Whether the site's rate allows one more request now; a second's worth may come at once."""
        if site.rate is None:
            return True
        now = self._clock()
        tokens, last = self._tokens.get(site.name, (max(1.0, site.rate), now))
        tokens = min(max(1.0, site.rate), tokens + (now - last) * site.rate)
        admitted = tokens >= 1
        self._tokens[site.name] = tokens - admitted, now
        return admitted


def knows(site: Site, secret: str) -> bool:
    """Whether this is a secret of the site's; takes as long whatever is wrong with it."""
    given = secret.encode()
    found = [hmac.compare_digest(given, one) for one in site.secrets]
    return any(found) or not site.secrets


def declared(names: Iterable[str]) -> Sites:
    """Sites known by their names alone, without secrets."""
    return Sites({name: Site(name) for name in names})


def read(path: str) -> Sites:
    """The sites of a file.

    Raises:
        UserError: it cannot be read, or says what cannot be.
    """
    try:
        with open(path, "rb") as file:
            said = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as problem:
        raise UserError(f"The sites of {path} cannot be read: {problem}.", EXAMPLE) from None

    def require(holds: bool, what: str) -> None:
        if not holds:
            raise UserError(f"{path}: {what}.", EXAMPLE)

    more = set(said) - {"unknown", "unknown_requests_per_second", "sites"}
    require(not more, f"there is no setting {', '.join(sorted(more))}")
    unknown = said.get("unknown", "keep")
    require(unknown in ("keep", "refuse"), "`unknown` is keep or refuse")
    rate = said.get("unknown_requests_per_second", UNKNOWN_RATE)
    require(_is_rate(rate), "`unknown_requests_per_second` is a number above 0")
    tables = said.get("sites", {})
    require(isinstance(tables, dict), "`sites` holds a table a site, [sites.shop-a]")
    found: dict[str, Site] = {}
    for name, table in tables.items():
        require(bool(SITE.fullmatch(name)) and name != UNKNOWN, f"{name!r} is no name of a site")
        require(isinstance(table, dict), f"sites.{name} is no table")
        more = set(table) - {"ids", "api_secrets", "requests_per_second"}
        require(not more, f"sites.{name} has no setting {', '.join(sorted(more))}")
        ids, secrets = table.get("ids", []), table.get("api_secrets", [])
        require(_are_texts(ids), f"sites.{name}.ids is a list of texts")
        require(_are_texts(secrets), f"sites.{name}.api_secrets is a list of texts")
        its_rate = table.get("requests_per_second")
        require(its_rate is None or _is_rate(its_rate), f"sites.{name}.requests_per_second is above 0")
        site = Site(name, tuple(one.encode() for one in secrets), its_rate)
        for one in (name, *ids):
            require(one not in found, f"{one!r} is of two sites")
            found[one] = site
    return Sites(found, keep_unknown=unknown == "keep", unknown_rate=rate)


def _is_rate(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)
