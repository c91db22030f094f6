-- The events of a log date, each with its session and what is known of the session at it: what features and sequence
-- models are made of, and what analysts read.
--
-- A session ends at 30 minutes or more of silence and does not break at midnight: a log date goes on with the
-- sessions that its previous date left open. Every figure is a running one (of rows up to the current one), so no row
-- can know what came after it.
--
-- Rows are sorted three times, which is most of the work: by client, which tells where sessions begin, and then by
-- whole numbers, which sort in a fraction of the time. So nothing is carried along but what figures are made of; the
-- rest of an event is joined to them at the end, by its number, which is also the order that rows are published in.

-- The last event of each session that was left open, with the session's figures so far.
with left_open as (

    {% set left_open = rows_of('session_events_before') %}
    {% if left_open %}
    select
        * exclude (left_open, cart_value, revenue, price_sum),
        unnest(left_open)
    from {{ parquet(left_open) }}
    where is_open
    {% else %}
    select
        null::date as log_date,
        null::varchar as event_id,
        null::varchar as site,
        null::varchar as client_id,
        null::timestamp as event_time,
        null::timestamp as received_at,
        null::varchar as session_id,
        null::bigint as session_position,
        null::varchar as device,
        null::varchar as recent_events,
        null::timestamp as started_at,
        null::timestamp as ended_at,
        null::timestamp as first_time,
        null::timestamp as last_time,
        {%- for name in counted_events() %}
        null::bigint as {{ name }},
        {%- endfor %}
        null::bigint as distinct_items,
        null::decimal(38, 6) as cart_value,
        null::decimal(38, 6) as revenue,
        null::decimal(38, 6) as price_sum,
        null::bigint as priced_views,
        null::double as max_price_viewed,
        null::bigint as last_purchase_position,
        null::varchar[] as items_seen
    where false
    {% endif %}

),

-- An event's number stands for it, and its client's first one for the client.
rows_at_hand as (

    select
        row_number,
        log_date,
        event_id,
        site,
        client_id,
        event_name as own_name,
        event_time,
        received_at,
        value,
        {{ device('user_agent') }} as event_device,
        case when event_name = 'view_item' then item_ids[1] end as item,
        case when event_name = 'view_item' then item_prices[1] end as price_viewed,
        -- An event delivered long after its day stands apart, by its own time: mixed in at the time of its
        -- receipt it would join, or tear, a session that it has nothing to do with.
        case when event_time < log_date - interval 30 minutes then log_date end as straggler_of,
        -- The others cannot be before the log date they came on: that keeps one order over all dates.
        case
            when event_time < log_date - interval 30 minutes then event_time
            else greatest(event_time, log_date::timestamp)
        end as order_time
    from {{ numbered(source('lake', 'valid_events')) }}
    where {{ by_shoppers() }}

    union all by name

    -- It has no name, value or item: none of what was before counts once more.
    select
        - row_number() over () as row_number,
        log_date,
        event_id,
        site,
        client_id,
        event_time,
        received_at,
        device as event_device,
        last_time as order_time
    from left_open

),

in_order as (

    select
        * exclude (site, client_id, straggler_of, received_at),
        first_value(row_number) over of_client as client,
        row_number() over of_client as place,
        max(order_time) over (of_client rows between unbounded preceding and 1 preceding) as previous_time
    from rows_at_hand
    window of_client as (
        partition by site, client_id, straggler_of
        order by log_date, order_time, event_time, received_at, row_number
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
        ) as start
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
            item
        from numbered
        where item is not null

        union all

        select
            numbered.client,
            numbered.start,
            numbered.place,
            unnest(left_open.items_seen) as item
        from numbered
        inner join left_open on numbered.event_id = left_open.event_id
        where numbered.row_number < 0
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
            'revenue': "case own_name when 'purchase' then value end", 'price_sum': "price_viewed"} %}
        {%- for name, figure in worth.items() %}
        coalesce(sum(({{ figure }})::decimal(38, 6)) over so_far, 0)::decimal(38, 6) as added_{{ name }},
        {%- endfor %}
        {%- for name, event in counted_events().items() %}
        count(case when own_name = '{{ event }}' then 1 end) over so_far as added_{{ name }},
        {%- endfor %}
        sum(coalesce(new_items, 0)) over so_far::bigint as distinct_items,
        count(price_viewed) over so_far as added_priced_views,
        max(price_viewed) over so_far as added_max_price,
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
        added.row_number,
        added.client,
        added.start,
        added.place,
        added.price_viewed,
        added.order_time,
        added.last_time,
        added.device,
        added.distinct_items,
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

-- What has been viewed in a session, and at which place first; of sessions alone that a midnight may find open.
items_of_session as (

    select
        client,
        start,
        list({'item': item, 'place': place} order by item) as items
    from viewed
    where item is not null and exists (
        select 1
        from numbered
        where numbered.client = viewed.client and numbered.start = viewed.start
            and numbered.order_time + interval 30 minutes > numbered.log_date + interval 1 day
    )
    group by client, start

),

-- Those of rows that were left open before are among them, and meet no event. Were they left out here, or shadows among
-- the events below, DuckDB would expect few of them, and build its joins on the larger side.
figures as (

    select
        running.* exclude (client, start, place, is_last_of_date),
        is_last_of_date and not is_open as closes_session,
        case when is_open then {
            'last_time': last_time,
            'cart_value': cart_value,
            'revenue': revenue,
            'price_sum': price_sum,
            'items_seen': list_transform(
                list_filter(coalesce(items_of_session.items, []), lambda seen: seen.place <= running.place),
                lambda seen: seen.item
            )
        } end as left_open
    from running
    left join items_of_session
        on case when is_open then running.client end = items_of_session.client
        and running.start = items_of_session.start

)

select
    events.row_number,
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
    coalesce(item_ids, []) as item_ids,
    price_viewed,
    device,
    recent_events,
    order_time,
    first_time,
    started_at,
    ended_at,
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
    revenue::double as revenue,
    price_sum::double as price_sum,
    priced_views,
    max_price_viewed,
    last_purchase_position,
    is_open,
    closes_session,
    left_open
from {{ numbered(source('lake', 'valid_events')) }} as events
inner join figures using (row_number)
