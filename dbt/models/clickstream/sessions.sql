-- The sessions that closed on a log date: their 30 minutes of silence were over by its end.

select
    log_date,
    session_id,
    site,
    client_id,
    device,
    started_at,
    ended_at,
    session_position as events,
    page_views,
    product_views,
    distinct_items,
    searches,
    add_to_carts,
    remove_from_carts,
    checkouts,
    transactions,
    revenue::double as revenue,
    transactions > 0 as purchased,
    last_purchase_position
from {{ ref('session_stream') }}
where closes_session
order by log_date, session_id
