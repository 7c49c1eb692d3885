{#- Rows without what belongs to a person, in the place of the same readings. A newer reading that came meanwhile stays. -#}
{%- from 'batch.sql' import find_days, stands_in -%}
{%- macro merge_blanked(target, staging, columns, keys, read_at, partition) -%}
{{ find_days({'blanked': {'table': staging, 'condition': 'TRUE', 'partition': partition}}) }}
MERGE `{{ target }}` AS target
USING `{{ staging }}` AS source
ON
  {%- for key in keys %}
  target.{{ key }} = source.{{ key }}
  AND
  {%- endfor %} {{ stands_in('blanked_days', 'target.' ~ partition.column, partition.moment) }}
WHEN MATCHED AND target.{{ read_at }} = source.{{ read_at }} THEN
  UPDATE SET
    {%- for column in columns %}
    {{ column }} = source.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %};
{%- endmacro -%}
