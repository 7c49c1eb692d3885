-- The first day before another one of which a table has rows.
{% set column, moment = partition(table).column, partition(table).moment -%}
SELECT MIN({{ 'DATE(' ~ column ~ ')' if moment else column }}) AS first_day
FROM `{{ target(table) }}`
WHERE store = @store AND {{ column }} < {{ 'TIMESTAMP(@since)' if moment else '@since' }}
