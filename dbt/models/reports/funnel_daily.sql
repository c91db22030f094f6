-- How far the sessions that closed on a log date came, by site.

select
    log_date,
    site,
    count(*) as sessions,
    count(*) filter (where product_views > 0) as with_product_view,
    count(*) filter (where add_to_carts > 0) as with_add_to_cart,
    count(*) filter (where checkouts > 0) as with_checkout,
    count(*) filter (where purchased) as with_purchase,
    sum(transactions)::bigint as transactions,
    sum(revenue::decimal(38, 6))::double as revenue
from {{ ref('sessions') }}
group by log_date, site
order by log_date, site
