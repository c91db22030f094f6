{# A model's rows, written to the file that its invocation names and read from it by its tests.

   dbt-duckdb's own `external` makes a table of them first and writes the file from that: the rows twice in memory,
   and a row of nulls in a file that would have none. #}
{% materialization staged, adapter='duckdb' %}
    {%- set location = quoted(rows_of('location')[0]) -%}
    {%- set target_relation = this.incorporate(type='view') -%}

    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        copy ({{ compiled_code }}) to {{ location }} (format parquet)
    {%- endcall %}
    {% call statement('view') -%}
        create or replace view {{ target_relation }} as select * from read_parquet({{ location }})
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
