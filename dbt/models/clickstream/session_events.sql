-- The events of a log date with their session: what sequence models and analysts read.

select
    log_date,
    event_id,
    session_id,
    session_position,
    site,
    client_id,
    user_id,
    event_name,
    event_time,
    received_at,
    value,
    currency,
    transaction_id,
    search_term,
    is_late,
    item_ids,
    price_viewed,
    order_time,
    first_time,
    seconds_since_previous,
    page_views,
    product_views,
    distinct_items,
    searches,
    add_to_carts,
    remove_from_carts,
    checkouts,
    transactions,
    cart_value::double as cart_value,
    price_sum::double as price_sum,
    priced_views,
    max_price_viewed
from {{ ref('session_stream') }}
where not is_carried
order by log_date, event_id
