{# What one invocation reads and writes is said in a file of rows {table, path}, named by RS_DBT_RUN and looked
   at while running only: passed as vars it would have the whole project parsed anew each time.
   Macros call each other by rs_assets' name: companies' dbt projects use them, too. #}

{% macro rows_of(table) %}
    {# The values given for a table: objects to read, in order of their log dates. #}
    {% set paths = [] %}
    {% if execute %}
        {% set rows = run_query(
            'select path from read_json(' ~ rs_assets.quoted(env_var('RS_DBT_RUN'))
            ~ ", columns={'table': 'varchar', 'path': 'varchar'}, format='newline_delimited')"
            ~ ' where "table" = ' ~ rs_assets.quoted(table)
        ) %}
        {% do paths.extend(rows.columns[0].values()) %}
    {% endif %}
    {{ return(paths) }}
{% endmacro %}

{# DuckDB within the box, and a view over each upstream table's objects, so that source() and ref() mean what the lake holds. #}
{% macro register_lake() %}
    {% if execute %}
        {% for setting in rs_assets.rows_of('settings') %}
            {% do run_query('set ' ~ setting) %}
        {% endfor %}
        {% for table in rs_assets.rows_of('tables') %}
            {% do run_query('create or replace view main.' ~ table ~ ' as select * from ' ~ rs_assets.parquet(rs_assets.rows_of(table))) %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{% macro parquet(paths, more='') -%}
    read_parquet([{% for path in paths %}{{ rs_assets.quoted(path) }}{{ ", " if not loop.last }}{% endfor %}]{{ more }})
{%- endmacro %}

{# A table's rows with `row_number`, which rises from row to row and from log date to log date. DuckDB is told it by the
   files themselves: `row_number() over ()` would be asked of one thread, and whatever is above it, too. #}
{% macro numbered(relation) -%}
    {%- set paths = rs_assets.rows_of(relation.identifier) -%}
    (
        select
            {% if paths -%}
            * exclude (file_row_number),
            (log_date - date '2000-01-01') * {{ 2 ** 32 }} + file_row_number + 1 as row_number
        from {{ rs_assets.parquet(paths, ', file_row_number = true') }}
            {%- else -%}
            *,
            row_number() over () as row_number
        from {{ relation }}
            {%- endif %}
    )
{%- endmacro %}

{% macro quoted(text) -%}
    {{ return("'" ~ text | replace("'", "''") ~ "'") }}
{%- endmacro %}

{# The range of log dates that is built, as dates. #}
{% macro first_log_date() -%} {{ return(rs_assets.quoted((rs_assets.rows_of('from_date') or ['2000-01-01'])[0]) ~ '::date') }} {%- endmacro %}
{% macro last_log_date() -%} {{ return(rs_assets.quoted((rs_assets.rows_of('to_date') or ['2000-01-01'])[0]) ~ '::date') }} {%- endmacro %}
