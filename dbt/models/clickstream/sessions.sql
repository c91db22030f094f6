-- The sessions that closed on a log date: their 30 minutes of silence were over by its end.

with last_events as (

    select *
    from {{ ref('session_events') }}
    where closes_session

    union all

    -- Left open by the log date before, and nothing came of it any more.
    select * replace ((log_date + interval 1 day)::date as log_date)
    from (
        {% set left_open = rows_of('session_events_before') %}
        {% if left_open %}
        select * from {{ parquet(left_open) }} where is_open

        union all
        {% endif %}

        select *
        from {{ ref('session_events') }}
        where is_open and log_date < {{ last_log_date() }}
    ) as before
    where not exists (
        select 1
        from {{ ref('session_events') }} as after
        where after.session_id = before.session_id and after.log_date = before.log_date + interval 1 day
    )

)

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
    revenue,
    transactions > 0 as purchased,
    last_purchase_position
from last_events
order by log_date, session_id
