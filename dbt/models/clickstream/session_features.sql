-- Snapshots: each session as it stood right after its 3rd, 5th and 10th event, and as it stood at the end of the log
-- date where it was open then, from nothing but what had come by then. Every figure is a running one of
-- session_events, so the future has no way in; is_open, which the end of the log date decides, is no feature.

select
    log_date,
    session_id,
    site,
    session_position as position,
    event_time as as_of,
    is_open,
    recent_events,
    epoch_us(order_time - first_time) / 1e6 as seconds_since_start,
    seconds_since_previous,
    page_views,
    product_views,
    distinct_items,
    searches,
    add_to_carts,
    remove_from_carts,
    checkouts,
    transactions,
    cart_value,
    max_price_viewed,
    price_sum / nullif(priced_views, 0) as mean_price_viewed,
    hour(event_time) as hour_of_day,
    isodow(event_time) as day_of_week
from {{ ref('session_events') }}
where session_position = 3 or session_position = 5 or session_position = 10 or is_open
order by log_date, session_id, position
