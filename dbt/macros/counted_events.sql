{#- The running counts of a session, and the event that each of them counts. -#}

{% macro counted_events() -%}
    {{ return({
        'page_views': 'page_view',
        'product_views': 'view_item',
        'searches': 'search',
        'add_to_carts': 'add_to_cart',
        'remove_from_carts': 'remove_from_cart',
        'checkouts': 'begin_checkout',
        'transactions': 'purchase'
    }) }}
{%- endmacro %}
