{#- Rows without what belongs to a person, in the place of the same readings. A newer reading that came meanwhile stays. -#}
{%- from 'batch.sql' import declare_days, stands_in -%}
{%- macro merge_blanked(target, staging, columns, keys, read_at, partition, moment) -%}
BEGIN
  {{ declare_days('touched', staging, 'TRUE', partition, moment) | indent(2) }}
  MERGE `{{ target }}` AS target
  USING `{{ staging }}` AS source
  ON
    {%- for key in keys %}
    target.{{ key }} = source.{{ key }}
    AND
    {%- endfor %} {{ stands_in('touched', 'target.' ~ partition, moment) }}
  WHEN MATCHED AND target.{{ read_at }} = source.{{ read_at }} THEN
    UPDATE SET
      {%- for column in columns %}
      {{ column }} = source.{{ column }}{{ ',' if not loop.last }}
      {%- endfor %};
END;
{%- endmacro -%}
