{#- The device category (as GA4 names them) that a user agent tells: null where there is none to tell. -#}
{#- Browsers on phones say Mobi, and Android's on tablets leave it out. -#}

{% macro device(user_agent) -%}
case
            when {{ user_agent }} is null then null
            when contains({{ user_agent }}, 'iPad') or contains({{ user_agent }}, 'Tablet') then 'tablet'
            when contains({{ user_agent }}, 'Mobi') then 'mobile'
            when contains({{ user_agent }}, 'Android') then 'tablet'
            else 'desktop'
        end
{%- endmacro %}
