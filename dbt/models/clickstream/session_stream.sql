-- The events of each client in order, cut into sessions, with what is known of the session at each of them.
--
-- A session ends at 30 minutes or more of silence and does not break at midnight: a log date starts from the
-- sessions that its previous date left open. Everything here is a running figure (rows up to the current one),
-- so no row can know what came after it. One row for each event of the date, and one (is_carried) for each
-- session that was left open and got no further event, so that `sessions` can close it.
--
-- Rows are sorted three times, which is most of the work: by client, which tells where sessions begin, and then by
-- whole numbers, which sort in a fraction of the time.

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
        end as order_time,
        false as was_open
    from {{ source('lake', 'valid_events') }}
    where {{ by_shoppers() }}

),

-- The last event of each session that was left open, with the session's figures so far.
left_open as (

    {% set left_open = rows_of('session_stream_before') %}
    {% if left_open %}
    select * from {{ parquet(left_open) }} where is_open
    {% else %}
    select
        events.*,
        null::varchar as session_id,
        null::varchar as device,
        null::varchar as recent_events,
        null::timestamp as started_at,
        null::timestamp as ended_at,
        null::timestamp as first_time,
        null::timestamp as last_time,
        null::bigint as session_position,
        null::bigint as page_views,
        null::bigint as product_views,
        null::bigint as distinct_items,
        null::bigint as searches,
        null::bigint as add_to_carts,
        null::bigint as remove_from_carts,
        null::bigint as checkouts,
        null::bigint as transactions,
        null::decimal(38, 6) as cart_value,
        null::decimal(38, 6) as revenue,
        null::decimal(38, 6) as price_sum,
        null::bigint as priced_views,
        null::double as max_price_viewed,
        null::bigint as last_purchase_position,
        null::varchar[] as items_seen
    from events
    where false
    {% endif %}

),

-- Where a row came in says nothing; the number stands for it, and its client's first one for the client.
rows_at_hand as (

    select
        *,
        row_number() over () as row_number
    from (
        select * from events

        union all by name

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
            true as was_open
        from left_open
    )

),

in_order as (

    select
        *,
        first_value(row_number) over of_client as client,
        row_number() over of_client as place,
        max(order_time) over (of_client rows between unbounded preceding and 1 preceding) as previous_time
    from rows_at_hand
    window of_client as (
        partition by site, client_id, straggler_of
        order by log_date, order_time, event_time, received_at, event_id
    )

),

-- A session's start is the place of its first row.
numbered as (

    select
        *,
        max(case when starts_session then place end) over (
            partition by client
            order by place
            rows between unbounded preceding and current row
        ) as start,
        -- What is left of a row that stands for what was before: none of it counts once more.
        case when not was_open then event_name end as own_name,
        case when not was_open then price_viewed end as own_price
    from (
        select
            *,
            coalesce(order_time - previous_time >= interval 30 minutes, true) as starts_session
        from in_order
    )

),

-- The first row of its session to view an item: what makes the count of distinct items a running one.
viewed as (

    select
        client,
        start,
        item,
        min(place) as place
    from (
        select
            client,
            start,
            place,
            item_ids[1] as item
        from numbered
        where own_name = 'view_item' and len(item_ids) > 0

        union all

        select
            numbered.client,
            numbered.start,
            numbered.place,
            unnest(left_open.items_seen) as item
        from numbered
        inner join left_open on numbered.event_id = left_open.event_id
        where numbered.was_open
    )
    group by client, start, item

),

first_views as (

    select
        client,
        place,
        count(*) as new_items
    from viewed
    group by client, place

),

-- What this range of log dates adds to a session's figures, up to each of its rows.
added as (

    select
        numbered.*,
        -- Decimals: their sum is the same in whatever order, and however a replay is chunked.
        {%- set worth = {'cart_value': "case own_name when 'add_to_cart' then value when 'remove_from_cart' then - value end",
            'revenue': "case own_name when 'purchase' then value end", 'price_sum': "own_price"} %}
        {%- for name, figure in worth.items() %}
        coalesce(sum(({{ figure }})::decimal(38, 6)) over so_far, 0)::decimal(38, 6) as added_{{ name }},
        {%- endfor %}
        {%- for name, event in counted_events().items() %}
        count(case when own_name = '{{ event }}' then 1 end) over so_far as added_{{ name }},
        {%- endfor %}
        sum(coalesce(new_items, 0)) over so_far::bigint as distinct_items,
        count(own_price) over so_far as added_priced_views,
        max(own_price) over so_far as added_max_price,
        max(case when own_name = 'purchase' then numbered.place end) over so_far as purchase_place,
        first_value(event_id) over so_far as first_event_id,
        first_value(order_time) over so_far as first_order_time,
        first_value(event_device) over so_far as device,
        max(order_time) over so_far as last_time,
        min(event_time) over so_far as first_event_time,
        max(event_time) over so_far as last_event_time,
        concat_ws(
            ' '
            {%- for n in range(recent_events() - 1, 0, -1) %}
            , lag(own_name, {{ n }}) over so_far
            {%- endfor %}
            , own_name
        ) as added_events,
        lead(log_date) over so_far as next_log_date
    from numbered
    left join first_views using (client, place)
    window so_far as (
        partition by client, start
        order by place
        rows between unbounded preceding and current row
    )

),

running as (

    select
        added.* exclude (distinct_items, device),
        added.distinct_items,
        added.device,
        coalesce(left_open.session_id, first_event_id) as session_id,
        coalesce(left_open.session_position, 1) + added.place - start as session_position,
        coalesce(left_open.first_time, first_order_time) as first_time,
        least(left_open.started_at, first_event_time) as started_at,
        greatest(left_open.ended_at, last_event_time) as ended_at,
        case when not starts_session then epoch_us(added.order_time - previous_time) / 1e6 end
            as seconds_since_previous,
        case when left_open.session_id is null or added.place - start >= {{ recent_events() }} then added_events
            else array_to_string(
                string_split(concat_ws(' ', left_open.recent_events, nullif(added_events, '')), ' ')[-{{ recent_events() }}:], ' '
            )
        end as recent_events,
        {%- for name in counted_events() %}
        coalesce(left_open.{{ name }}, 0) + added_{{ name }} as {{ name }},
        {%- endfor %}
        {%- for name in worth %}
        (coalesce(left_open.{{ name }}, 0) + added_{{ name }})::decimal(38, 6) as {{ name }},
        {%- endfor %}
        coalesce(left_open.priced_views, 0) + added_priced_views as priced_views,
        greatest(left_open.max_price_viewed, added_max_price) as max_price_viewed,
        coalesce(
            coalesce(left_open.session_position, 1) + purchase_place - start, left_open.last_purchase_position
        ) as last_purchase_position,
        next_log_date is distinct from added.log_date as is_last_of_date,
        -- The silence is not over by the end of the log date.
        next_log_date is distinct from added.log_date
        and added.last_time + interval 30 minutes > added.log_date + interval 1 day as is_open
    from added
    left join left_open on first_event_id = left_open.event_id

),

-- What has been viewed in a session, and at which place first.
items_of_session as (

    select
        client,
        start,
        list({'item': item, 'place': place} order by item) as items
    from viewed
    where item is not null
    group by client, start

),

-- A row for what came on a log date, and one for a session that nothing came of on the date after it was left open.
stream as (

    select
        running.* exclude (log_date, is_open, seconds_since_previous),
        unnest(
            case when is_open and coalesce(next_log_date > running.log_date + interval 1 day, true)
                and running.log_date < {{ last_log_date() }} then [false, true]
                else [false]
            end
        ) as is_carried,
        running.log_date as event_log_date,
        seconds_since_previous as since_previous,
        is_open as was_left_open,
        -- For the sessions that go on: the next date counts distinct items from it.
        case when is_open then
            list_transform(
                list_filter(coalesce(items_of_session.items, []), lambda seen: seen.place <= running.place),
                lambda seen: seen.item
            )
        end as items_at_hand
    from running
    left join items_of_session
        on case when is_open then running.client end = items_of_session.client
        and running.start = items_of_session.start

)

select
    case when is_carried then (event_log_date + interval 1 day)::date else event_log_date end as log_date,
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
    case when not is_carried then since_previous end as seconds_since_previous,
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
    case when not is_carried then items_at_hand end as items_seen,
    was_left_open and not is_carried as is_open,
    is_carried,
    is_carried or is_last_of_date and not was_left_open as closes_session
from stream
where is_carried or event_log_date >= {{ first_log_date() }}
order by log_date, is_carried, event_id
