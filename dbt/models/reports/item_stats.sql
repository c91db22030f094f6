-- Each item's log date at each site: how often it was seen, put in a cart and bought.

with items as (

    select
        log_date,
        site,
        event_name,
        unnest(items) as item
    from {{ source('lake', 'valid_events') }}
    where {{ by_shoppers() }}

)

select
    log_date,
    site,
    coalesce(item.item_id, item.item_name) as item_id,
    count(*) filter (where event_name = 'view_item') as views,
    count(*) filter (where event_name = 'add_to_cart') as add_to_carts,
    count(*) filter (where event_name = 'remove_from_cart') as remove_from_carts,
    count(*) filter (where event_name = 'purchase') as purchases,
    coalesce(sum(coalesce(item.quantity, 1)) filter (where event_name = 'purchase'), 0)::bigint as units_sold,
    coalesce(
        sum((item.price * coalesce(item.quantity, 1))::decimal(38, 6)) filter (where event_name = 'purchase'), 0
    )::double as revenue
from items
group by log_date, site, coalesce(item.item_id, item.item_name)
order by log_date, site, item_id
