{# A generic test: the model has one row for each shopper's event of another table, told by a key of the same name. #}
{% test same_rows_as(model, column_name, other) %}
    select {{ column_name }}
    from (
        select {{ column_name }}, 1 as here, 0 as there from {{ model }}
        union all
        select {{ column_name }}, 0 as here, 1 as there from {{ other }} where {{ rs_assets.by_shoppers() }}
    )
    group by {{ column_name }}
    having sum(here) <> 1 or sum(there) <> 1
{% endtest %}
