"""The rules' thresholds: `defaults.toml`, and what a file of one's own puts in their place.

Belongs here: reading and refusing. Does not belong here: what a rule does with its thresholds (`evaluate`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rs_assets.errors import UserError

DEFAULTS = Path(__file__).with_name("defaults.toml")
RATES = {"above", "times_from"}

Sections: TypeAlias = dict[str, dict[str, Any]]  # as tomllib gives them; `_check` looks at each value


@dataclass(frozen=True)
class Delivery:
    """Which alerts are sent."""

    environments: tuple[str, ...]
    within_log_dates: int


@dataclass(frozen=True)
class Baseline:
    """What a log date is compared with."""

    log_dates: int


@dataclass(frozen=True)
class QuarantineRate:
    """A site's rate is too high: for anyone, or for itself."""

    enabled: bool
    above: float
    times: float
    times_from: float
    minimum_events: int
    minimum_log_dates: int


@dataclass(frozen=True)
class AllBad:
    """Every event of a site is quarantined."""

    enabled: bool
    minimum_events: int


@dataclass(frozen=True)
class NewFingerprint:
    """A way to be wrong that no earlier log date has."""

    enabled: bool
    minimum_events: int
    minimum_log_dates: int
    at_most: int


@dataclass(frozen=True)
class Silent:
    """A site, or an event type of it, is not heard any more."""

    enabled: bool
    minimum_site_events: int
    minimum_event_events: int


@dataclass(frozen=True)
class LogDateMissing:
    """A log date that should be there is not."""

    enabled: bool
    late_after_hours: int
    live_within_log_dates: int


@dataclass(frozen=True)
class SealBroken:
    """The log of a sealed log date is not what it was."""

    enabled: bool


@dataclass(frozen=True)
class Rules:
    """All thresholds; each attribute is a section of the file."""

    delivery: Delivery
    baseline: Baseline
    quarantine_rate: QuarantineRate
    all_bad: AllBad
    new_fingerprint: NewFingerprint
    silent: Silent
    log_date_missing: LogDateMissing
    seal_broken: SealBroken


def load_rules(path: str | None = None) -> Rules:
    """The defaults, with the sections and keys of the TOML file at `path` in their place.

    Raises:
        UserError: the file cannot be read, or a section, key or value in it cannot be one.
    """
    sections: Sections = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    for name, values in _read(path).items() if path else ():
        if name not in sections:
            raise UserError(
                f"{path}: there is no section [{name}] in alert rules.", f"There are {', '.join(sections)}."
            )
        if not isinstance(values, Mapping):
            raise UserError(f"{path}: {name} must be a section.", f"Write [{name}], and its keys below it.")
        for key, value in values.items():
            sections[name][key] = _check(str(path), name, key, value, sections[name])
    sections["delivery"]["environments"] = tuple(sections["delivery"]["environments"])
    return Rules(
        Delivery(**sections["delivery"]),
        Baseline(**sections["baseline"]),
        QuarantineRate(**sections["quarantine_rate"]),
        AllBad(**sections["all_bad"]),
        NewFingerprint(**sections["new_fingerprint"]),
        Silent(**sections["silent"]),
        LogDateMissing(**sections["log_date_missing"]),
        SealBroken(**sections["seal_broken"]),
    )


def load_rules_or_defaults(path: str | None) -> tuple[Rules, str]:
    """The rules; the defaults, and why, if the file that was named is a bad one."""
    try:
        return load_rules(path), ""
    except UserError as problem:
        return load_rules(), f"{problem} The defaults are in force."


def _read(path: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(
            f"The alert rules {path} cannot be read: {problem}.", "Set RS_ALERT_RULES to a TOML file."
        ) from None
    except tomllib.TOMLDecodeError as problem:
        raise UserError(f"{path} is no TOML: {problem}.", "Mend that line.") from None


def _check(path: str, section: str, key: str, value: object, defaults: Mapping[str, Any]) -> object:
    """The value, if it can stand in the default's place."""
    if key not in defaults:
        raise UserError(f"{path}: [{section}] has no key {key}.", f"It has {', '.join(defaults)}.")
    default, number = defaults[key], isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, bool):
        good, wanted = isinstance(value, bool), "true or false"
    elif isinstance(default, list):
        good = isinstance(value, list) and all(isinstance(each, str) for each in value)
        wanted = "a list of strings"
    elif key in RATES:
        good, wanted = number and 0 <= float(str(value)) <= 1, "a rate from 0 to 1"
    elif isinstance(default, float):
        good, wanted = number and 0 <= float(str(value)) < float("inf"), "a number from 0 on"
    else:
        least = 1 if key == "log_dates" else 0
        good, wanted = number and isinstance(value, int) and value >= least, f"a whole number from {least} on"
    if not good:
        raise UserError(f"{path}: {key} in [{section}] is {value!r}.", f"Give it {wanted}.")
    return value
