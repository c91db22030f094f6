"""GA4's engagement events and what each requires (source: Google's GA4 event builder)."""

from __future__ import annotations

from rs_assets.contract.schemas.event_type import event_type

ENGAGEMENT = (
    event_type("page_view"),
    event_type("search", "search_term"),
    event_type("view_search_results"),
    event_type("login"),
    event_type("sign_up"),
    event_type("share"),
    event_type("select_content"),
    event_type("screen_view"),
    event_type("campaign_details"),
    event_type("generate_lead", "value"),
    event_type("join_group"),
    event_type("tutorial_begin"),
)
