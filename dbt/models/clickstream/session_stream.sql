-- The events of each client in order, cut into sessions, with what is known of the session at each of them.
--
-- A session ends at 30 minutes or more of silence and does not break at midnight: a log date starts from the
-- sessions that its previous date left open. Everything here is a running figure (rows up to the current one),
-- so no row can know what came after it. One row for each event of the date, and one (is_carried) for each
-- session that was left open and got no further event, so that `sessions` can close it.

with events as (

    select
        log_date,
        event_id,
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
        {{ device('user_agent') }} as event_device,
        list_transform(coalesce(items, []), lambda item: coalesce(item.item_id, item.item_name)) as item_ids,
        case when event_name = 'view_item' then items[1].price end as price_viewed,
        -- An event delivered long after its day stands apart, by its own time: mixed in at the time of its
        -- receipt it would join, or tear, a session that it has nothing to do with.
        case when event_time < log_date - interval 30 minutes then log_date end as straggler_of,
        -- The others cannot be before the log date they came on: that keeps one order over all dates.
        case
            when event_time < log_date - interval 30 minutes then event_time
            else greatest(event_time, log_date::timestamp)
        end as order_time
    from {{ source('lake', 'valid_events') }}
    where {{ by_shoppers() }}

),

-- Each event's own share of the running figures.
shares as (

    select
        *,
        null::varchar as carried_session_id,
        null::timestamp as carried_first_time,
        event_time as share_started_at,
        event_time as share_ended_at,
        1 as share_events,
        (event_name = 'page_view')::bigint as share_page_views,
        (event_name = 'view_item')::bigint as share_product_views,
        (event_name = 'search')::bigint as share_searches,
        (event_name = 'add_to_cart')::bigint as share_add_to_carts,
        (event_name = 'remove_from_cart')::bigint as share_remove_from_carts,
        (event_name = 'begin_checkout')::bigint as share_checkouts,
        (event_name = 'purchase')::bigint as share_transactions,
        -- Decimals: their sum is the same in whatever order, and however a replay is chunked.
        case event_name
            when 'add_to_cart' then value
            when 'remove_from_cart' then - value
            else 0
        end::decimal(38, 6) as share_cart_value,
        case when event_name = 'purchase' then value else 0 end::decimal(38, 6) as share_revenue,
        coalesce(price_viewed, 0)::decimal(38, 6) as share_price_sum,
        (price_viewed is not null)::bigint as share_priced_views,
        price_viewed as share_max_price,
        case when event_name = 'view_item' and len(item_ids) > 0 then [item_ids[1]] else [] end as share_items,
        [event_name] as share_recent,
        null::bigint as carried_purchase_position
    from events

),

-- A session left open is one row whose shares are its figures so far.
carried as (

    {% set left_open = rows_of('session_stream_before') %}
    {% if left_open %}
    select
        log_date,
        event_id,
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
        device as event_device,
        item_ids,
        price_viewed,
        null::date as straggler_of,
        last_time as order_time,
        session_id as carried_session_id,
        first_time as carried_first_time,
        started_at as share_started_at,
        ended_at as share_ended_at,
        session_position as share_events,
        page_views as share_page_views,
        product_views as share_product_views,
        searches as share_searches,
        add_to_carts as share_add_to_carts,
        remove_from_carts as share_remove_from_carts,
        checkouts as share_checkouts,
        transactions as share_transactions,
        cart_value as share_cart_value,
        revenue as share_revenue,
        price_sum as share_price_sum,
        priced_views as share_priced_views,
        max_price_viewed as share_max_price,
        items_seen as share_items,
        string_split(recent_events, ' ') as share_recent,
        last_purchase_position as carried_purchase_position
    from {{ parquet(left_open) }}
    where is_open
    {% else %}
    select * from shares where false
    {% endif %}

),

in_order as (

    select
        *,
        max(order_time) over (
            partition by site, client_id, straggler_of
            order by log_date, order_time, event_time, received_at, event_id
            rows between unbounded preceding and 1 preceding
        ) as previous_time
    from (select * from carried union all by name select * from shares)

),

starts as (

    select
        *,
        coalesce(order_time - previous_time >= interval 30 minutes, true) as starts_session
    from in_order

),

numbered as (

    select
        *,
        sum(starts_session::bigint) over (
            partition by site, client_id, straggler_of
            order by log_date, order_time, event_time, received_at, event_id
            rows between unbounded preceding and current row
        ) as session_number
    from starts

),

-- The first event of its session to view an item: what makes the count of distinct items a running one.
first_views as (

    select event_id, log_date, count(*) as new_items
    from (
        select
            event_id,
            log_date,
            row_number() over (
                partition by site, client_id, straggler_of, session_number, item_id
                order by log_date, order_time, event_time, received_at, event_id
            ) as occurrence
        from (select *, unnest(share_items) as item_id from numbered)
    )
    where occurrence = 1
    group by event_id, log_date

),

running as (

    select
        numbered.*,
        first_value(coalesce(carried_session_id, event_id)) over so_far as session_id,
        first_value(coalesce(carried_first_time, order_time)) over so_far as first_time,
        max(order_time) over so_far as last_time,
        first_value(event_device) over so_far as device,
        array_to_string(flatten(list(share_recent) over latest)[-{{ recent_events() }}:], ' ') as recent_events,
        min(share_started_at) over so_far as started_at,
        max(share_ended_at) over so_far as ended_at,
        case when not starts_session then epoch_us(order_time - previous_time) / 1e6 end as seconds_since_previous,
        sum(share_events) over so_far::bigint as session_position,
        sum(share_page_views) over so_far::bigint as page_views,
        sum(share_product_views) over so_far::bigint as product_views,
        sum(coalesce(new_items, 0)) over so_far::bigint as distinct_items,
        sum(share_searches) over so_far::bigint as searches,
        sum(share_add_to_carts) over so_far::bigint as add_to_carts,
        sum(share_remove_from_carts) over so_far::bigint as remove_from_carts,
        sum(share_checkouts) over so_far::bigint as checkouts,
        sum(share_transactions) over so_far::bigint as transactions,
        sum(share_cart_value) over so_far::decimal(38, 6) as cart_value,
        sum(share_revenue) over so_far::decimal(38, 6) as revenue,
        sum(share_price_sum) over so_far::decimal(38, 6) as price_sum,
        sum(share_priced_views) over so_far::bigint as priced_views,
        max(share_max_price) over so_far as max_price_viewed,
        row_number() over (
            partition by site, client_id, straggler_of, session_number, log_date
            order by order_time desc, event_time desc, received_at desc, event_id desc
        ) = 1 as is_last_of_date
    from numbered
    left join first_views using (event_id, log_date)
    window
        so_far as (
            partition by site, client_id, straggler_of, session_number
            order by log_date, order_time, event_time, received_at, event_id
            rows between unbounded preceding and current row
        ),
        latest as (
            partition by site, client_id, straggler_of, session_number
            order by log_date, order_time, event_time, received_at, event_id
            rows between {{ recent_events() - 1 }} preceding and current row
        )

),

purchases as (

    select
        *,
        max(
            case when carried_session_id is not null then carried_purchase_position
                when event_name = 'purchase' then session_position end
        ) over (
            partition by session_id
            order by session_position
            rows between unbounded preceding and current row
        ) as last_purchase_position,
        -- The silence is not over by the end of the log date.
        is_last_of_date and last_time + interval 30 minutes > log_date + interval 1 day as is_open,
        lead(log_date) over (partition by session_id order by session_position) as next_log_date
    from running

),

-- What has been viewed, for the sessions that go on: the next date counts distinct items from it.
items_of_open as (

    select session_id, log_date, list_sort(list_distinct(flatten(list(share_items)))) as items_seen
    from (
        select o.session_id, o.log_date, p.share_items
        from purchases as o
        inner join purchases as p
            on o.session_id = p.session_id and p.session_position <= o.session_position
        where o.is_open
    )
    group by session_id, log_date

),

kept as (

    select
        purchases.* exclude (log_date),
        purchases.log_date as event_log_date,
        items_of_open.items_seen
    from purchases
    left join items_of_open
        on purchases.session_id = items_of_open.session_id
        and purchases.log_date = items_of_open.log_date
        and purchases.is_open

),

stream as (

    select
        * exclude (event_log_date),
        event_log_date as log_date,
        false as is_carried,
        is_last_of_date and not is_open as closes_session
    from kept
    where event_log_date >= {{ first_log_date() }}

    union all by name

    select
        * exclude (event_log_date, is_open, items_seen, seconds_since_previous),
        (event_log_date + interval 1 day)::date as log_date,
        true as is_carried,
        true as closes_session,
        false as is_open
    from kept
    where
        is_open
        and (next_log_date is null or next_log_date > event_log_date + interval 1 day)
        and event_log_date < {{ last_log_date() }}

)

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
    device,
    recent_events,
    started_at,
    ended_at,
    order_time,
    first_time,
    last_time,
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
    revenue,
    price_sum,
    priced_views,
    max_price_viewed,
    last_purchase_position,
    items_seen,
    is_open,
    is_carried,
    closes_session
from stream
order by log_date, is_carried, event_id
