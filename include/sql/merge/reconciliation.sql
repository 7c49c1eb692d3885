{#- One row for each date of a run: a run that compares again replaces its own. -#}
{%- macro merge_reconciliation(target, staging, columns) -%}
MERGE `{{ target }}` AS target
USING `{{ staging }}` AS source
  ON
    target.store = source.store
    AND target.date = source.date
    AND target.run = source.run
WHEN MATCHED THEN
  UPDATE SET
    {%- for column in columns %}
    {{ column }} = source.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
WHEN NOT MATCHED THEN
  INSERT ({{ columns | join(', ') }})
  VALUES (source.{{ columns | join(', source.') }});
{%- endmacro -%}
