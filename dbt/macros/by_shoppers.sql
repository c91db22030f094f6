{# Which events are shoppers' own: what the scorer notes of its answers (`contract/schemas/events/shadow.py`) is none. #}
{% macro by_shoppers() -%} not starts_with(event_name, 'shadow_') {%- endmacro %}
