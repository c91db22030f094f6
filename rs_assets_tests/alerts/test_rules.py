"""The rules' file: what it changes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_assets.alerts import load_rules
from rs_assets.errors import UserError


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path):
    file = tmp_path / "rules.toml"
    file.write_text("[quarantine_rate]\nabove = 0.5\n[delivery]\nenvironments = ['prod', 'staging']\n")
    rules, defaults = load_rules(str(file)), load_rules()
    assert rules.quarantine_rate.above == 0.5
    assert rules.quarantine_rate.times == defaults.quarantine_rate.times
    assert rules.delivery.environments == ("prod", "staging")
    assert rules.silent == defaults.silent


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("[quarantin]\nabove = 1", "no section [quarantin]", "quarantine_rate"),
        ("silent = 3", "silent must be a section", "[silent]"),
        ("[silent]\nminimum = 1", "[silent] has no key minimum", "minimum_site_events"),
        ("[quarantine_rate]\nabove = 20", "above in [quarantine_rate] is 20", "0 to 1"),
        ("[quarantine_rate]\ntimes = nan", "times in [quarantine_rate] is nan", "a number"),
        ("[all_bad]\nminimum_events = -1", "minimum_events in [all_bad] is -1", "whole number"),
        ("[all_bad]\nminimum_events = true", "is True", "whole number"),
        ("[all_bad]\nenabled = 1", "enabled in [all_bad] is 1", "true or false"),
        ("[baseline]\nlog_dates = 0", "log_dates in [baseline] is 0", "from 1 on"),
        ("[delivery]\nenvironments = 'prod'", "environments in [delivery]", "list of strings"),
        ("[all_bad", "is no TOML", "line"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_the_key_and_what_to_do(tmp_path: Path, text, says, hint):
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(UserError) as refused:
        load_rules(str(file))
    assert str(file) in refused.value.what and says in refused.value.what
    assert hint in refused.value.hint


def test_a_file_that_is_not_there_is_refused_with_the_variable_that_names_it(tmp_path: Path):
    with pytest.raises(UserError, match="RS_ALERT_RULES"):
        load_rules(str(tmp_path / "none.toml"))


def test_a_rule_that_is_not_enabled_fires_for_nothing(tmp_path: Path):
    from rs_assets.alerts import evaluate
    from rs_assets_tests.alerts.tables import TODAY, facts, fault, usual

    names = ("quarantine_rate", "all_bad", "new_fingerprint", "silent", "log_date_missing")
    file = tmp_path / "rules.toml"
    file.write_text("".join(f"[{name}]\nenabled = false\n" for name in names))
    lost = (TODAY, "lost", "page_view", 0, 90)
    everything = facts([*usual(), lost], [fault(site="lost")], segments=0)
    assert len(evaluate(load_rules(), everything).alerts) == 4
    assert evaluate(load_rules(str(file)), everything).alerts == ()
