{#- How many of a session's latest events `recent_events` names. -#}

{% macro recent_events() -%}
    {{ return(5) }}
{%- endmacro %}
