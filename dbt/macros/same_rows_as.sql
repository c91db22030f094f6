{# A generic test: the model has one row for each shopper's event of another table, told by a key of the same name. #}
{% test same_rows_as(model, column_name, other) %}
    (
        select {{ column_name }} from {{ other }} where {{ rs_assets.by_shoppers() }}
        except
        select {{ column_name }} from {{ model }}
    )
    union all
    (
        select {{ column_name }} from {{ model }}
        except
        select {{ column_name }} from {{ other }} where {{ rs_assets.by_shoppers() }}
    )
{% endtest %}
