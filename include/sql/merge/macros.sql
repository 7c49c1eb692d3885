{#- What the merges share. Of each, target and staging are names of the tables, columns the names of their columns, days
    the name of the variable that batch.sql fills, and partition what it says of the target's partitions. -#}

{#- The source's values in the columns, except some; and what each update does. -#}
{%- macro update_row(columns, but) -%}
UPDATE SET
      {%- for column in columns if column not in but + ['timestamp', 'update_timestamp'] %}
      {{ column }} = source.{{ column }},
      {%- endfor %}
      timestamp = LEAST(target.timestamp, source.timestamp),
      update_timestamp = CURRENT_TIMESTAMP()
{%- endmacro -%}

{%- macro insert_row(columns) -%}
INSERT ({{ columns | join(', ') }})
    VALUES (
      {%- for column in columns %}
      {{ 'CURRENT_TIMESTAMP()' if column == 'update_timestamp' else 'source.' ~ column }}{{ ',' if not loop.last }}
      {%- endfor %}
    )
{%- endmacro -%}
