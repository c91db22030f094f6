"""Where the columns of dbt's models come from, as an asset's page has it."""

from __future__ import annotations

import dagster as dg
import pytest

from rs_assets.contract.typed import VALID_EVENTS

Deps = dict[str, set[str]]


@pytest.fixture(scope="module")
def lineage(home) -> dict[str, Deps]:
    """Of each dbt model each column: `table.column` of its sources."""
    home("lineage")
    from rs_assets.definitions import build_defs

    made = build_defs().resolve_asset_graph().assets_defs
    specs = [
        spec for one in made if one.is_materializable and one.op.name.startswith("dbt_") for spec in one.specs
    ]
    found: dict[str, Deps] = {}
    for spec in specs:
        told = spec.metadata["dagster/column_lineage"]
        assert isinstance(told, dg.TableColumnLineage)
        found[spec.key.to_user_string()] = {
            name: {f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in deps}
            for name, deps in told.deps_by_column.items()
        }
    return found


def test_columns_of_session_features_come_from_the_columns_that_they_are_made_of(lineage):
    features = lineage["session_features"]
    assert features["position"] == {"session_events.session_position"}
    assert features["seconds_since_start"] == {"session_events.order_time", "session_events.first_time"}
    assert features["mean_price_viewed"] == {"session_events.price_sum", "session_events.priced_views"}
    assert features["hour_of_day"] == features["as_of"] == {"session_events.event_time"}
    assert features["is_open"] == {"session_events.is_open"}


def test_columns_are_followed_through_ctes_windows_and_structs(lineage):
    events = lineage["session_events"]
    assert events["device"] == {"valid_events.user_agent"}
    assert events["cart_value"] == {"valid_events.event_name", "valid_events.value"}
    assert events["item_ids"] == {"valid_events.item_ids"}
    assert lineage["item_stats"]["item_id"] == {"valid_events.items"}
    assert events["session_id"] == {"valid_events.event_id"}
    assert "valid_events.item_ids" in events["distinct_items"]
    assert events["max_price_viewed"] == {"valid_events.event_name", "valid_events.item_prices"}
    assert lineage["item_stats"]["revenue"] == {"valid_events.event_name", "valid_events.items"}
    assert lineage["funnel_daily"]["with_purchase"] == {"sessions.purchased"}
    assert lineage["sessions"]["purchased"] == {"session_events.transactions"}


def test_every_column_of_every_model_has_a_source(lineage):
    assert len(lineage) == 6 and all(lineage.values())
    without = {f"{model}.{name}" for model, deps in lineage.items() for name in deps if not deps[name]}
    assert without == set(), "none is a literal"


def test_every_source_is_a_column_that_is_there(lineage):
    there = {"valid_events": set(VALID_EVENTS), **{model: set(deps) for model, deps in lineage.items()}}
    told = {source for deps in lineage.values() for sources in deps.values() for source in sources}
    assert {one for one in told if one.partition(".")[2] not in there[one.partition(".")[0]]} == set()
